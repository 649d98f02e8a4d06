"""Stand-in until the texts are merged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from alerting.alert import Alert
from alerting.message import Message
from alerting.text import Language, Limits, Text


def compose(
    message: Message, language: Language, limits: Limits, unit_names: Mapping[str, Mapping[str, str]], now: datetime
) -> Text:
    """Write the text of a message."""
    raise NotImplementedError


def holds(
    alerts: Sequence[Alert], language: Language, limits: Limits, unit_names: Mapping[str, Mapping[str, str]]
) -> int:
    """How many of these alerts fit into one digest."""
    raise NotImplementedError
