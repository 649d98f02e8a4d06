"""Where settings come from: slawatch.toml, overridden by SLAWATCH_* variables, overridden by flags.

Used by the verbs of this package. A setting nobody knows, or of the wrong type, is refused by name.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec

from alerting.canary.settings import CanarySettings
from alerting.settings import NotifierSettings
from streams.settings import Settings, shown

PREFIX = "SLAWATCH_"
NOTIFIER, CANARY = TABLES = ("notifier", "canary")
"""Tables of the file, and with an underscore the start of variables, for what only one sort of process is told."""
OTHER = frozenset(
    {
        "SLAWATCH_CRASH_POINT",
        "SLAWATCH_FAULTS",
        "SLAWATCH_BPIC2013",
        "SLAWATCH_KAFKA_BOOTSTRAP",
        "SLAWATCH_WEBHOOK_SECRET",
    }
)
"""Variables with the prefix that are no settings."""


S = TypeVar("S", bound=msgspec.Struct)


class ConfigurationError(Exception):
    """A setting that cannot be used: which, from where, and what to do."""


def add_notifier_flags(verb: argparse.ArgumentParser, *names: str) -> None:
    """Give a verb a flag for each setting named of those that only a notifier is told."""
    _add_flags(verb, NotifierSettings, f"{NOTIFIER}_", names)


def add_canary_flags(verb: argparse.ArgumentParser, *names: str) -> None:
    """Give a verb a flag for each setting named of those that only a canary is told."""
    _add_flags(verb, CanarySettings, f"{CANARY}_", names)


def add_flags(verb: argparse.ArgumentParser, *names: str) -> None:
    """Give a verb `--config`, `--show-config` and a flag for each setting named."""
    verb.add_argument(
        "--config", type=Path, metavar="FILE", help="settings file (default: slawatch.toml if there is one)"
    )
    verb.add_argument("--show-config", action="store_true", help="print the settings, secrets masked, and stop")
    _add_flags(verb, Settings, "", names)


def _add_flags(verb: argparse.ArgumentParser, layout: type[msgspec.Struct], start: str, names: Sequence[str]) -> None:
    fields = {field.name: field for field in msgspec.structs.fields(layout)}
    for name in names:
        flag, kind = "--" + name.replace("_", "-"), fields[name].type
        if kind is bool:
            verb.add_argument(flag, dest=start + name, action="store_true", default=None)
        elif get_origin(kind) is Literal:
            verb.add_argument(flag, dest=start + name, choices=get_args(kind), default=None)
        else:
            verb.add_argument(flag, dest=start + name, type=kind, default=None, metavar=kind.__name__.upper())


def read(options: argparse.Namespace) -> Settings:
    """The settings of this run. Raises ConfigurationError."""
    return _read(options, Settings)


def read_notifier(options: argparse.Namespace) -> NotifierSettings:
    """What only a notifier is told: `[notifier]` in the file, `SLAWATCH_NOTIFIER_*`, and its flags.

    Raises ConfigurationError.
    """
    return _read(options, NotifierSettings, NOTIFIER)


def read_canary(options: argparse.Namespace) -> CanarySettings:
    """What only a canary is told: `[canary]` in the file, `SLAWATCH_CANARY_*`, and its flags.

    Raises ConfigurationError.
    """
    return _read(options, CanarySettings, CANARY)


def _read(options: argparse.Namespace, layout: type[S], table: str = "") -> S:
    told: dict[str, Any] = {}
    origin: dict[str, str] = {}
    path = options.config or Path("slawatch.toml")
    if options.config or path.exists():
        found = _file(path)
        apart = {name: found.pop(name, {}) for name in TABLES}
        _take(layout, told, origin, apart.get(table, found), f"{path}, [{table}]" if table else str(path))
    variables = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in os.environ.items()
        if name.startswith(PREFIX) and name not in OTHER
    }
    start = f"{table}_" if table else ""
    environment = {
        name.removeprefix(start): value
        for name, value in variables.items()
        if table == next((other for other in TABLES if name.startswith(f"{other}_")), "")
    }
    _take(layout, told, origin, environment, "the environment")
    flags = {
        name: value
        for name in layout.__struct_fields__
        if (value := getattr(options, start + name, None)) is not None
    }
    _take(layout, told, origin, flags, "the flags")
    if layout is Settings and "bootstrap" not in told and os.environ.get("SLAWATCH_KAFKA_BOOTSTRAP"):
        told["bootstrap"] = os.environ["SLAWATCH_KAFKA_BOOTSTRAP"]
    try:
        return msgspec.convert(told, layout, strict=False)
    except msgspec.ValidationError as error:
        name = str(error).partition("$.")[2].rstrip("`")
        where = origin.get(name, "the settings")
        raise ConfigurationError(f"{where}: {error}") from None


def _file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}; give another --config") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: not valid TOML: {error}") from None


def _take(layout: type[msgspec.Struct], told: dict[str, Any], origin: dict[str, str], found: Any, where: str) -> None:
    if not isinstance(found, dict):
        table = where.rpartition(" ")[2]
        raise ConfigurationError(f"{where}: this is no table; write {table} and the settings beneath it")
    for name, value in found.items():
        if name not in layout.__struct_fields__:
            known = ", ".join(sorted(layout.__struct_fields__))
            raise ConfigurationError(f"{where}: unknown setting {name!r}; there are {known}")
        told[name], origin[name] = value, where


def settings_or_none(options: argparse.Namespace) -> Settings | None:
    """The settings, or None after printing them (`--show-config`). Raises ConfigurationError."""
    settings = read(options)
    if options.show_config:
        json.dump(shown(settings), sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
        return None
    return settings
