"""How `receivers.toml` is read: a name, a kind, a language, and the rest in the layout of the kind. Pure.

Only `alerting.delivery_files` imports this.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from alerting.delivery import Configured
from alerting.receiver import Kind
from alerting.tables import RECEIVERS, Notes
from alerting.text import Language
from sla.toml_lines import line_of

Receivers = Mapping[str, Configured | None]
"""By name; None is one that has faults of its own, so that they are not told again wherever it is named."""


class GeneralFile(msgspec.Struct, kw_only=True):
    """What every `[receivers.<name>]` has beside the keys of its kind."""

    kind: str
    language: Language = "zh"


class ReceiversFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`receivers.toml`."""

    receivers: dict[str, dict[str, Any]] = {}


def read_receivers(notes: Notes, kinds: Mapping[str, Kind]) -> Receivers:
    """Read every receiver; faults are noted."""
    file = notes.load(RECEIVERS, ReceiversFile)
    if file is None:
        return {}
    notes.named(RECEIVERS, "receivers", "receiver", file.receivers)
    if not file.receivers:
        notes.fault(RECEIVERS, (), "there is no receiver", "add at least one [receivers.NAME] with a kind")
    return {name: _receiver(notes, name, raw, kinds) for name, raw in file.receivers.items()}


def _receiver(notes: Notes, name: str, raw: dict[str, Any], kinds: Mapping[str, Kind]) -> Configured | None:
    at = ("receivers", name)
    general = notes.convert(RECEIVERS, at, raw, GeneralFile)
    if general is None:
        return None
    kind = kinds.get(general.kind)
    if kind is None:
        notes.unknown(RECEIVERS, (*at, "kind"), "kind of receiver", general.kind, kinds)
        return None
    own = {key: value for key, value in raw.items() if key not in GeneralFile.__struct_fields__}
    config = notes.convert(RECEIVERS, at, own, kind.layout)
    if config is None:
        return None
    return Configured(name, kind, general.language, config, line_of(notes.files[RECEIVERS], at))
