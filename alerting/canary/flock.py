"""Which canaries are out, which have been heard, and which are lost. Pure: `now` is an argument.

A canary is remembered until its end is heard, or until it is lost: so long the memory holds as many as were sent
meanwhile, and never more. Only this package imports this.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from alerting.canary.tickets import Canary


class Stage(StrEnum):
    """How far one has come."""

    OUT = "out"
    HEARD = "heard"
    LOST = "lost"
    """Not heard in time: what comes now comes too late. It is still to be closed."""


class Out(msgspec.Struct):
    """One that is out.

    `taken`: Kafka has it. `proves`: it lies where it must; elsewhere it can only be lost. `closing`: its closing is
    on the way to Kafka, or there; `shut`: it is there.
    """

    canary: Canary
    stage: Stage = Stage.OUT
    taken: bool = False
    proves: bool = True
    closing: bool = False
    shut: bool = False


class Flock:
    """All that are out."""

    def __init__(self, lost_after: timedelta) -> None:
        self._lost_after = lost_after
        self._out: dict[str, Out] = {}

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._out)

    def send(self, one: Canary) -> bool:
        """It is on its way; False where it is known already."""
        if one.id in self._out:
            return False
        self._out[one.id] = Out(one)
        return True

    def take(self, one: Canary, *, proves: bool) -> None:
        """It is on Kafka: from now on it may be lost. `proves`: on the partition that it is to prove."""
        if (known := self._out.get(one.id)) is not None:
            known.taken, known.proves = True, proves

    def drop(self, one: Canary) -> None:
        """It is of no concern any more: never sent, or over."""
        self._out.pop(one.id, None)

    def hear(self, one: Canary) -> bool:
        """Its breach was told; False where that is no news, or comes too late."""
        known = self._out.get(one.id)
        if known is None or known.stage is not Stage.OUT or not known.proves:
            return False
        known.stage = Stage.HEARD
        return True

    def close(self, one: Canary, since: datetime) -> bool:
        """Whether somebody has to close it now.

        One that is not known was closed and forgotten here; but if it is from before `since`, who sent it is gone.
        """
        known = self._out.get(one.id)
        if known is None:
            return one.at <= since
        due, known.closing = not known.closing, True
        return due

    def shut(self, one: Canary) -> None:
        """Its closing is on Kafka. Of what was lost nothing more is waited for."""
        known = self._out.get(one.id)
        if known is not None and known.stage is Stage.LOST:
            self.drop(one)
        elif known is not None:
            known.shut = True

    def reopen(self, one: Canary) -> None:
        """Its closing did not get through: it is to be closed again."""
        if (known := self._out.get(one.id)) is not None:
            known.closing = False

    def end(self, one: Canary) -> bool:
        """It was told that it is over; False where that is no news."""
        return self._out.pop(one.id, None) is not None

    def late(self, now: datetime) -> tuple[list[Canary], list[Canary]]:
        """Those that are lost since this was last asked, and all of that age that are still to be closed.

        What was heard and is closed, and of whose end nothing was heard for so long, is forgotten. Of what may yet
        fail to reach Kafka nothing is said: a ticket that is not there cannot be closed.
        """
        old = [out for out in self._out.values() if out.taken and now - out.canary.at > self._lost_after]
        lost = [out.canary for out in old if out.stage is Stage.OUT]
        for out in old:
            if out.stage is Stage.OUT:
                out.stage = Stage.LOST
            elif out.shut:
                self.drop(out.canary)
        return lost, [out.canary for out in old if not out.closing]

    def open(self) -> list[Canary]:
        """All that nobody has begun to close."""
        return [out.canary for out in self._out.values() if not out.closing]
