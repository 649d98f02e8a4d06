"""How a record of the standard `logging` becomes a line: `key=value` for people, JSON for machines. For `cli.logs`.

What might hold a person stays out: values of local variables, further lines of what libraries say, and the texts of
errors that others make up from the values they meet (`invalid literal: '...'`). The types and places of errors stay.
It is a module apart because the library that lays out takes a tenth of a second to import.
"""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any, Final

from structlog.processors import JSONRenderer, LogfmtRenderer
from structlog.stdlib import ExtraAdder, ProcessorFormatter

from cli.logs import LIBRARY, Form, ours

TEXT_MAX: Final = 4_000
LONG_MAX: Final = 64_000
LONG: Final = frozenset({"exception", "stacks"})
LIST_MAX: Final = 500
FRAMES_MAX: Final = 40
CAUSES_MAX: Final = 8

OWN_PACKAGES: Final = frozenset({"sla", "streams", "alerting", "agents", "cli"})
OF_CONNECTIONS: Final = frozenset({"cimpl", "confluent_kafka", "aiokafka", "redis"})
"""Packages whose errors tell of brokers and servers, never of what a record holds."""
OF_SYSTEM: Final = frozenset({"builtins", "socket", "ssl"})
"""And where errors of the operating system come from, who says the same of files and connections."""

_META: Final = frozenset({"event", "_record", "_from_structlog", "positional_args", "exc_info", "stack_info"})


def formatter(form: Form) -> logging.Formatter:
    """What makes lines of records."""
    renderer = (
        JSONRenderer(serializer=json.dumps, ensure_ascii=False)
        if form == "json"
        else LogfmtRenderer(bool_as_flag=False)
    )
    return ProcessorFormatter(
        processors=[ExtraAdder(), _laid_out, renderer], use_get_message=False, pass_foreign_args=True
    )


def told_of(error: BaseException) -> str:
    """An error's type, and its text where whoever wrote it is known to keep values out."""
    kind = type(error)
    package = kind.__module__.partition(".")[0]
    name = kind.__qualname__ if package == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    of_system = isinstance(error, OSError) and package in OF_SYSTEM
    trusted = package in OWN_PACKAGES or package in OF_CONNECTIONS or of_system
    return f"{name}: {error}" if trusted and str(error) else name


def trace(error: BaseException) -> str:
    """Where an error came from, its causes first: files, lines and functions, without a value."""
    parts: list[str] = []
    found: BaseException | None = error
    while found is not None and len(parts) < CAUSES_MAX:
        frames = "".join(traceback.format_tb(found.__traceback__, limit=-FRAMES_MAX))
        parts.append(f"{frames}{told_of(found)}")
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)
    return "\n".join(reversed(parts))


def _laid_out(_: Any, __: str, told: MutableMapping[str, Any]) -> dict[str, Any]:
    """The fields of a line in their order, each within its bounds."""
    record: logging.LogRecord = told["_record"]
    at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line: dict[str, Any] = {"time": at, "level": record.levelname.lower(), "logger": record.name}
    if ours(record.name):
        fields = {name: value for name, value in told.items() if name not in _META}
        line |= {"event": told["event"], **fields}
    else:
        line |= {"event": LIBRARY, "text": _text(told)}
        if left_out := told.get("left_out"):
            line["left_out"] = left_out
    exc_info = told.get("exc_info")
    if exc_info and exc_info[1] is not None:
        line["exception"] = trace(exc_info[1])
    return {name: _bounded(name, value) for name, value in line.items()}


def _text(told: Mapping[str, Any]) -> str:
    """The first line of what a library says, errors in it told by us."""
    args = told["positional_args"]
    if isinstance(args, Mapping):
        args = {name: _argument(value) for name, value in args.items()}
    elif args:
        args = tuple(_argument(value) for value in args)
    text = str(told["event"])
    return (text % args if args else text).strip().partition("\n")[0]


def _argument(value: Any) -> Any:
    return told_of(value) if isinstance(value, BaseException) else value


def _bounded(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [_bounded(name, one) for one in value[:LIST_MAX]] + (["..."] if len(value) > LIST_MAX else [])
    text, most = str(value), LONG_MAX if name in LONG else TEXT_MAX
    if len(text) > most:
        text = f"{text[:most]}..."
    # What steers a terminal, or looks like another line, is written out.
    return "".join(one if one.isprintable() or one == "\n" else repr(one)[1:-1] for one in text)
