"""Alerts about the monitor itself: said once for each change of a condition, on `sla.alerts` like all others.

`streams` and `agents` only.
"""

from __future__ import annotations

import logging
from datetime import datetime
from enum import StrEnum

from sla.duty import Status
from sla.publication import Output, operator_alert

logger = logging.getLogger("slawatch.operator")


class Condition(StrEnum):
    """What may be wrong with the monitor; part of the alert's id."""

    BLIND = "blind"
    CLOCK_STEPPED = "clock_stepped"
    CALENDAR_ENDS = "calendar_ends"


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
}


class OperatorAlerts:
    """Collects what is to be said; `take` hands it over."""

    def __init__(self, label: str) -> None:
        """`label` is the rulebook's, as outputs carry it."""
        self._label = label
        self._said: dict[tuple[Condition, str], tuple[int, Status]] = {}
        self._waiting: list[Output] = []

    def fire(self, condition: Condition, where: str, at: datetime) -> None:
        """Say that a condition holds; `where` names app, partition and epoch, so that ids never repeat."""
        self._say(condition, where, Status.FIRING, at)

    def resolve(self, condition: Condition, where: str, at: datetime) -> None:
        """Say that it is over; nothing where it never held."""
        self._say(condition, where, Status.RESOLVED, at)

    def _say(self, condition: Condition, where: str, status: Status, at: datetime) -> None:
        revision, known = self._said.get((condition, where), (0, Status.RESOLVED))
        if known is status:
            return
        self._said[condition, where] = (revision + 1, status)
        logger.warning("%s %s: %s (%s)", condition.value, status.value, SAYS[condition]["en"], where)
        self._waiting.append(
            operator_alert(condition.value, where, SAYS[condition], revision + 1, status, at, self._label)
        )

    def take(self) -> list[Output]:
        """What is to be published now."""
        waiting, self._waiting = self._waiting, []
        return waiting
