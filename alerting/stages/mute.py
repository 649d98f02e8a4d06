"""Stage "mute": which firing alerts nobody is told of, and until when. Pure.

What is muted is recorded with its reason, so that "why did nobody call?" has an answer. Muting never touches the end
of an alert that somebody has heard: they learn of it. May be imported by `alerting` and `cli`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import msgspec

from alerting.alert import Alert, Level
from alerting.command import Command, Verb


class Mute(StrEnum):
    """Why an alert, or a step of it, is not sent."""

    HISTORIC = "historic"
    """Its time lies before the first start: it is on the topic, for the record."""
    SHORT_TERM = "short_term"
    """A warning of a duty of less than ten minutes: the breach would come before it is read."""
    BREACHED = "breached"
    """A warning of a clock whose breach fires: the breach is what is told."""
    SILENCED = "silenced"
    """A silence holds for it."""
    TOO_OLD = "too_old"
    """It was raised longer ago than `give_up_after` when it was first seen."""
    ACKNOWLEDGED = "acknowledged"
    """Somebody is on it, so it goes no further."""
    OVERTAKEN = "overtaken"
    """A later step was due as well, and is sent instead."""
    ALREADY_HEARD = "already_heard"
    """The receiver still knows it as firing, from before it was over for a moment."""
    RESOLVED_WARNING = "resolved_warning"
    """The end of a warning is told to no person."""
    OVER_BEFORE_HEARD = "over_before_heard"
    """It was over before this receiver was told of it."""


class Muting(msgspec.Struct, frozen=True):
    """An alert is muted, until an instant (None: as long as it is what it is). `by` names the silence."""

    why: Mute
    until: datetime | None = None
    by: str = ""


class Silence(msgspec.Struct, frozen=True):
    """A silence in force from `since` until `command.until`."""

    command: Command
    since: datetime

    @property
    def until(self) -> datetime:
        """Its end; `alerting.command.faults` lets no command pass that has none."""
        assert self.command.until is not None
        return self.command.until

    def fits(self, alert: Alert) -> bool:
        """Whether it is meant for this alert."""
        told, data = self.command, alert.data
        return (
            (not told.target or told.target in (alert.alert_id, alert.subject))
            and (not told.rule or _rule_fits(told.rule, data.rule))
            and (not told.owner or told.owner == data.owner)
            and (not told.level or told.level == data.level)
        )


def in_force(commands: Iterable[tuple[Command, datetime]], now: datetime) -> list[Silence]:
    """The silences that hold at an instant, of all commands and the instants they were appended, in any order."""
    begun: dict[str, Silence] = {}
    ended: dict[str, datetime] = {}
    for command, at in commands:
        if command.verb is Verb.SILENCE:
            begun[command.name] = Silence(command, at)
        elif command.verb is Verb.UNSILENCE:
            ended[command.name] = max(at, ended.get(command.name, at))
    return [
        told
        for name, told in begun.items()
        if told.since <= now < told.until and not (name in ended and ended[name] >= told.since)
    ]


def muted(
    alert: Alert, silences: Iterable[Silence], now: datetime, *, breached: bool, too_old: bool
) -> Muting | None:
    """Why a firing alert is not told to anybody now; None: it is told.

    `breached`: a breach of the same clock fires; `too_old`: it was first seen too late.
    """
    if alert.data.historic:
        return Muting(Mute.HISTORIC)
    if alert.level is Level.WARNING and alert.short_term:
        return Muting(Mute.SHORT_TERM)
    if alert.level is Level.WARNING and breached:
        return Muting(Mute.BREACHED)
    if too_old:
        return Muting(Mute.TOO_OLD)
    holding = [silence for silence in silences if silence.since <= now < silence.until and silence.fits(alert)]
    if holding:
        longest = max(holding, key=lambda silence: (silence.until, silence.command.name))
        return Muting(Mute.SILENCED, longest.until, longest.command.name)
    return None


def _rule_fits(wanted: str, rule: str) -> bool:
    return rule.startswith(wanted[:-1]) if wanted.endswith("*") else rule == wanted
