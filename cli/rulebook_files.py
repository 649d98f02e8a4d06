"""Reading a rulebook's folder from disk; `sla.rulebook` does everything else. Used by the verbs of this package."""

from __future__ import annotations

import tomllib
from pathlib import Path

from sla.rulebook import BASE_HEADER, OVERRIDE, Rulebook, parse
from sla.toml_file import Fault, RulebookError
from sla.units import UNITS

KEY_BYTES_MIN = 16
OFFLINE_KEY = "slawatch, offline"
"""The key of pseudonyms where none is given offline: whoever has the file has the customers in it anyway."""
SHIPPED = Path(__file__).resolve().parent.parent / "rulebooks"


def folder(name: str) -> Path:
    """The folder of a rulebook: a path, or the name of a shipped one. FileNotFoundError says what there is."""
    path = Path(name)
    if path.is_dir():
        return path
    if (SHIPPED / name).is_dir():
        return SHIPPED / name
    shipped = ", ".join(sorted(p.name for p in SHIPPED.iterdir() if p.is_dir()))
    raise FileNotFoundError(f"no rulebook {name!r}: give a folder, or one of {shipped}")


def texts(path: Path, override: Path | None = None, units: Path | None = None) -> dict[str, str]:
    """The TOML files of a folder by their path inside it, on top of those of the rulebook it extends, if it does.

    `override` is the operator's calendar override, `units` the list of the operator's units. Raises RulebookError
    where a layer cannot be laid on its base.
    """
    own = {file.relative_to(path).as_posix(): file.read_text() for file in sorted(path.rglob("*.toml"))}
    found = {**_base(path, own), **own}
    if override is not None:
        found[OVERRIDE] = override.read_text()
    if units is not None:
        found[UNITS] = units.read_text()
    return found


def _base(path: Path, own: dict[str, str]) -> dict[str, str]:
    """The files of the rulebook a layer extends: a neighbouring folder, or a shipped one."""
    try:
        name = tomllib.loads(own.get("rulebook.toml", "")).get("extends")
    except tomllib.TOMLDecodeError:
        return {}  # the fault is told when the file itself is read
    if not isinstance(name, str):
        return {}
    base = path.parent / name if (path.parent / name).is_dir() else SHIPPED / name
    line = next((n for n, text in enumerate(own["rulebook.toml"].splitlines(), 1) if text.startswith("extends")), 1)

    def refused(what: str, remedy: str) -> RulebookError:
        return RulebookError([Fault("rulebook.toml", line, what, remedy)])

    if not base.is_dir():
        raise refused(f"there is no rulebook {name!r} to extend", "name a neighbouring folder or a shipped rulebook")
    files = {file.relative_to(base).as_posix(): file.read_text() for file in sorted(base.rglob("*.toml"))}
    header = files.pop("rulebook.toml", "")
    if "\nextends" in f"\n{header}":
        raise refused(f"{name!r} extends another rulebook itself", "extend that one: there is one layer")
    twice = sorted(files.keys() & own.keys() - {OVERRIDE})
    if twice:
        raise refused(f"{twice[0]} is in {name!r} already", "give the rule another id; a layer adds, it never edits")
    return {**files, BASE_HEADER: header}


def load(name: str, override: str = "", units: str = "") -> Rulebook:
    """A checked rulebook. Raises FileNotFoundError or RulebookError."""
    return parse(texts(folder(name), Path(override) if override else None, Path(units) if units else None))


def keyed(rulebook: Rulebook, key: str, key_file: str) -> Rulebook:
    """The rulebook with the key of pseudonyms, where it counts by customer and so needs one; ValueError without.

    The key is given itself, or as the file that holds it. OSError when that cannot be read.
    """
    counting = sorted(rule.id for rules in rulebook.recurrences.values() for rule in rules)
    secret = Path(key_file).read_bytes().strip() if key_file else key.encode()
    if not secret and not counting:
        return rulebook  # what nobody counts by is not kept
    if len(secret) < KEY_BYTES_MIN:
        counting = counting or ["what is switched on later"]
        raise ValueError(
            f"{counting[0]} counts by customer, which needs a key of at least {KEY_BYTES_MIN} bytes: set "
            "customer_key_file or SLAWATCH_CUSTOMER_KEY, the same for all workers and never changed"
        )
    return rulebook.keyed(secret)
