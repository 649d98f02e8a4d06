"""Which names a text uses that nothing answers to: files, links, variables, metrics, topics, settings, words.

Why: a guide is followed at night, word by word; a flag that was renamed costs more there than anywhere. Each check takes
a text and gives the names it does not know. Used by `test_names`.
"""

from __future__ import annotations

import importlib
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec
import yaml

from alerting.canary.settings import CanarySettings
from alerting.settings import NotifierSettings, Topics
from cli.configuration import OTHER
from cli.notifier import READERS
from streams.rights import of_notifier, of_worker
from streams.settings import Settings
from streams.topics import catalogue, delivery_catalogue
from tests.architecture.test_tidy import project_files, shown
from tests.docs.metrics_page import canary, notifier, worker
from tests.docs.texts import BLOCK, DOCUMENTS, ROOT, blocks, shell_lines, spans

GONE = frozenset({"repair/progress-again"})
"""Names that the change log tells the end of."""
TYPES = frozenset({"sla.alert.v1", "sla.verdict.v1", "sla.command.v1", "sla.notification.v1"})


# -- files and links -------------------------------------------------------------------------------------------------


@cache
def tracked() -> tuple[str, ...]:
    """Every file of the project, and those about to be."""
    return tuple(shown(path) for path in project_files())


@cache
def _tops() -> frozenset[str]:
    return frozenset(name.partition("/")[0] for name in tracked() if "/" in name)


def anchors(text: str) -> set[str]:
    """What headings can be linked to as: small letters, hyphens for blanks, no other marks."""
    found: set[str] = set()
    for title in re.findall(r"^#+ (.+)$", BLOCK.sub("", text), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).replace("`", "").lower()
        slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        found.add(slug if slug not in found else f"{slug}-1")
    return found


def link_faults(text: str, folder: Path) -> Iterator[str]:
    """Links and anchors that lead nowhere; `docs/x.md#y` counts wherever it stands."""
    own = [(target, folder) for target in re.findall(r"\]\((?!https?://|mailto:)([^)\s]+)\)", text)]
    for target, base in own + [(found, ROOT) for found in re.findall(r"(?<![\w/(])docs/[\w.-]+\.md#[\w-]+", text)]:
        path, _, anchor = target.partition("#")
        aim = base / path if path else None
        if aim is not None and not aim.exists():
            yield target
        elif anchor:
            there = text if aim is None else aim.read_text(encoding="utf-8")
            if anchor not in anchors(there):
                yield target


def path_faults(text: str, *, everywhere: bool = False) -> Iterator[str]:
    """Files and folders of the project that are not there; `<name>` and `*` stand for anything."""
    for span in [text] if everywhere else spans(text):
        for found in re.findall(r"(?<![\w./~@:-])\.?/?([A-Za-z][\w.-]*/[\w./<>*{},-]*)", span):
            name = found.rstrip(".,")
            if name.partition("/")[0] in _tops() and not any(ROOT.glob(re.sub(r"<[^>]*>", "*", name.rstrip("/")))):
                yield name
    for name in re.findall(r"(?<![\w./-])[\w.-]+\.md\b", BLOCK.sub("", text)):
        if not any(path.name == name for path in DOCUMENTS):
            yield name


# -- words of the product --------------------------------------------------------------------------------------------


@cache
def _variables() -> frozenset[str]:
    own = {f"SLAWATCH_{name.upper()}" for name in Settings.__struct_fields__}
    for struct, table in ((NotifierSettings, "NOTIFIER"), (CanarySettings, "CANARY")):
        own |= {f"SLAWATCH_{table}_{name.upper()}" for name in struct.__struct_fields__}
    return frozenset(own | OTHER)


def variable_faults(text: str) -> Iterator[str]:
    """`SLAWATCH_*` that nothing reads, and others that no file of the project reads."""
    for name in re.findall(r"SLAWATCH_\w*", text):
        if name not in _variables() and not (
            name.endswith("_") and any(one.startswith(name) for one in _variables())
        ):
            yield name
    for span in [*spans(text), *shell_lines(text)]:
        for name in re.findall(r"(?<![\w.-])([A-Z][A-Z_]{2,})=", span):
            if name not in _known() and not name.startswith("SLAWATCH_"):
                yield name


@cache
def _series() -> frozenset[str]:
    found = set()
    for name, (kind, _, _) in (worker() | notifier() | canary()).items():
        found |= {name} | ({f"{name}_{end}" for end in ("bucket", "sum", "count")} if kind == "histogram" else set())
    return frozenset(found)


@cache
def rules() -> frozenset[str]:
    """What the rules of Prometheus record, and the alerts they raise."""
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in ROOT.glob("deploy/prometheus/rules/*.yml")]
    every = [rule for file in files for group in file["groups"] for rule in group["rules"]]
    return frozenset(rule.get("record") or rule["alert"] for rule in every)


