"""Reading a rulebook's folder from disk; `sla.rulebook` does everything else. Used by the verbs of this package."""

from __future__ import annotations

from pathlib import Path

from sla.rulebook import Rulebook, parse

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


def texts(path: Path) -> dict[str, str]:
    """The TOML files of a folder by their path inside it."""
    return {str(file.relative_to(path)): file.read_text() for file in sorted(path.rglob("*.toml"))}


def load(name: str) -> Rulebook:
    """A checked rulebook. Raises FileNotFoundError or RulebookError."""
    return parse(texts(folder(name)))
