"""Alerts about the monitor itself: said once for each change of a condition, on `sla.alerts` like all others.

Conditions belong to a partition and are part of its durable state, beside its tickets: whoever takes it over knows
what fires and says so when it is over, under the next revision of the same id. `streams` and `agents` only.
"""

from __future__ import annotations

import logging
from datetime import datetime
from enum import StrEnum

import msgspec

from sla.duty import Status, quoted
from sla.publication import Output, operator_alert
from streams.changelog import REMEDY, ChangelogError

logger = logging.getLogger("slawatch.operator")


class Condition(StrEnum):
    """What may be wrong with the monitor; part of the alert's id."""

    BLIND = "blind"
    CLOCK_STEPPED = "clock_stepped"
    CALENDAR_ENDS = "calendar_ends"
    SILENT_SOURCE = "silent_source"


SAYS: dict[Condition, dict[str, str]] = {
    Condition.BLIND: {
        "en": "A partition is too far behind to prove silence; append times decide until it has caught up",
        "zh": "分区积压过久,无法证实沉默;赶上之前以写入时间为准",
    },
    Condition.CLOCK_STEPPED: {
        "en": "The wall clock was stepped or is wrong; timers are held until it agrees with the brokers",
        "zh": "系统时钟被调整或有误;与代理一致之前暂停计时",
    },
    Condition.CALENDAR_ENDS: {
        "en": "Due times lie beyond the working-day calendar: these clocks are unknown until it is supplied",
        "zh": "到期时间超出工作日历;补充日历之前这些时限状态未知",
    },
    Condition.SILENT_SOURCE: {
        "en": "A source has told nothing for longer than it may be quiet; breaches of what it began are unverified",
        "zh": "数据源静默超过允许时间;其工单的违反告警标为未核实",
    },
}


class Said(msgspec.Struct, array_like=True):
    """What was last said of one condition; `law` is the rulebook under which it was last seen to hold."""

    revision: int
    status: Status
    law: str = ""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(dict[str, Said])


class OperatorAlerts:
    """The conditions of one partition; whoever changes them stores `encoded()` before the output is published."""

    def __init__(self, where: str, label: str, law: str, known: bytes = b"") -> None:
        """`where` names app and partition; label and law are the rulebook's. `known` is what a former owner stored.

        Raises ChangelogError when that cannot be read.
        """
        self._where, self._label, self._law = where, label, law
        try:
            self._said = _decoder.decode(known) if known else {}
        except msgspec.DecodeError as error:
            raise ChangelogError(f"the conditions of {where} cannot be read ({error}); {REMEDY}") from error

    def firing(self, condition: Condition, about: str = "") -> bool:
        """Whether a condition was said to hold, and is not yet over; `about` names what of it there are several."""
        said = self._said.get(_name(condition, about))
        return said is not None and said.status is Status.FIRING

    def firing_about(self, condition: Condition) -> list[str]:
        """What of a condition fires, where there are several."""
        start = f"{condition.value}/"
        firing = (name for name, said in self._said.items() if said.status is Status.FIRING)
        return sorted(name.removeprefix(start) for name in firing if name.startswith(start))

    def fired_under_another_law(self, condition: Condition) -> bool:
        """Whether a condition fires that was never seen to hold under the present rulebook."""
        return self.firing(condition) and self._said[condition].law != self._law

    def say(self, condition: Condition, status: Status, at: datetime, about: str = "") -> list[Output] | None:
        """What is to be published of a condition that fires or is resolved; None when nothing changes.

        An empty list says that something must be stored, and nothing published.
        """
        name = _name(condition, about)
        said = self._said.get(name) or Said(0, Status.RESOLVED)
        if said.status is status:
            if status is Status.RESOLVED or said.law == self._law:
                return None
            said.law = self._law
            return []
        self._said[name] = Said(said.revision + 1, status, self._law)
        where, says = self._where, SAYS[condition]
        if about:
            where, says = f"{where}/{quoted(about)}", {lang: f"{text}: {about}" for lang, text in says.items()}
        told = {"condition": condition.value, "status": status.value, "about": where, "says": says["en"]}
        logger.warning("monitor_condition", extra=told)
        return [operator_alert(condition.value, where, says, said.revision + 1, status, at, self._label)]

    def encoded(self) -> bytes:
        """What a later owner must know."""
        return _encoder.encode(self._said)


def _name(condition: Condition, about: str) -> str:
    return f"{condition.value}/{about}" if about else condition.value
