"""docs/logs.md has a row for every event that the packages log, with its level and fields, and none more."""

import ast
import re
from pathlib import Path

import pytest

from cli import logs

ROOT = Path(__file__).parents[2]
PACKAGES = ("sla", "streams", "alerting", "agents", "cli")
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| ?(.*?) ?\| (.+) \|$", re.MULTILINE)
METHODS = {"debug", "info", "warning", "error", "exception", "critical", "log"}


def rows() -> dict[str, tuple[str, frozenset[str]]]:
    """The events of the page: level and fields."""
    text = (ROOT / "docs" / "logs.md").read_text(encoding="utf-8")
    found = ROW.findall(text)
    assert len({event for event, *_ in found}) == len(found), "an event has two rows"
    return {event: (level, frozenset(re.findall(r"`(\w+)`", fields))) for event, level, fields, _ in found}


class Calls(ast.NodeVisitor):
    """What one file logs: event, level, fields; and what is no event."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: dict[str, tuple[str, frozenset[str]]] = {}
        self.wrong: list[str] = []
        self._dicts: dict[str, ast.Dict] = {}

    def visit_Assign(self, node: ast.Assign) -> None:
        """Remember dicts that a call may name."""
        if isinstance(node.value, ast.Dict) and isinstance(node.targets[0], ast.Name):
            self._dicts[node.targets[0].id] = node.value
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """Take a call of a logger."""
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="logger"), attr=method)) if method in METHODS:
                extra = next((one.value for one in node.keywords if one.arg == "extra"), ast.Dict([], []))
                self._take(node, "error" if method == "exception" else method, node.args[:1], extra)
                if len(node.args) != 1:
                    self.wrong.append(f"{self.file}:{node.lineno}: an event has no arguments, only fields")
            case ast.Call(func=ast.Name(id="_record"), args=[ast.Attribute(attr=level), event, fields]):
                self._take(node, level.lower(), [event], fields)
        self.generic_visit(node)

    def _take(self, node: ast.Call, level: str, event: list[ast.expr], extra: ast.expr) -> None:
        match event:
            case [ast.Constant(value=str(name))] if re.fullmatch(r"[a-z]+(_[a-z]+)*", name):
                said = (level, frozenset(self._names(extra)))
                if self.found.setdefault(name, said) != said:
                    self.wrong.append(f"{self.file}:{node.lineno}: {name} has other fields elsewhere")
            case _:
                self.wrong.append(f"{self.file}:{node.lineno}: the message is no event's name")

    def _names(self, extra: ast.expr) -> list[str]:
        if isinstance(extra, ast.Name):
            extra = self._dicts[extra.id]
        assert isinstance(extra, ast.Dict), f"{self.file}:{extra.lineno}: fields that cannot be read here"
        names: list[str] = []
        for key, value in zip(extra.keys, extra.values, strict=True):
            names += self._names(value) if key is None else [ast.literal_eval(key)]
        return names


def calls_of(source: str, file: str = "") -> Calls:
    """What a source logs."""
    calls = Calls(file)
    calls.visit(ast.parse(source))
    return calls


def logged() -> dict[str, tuple[str, frozenset[str]]]:
    """The events of all packages."""
    found: dict[str, tuple[str, frozenset[str]]] = {logs.LIBRARY: ("any", frozenset({"text"}))}
    for path in sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        calls = calls_of(path.read_text(encoding="utf-8"), path.name)
        assert calls.wrong == []
        for event, said in calls.found.items():
            assert found.setdefault(event, said) == said, f"{event} has two levels or sets of fields"
    return found


def test_the_page_has_every_event_and_none_more():
    """With the level and the fields that the code gives it."""
    assert rows() == logged()


def test_loggers_are_named_so_that_their_level_is_ours():
    """Each is `slawatch.something`, but for those of libraries."""
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        for name in re.findall(
            r"^logger = logging.getLogger\((.*)\)$", path.read_text(encoding="utf-8"), re.MULTILINE
        ):
            assert re.fullmatch(r'"slawatch\.[a-z]+"', name), path


@pytest.mark.parametrize(
    "source",
    [
        "logger.info(f'{x} happened')",
        "logger.info('two words')",
        "logger.info('event_%s', x)",
        "logger.info('a', extra={'x': 1})\nlogger.info('a', extra={'y': 1})",
    ],
)
def test_a_line_that_is_no_event_is_found(source):
    """A text, an argument, or one event with two sets of fields."""
    assert calls_of(source).wrong


def test_fields_are_found_where_they_are_put_together():
    """In a dict of its own, and in one that is taken into another."""
    calls = calls_of("place = {'offset': 1}\nlogger.error('an_event', extra={**place, 'error': ''})")
    assert calls.found == {"an_event": ("error", frozenset({"offset", "error"}))}