def metric_faults(text: str) -> Iterator[str]:
    """Metrics, recorded series and alerts that there are not."""
    yield from (name for name in re.findall(r"(?<![\w:])sla_[a-z0-9_]+", text) if name not in _series())
    yield from (name for name in re.findall(r"(?<![\w:])sla:[a-z0-9_:]+", text) if name not in rules())
    yield from (name for name in re.findall(r"\bSla[A-Z]\w+", text) if name not in rules())


@cache
def _kafka() -> frozenset[str]:
    """Topics, groups and jobs by their default names."""
    both = [(False, Settings()), (True, Settings(shadow=True))]
    found = {str(topic) for topic in msgspec.structs.astuple(Topics.of("sla."))}
    for shadow, settings in both:
        specs = catalogue("sla.", settings.own_id, 8, written=settings.own_prefix)
        found |= {spec.name for spec in specs} | ({settings.own_id} if shadow else set())
        found |= {right.name for right in of_worker(settings, incidents=True)}
    found |= {spec.name for spec in delivery_catalogue("sla.", 8)}
    found |= {right.name for right in of_notifier("sla.", NotifierSettings().group, READERS)}
    prometheus = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))
    found.add(f"{NotifierSettings().group}-dry-run-")  # of a dry run, and a number
    found.add("slawatch-explain")  # of verbs that read, `cli/explain_kafka.py`
    return frozenset(found | {job["job_name"] for job in prometheus["scrape_configs"]})


def kafka_faults(text: str) -> Iterator[str]:
    """`sla.x` that is no topic, type or module, and `slawatch-x` that is no topic, group, job or unit."""
    for name in re.findall(r"(?<![\w./<>-])sla\.[a-z][\w.-]*", text):
        plain = name.rstrip(".-")
        if plain not in _kafka() | TYPES and not resolves(plain):
            yield plain
    units = {path.stem.rstrip("@") for path in ROOT.glob("deploy/systemd/*")}
    for name in re.findall(r"(?<![\w./@-])slawatch-[a-z-]+", text):
        if (
            name not in _kafka()
            and name.rstrip("-") not in units
            and not any(one.startswith(name) for one in _kafka())
        ):
            yield name


def resolves(dotted: str) -> bool:
    """Whether a dotted name leads to a module, or to something in one."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:length]))
        except ImportError:
            continue
        for part in parts[length:]:
            if not hasattr(found, part):
                return part in getattr(found, "__annotations__", {})
            found = getattr(found, part)
        return True
    return False


def module_faults(text: str) -> Iterator[str]:
    """Dotted names of our packages, and modules that are run, that there are not."""
    code = [*spans(text), *(body for _, body in BLOCK.findall(text))]
    for span in code:
        for name in re.findall(r"-m ([a-z][\w.]+)", span):
            if not resolves(name):
                yield name
    for span in spans(text):
        if re.fullmatch(r"(streams|alerting|agents|cli|tests|bench)(\.\w+)+", span) and not resolves(span):
            yield span


def rule_faults(text: str) -> Iterator[str]:
    """Rules of a rulebook that there are not."""
    known = {"/".join(Path(name).with_suffix("").parts[2:]) for name in tracked() if name.startswith("rulebooks/")}
    for span in spans(text):
        if re.fullmatch(r"(repair|complaint|incident)/[a-z0-9-]+", span) and span not in known | GONE:
            yield span


@cache
def _known() -> frozenset[str]:
    """Every word of code, rulebooks, rules and set-up, and of the names of files."""
    kinds = (".py", ".toml", ".yml", ".json", ".jsonl", ".xml", ".service", "Makefile", "Dockerfile", ".lock")
    files = [name for name in tracked() if name.endswith(kinds) and not name.startswith("tests/docs/")]
    texts = (ROOT.joinpath(name).read_text(encoding="utf-8") for name in files)
    return frozenset(word for text in (*texts, *tracked()) for word in re.findall(r"\w+", text))


def word_faults(text: str) -> Iterator[str]:
    """Names in snake_case and CamelCase within a line that no file of the project knows; `x_` begins a stand-in."""
    for span in spans(text):
        for name in re.findall(r"(?<![\w.-])([a-z]+(?:_[a-z0-9]+)+|[A-Z][a-z]+(?:[A-Z][a-z]+)+)(?![\w*<-])", span):
            if name not in _known() | _series() and not name.startswith("x_"):
                yield name


# -- settings --------------------------------------------------------------------------------------------------------


def setting_faults(text: str) -> Iterator[str]:
    """Settings in blocks that show a slawatch.toml, which the program would refuse."""
    for body in blocks(text, "toml"):
        if not body.startswith("# slawatch.toml"):
            continue
        told = tomllib.loads(body)
        apart = told.pop("notifier", {})
        for layout, found in ((Settings, told), (NotifierSettings, apart)):
            yield from (name for name in found if name not in layout.__struct_fields__)
            msgspec.convert({k: v for k, v in found.items() if k in layout.__struct_fields__}, layout)
