"""Reading a delivery folder from disk; `alerting.delivery_files` does everything else. Used by the verbs here."""

from __future__ import annotations

from pathlib import Path

from alerting.delivery import Delivery
from alerting.delivery_files import parse
from alerting.receiver import kinds
from cli import rulebook_files
from sla.rulebook import Rulebook
from sla.units import UNITS
from streams.settings import Settings


def folder(name: str) -> Path:
    """The folder itself. FileNotFoundError says what is wanted."""
    path = Path(name)
    if not path.is_dir():
        raise FileNotFoundError(f"no delivery folder {name!r}: name one with --delivery or the setting delivery")
    return path


def rulebook(settings: Settings, path: Path | None) -> Rulebook:
    """The rulebook, with the units of the settings, else those of the delivery folder.

    Raises FileNotFoundError or RulebookError.
    """
    units = settings.units
    if not units and path is not None and (path / UNITS).is_file():
        units = str(path / UNITS)
    return rulebook_files.load(settings.rulebook, settings.calendar_override, units)


def load(path: Path, law: Rulebook) -> Delivery:
    """A checked delivery folder. Raises DeliveryError, or OSError where it cannot be read."""
    texts = {file.relative_to(path).as_posix(): file.read_text() for file in sorted(path.rglob("*.toml"))}
    return parse(texts, law, kinds())
