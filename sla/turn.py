"""How one clock turned: from what was last published of it to what is published now, for whoever counts clocks.

The same step that publishes a verdict tells it, so a count needs no second look at the ticket. Everybody may
import this.
"""

from __future__ import annotations

import msgspec

from sla.duty import Duty, Outcome


class Turn(msgspec.Struct, frozen=True, gc=False):
    """One clock whose outcome changed; `before` is empty where the clock is new.

    `unit` owes it (None: nobody is named, or the clock lost its ground). `used` is the share of the term that was
    used when it was done, 1 at exactly the due time; None while it is not, and where there is no due time.
    """

    rule: str
    before: str
    outcome: Outcome
    unit: str | None = None
    used: float | None = None


def turn(duty: Duty, before: str, outcome: Outcome) -> Turn:
    """The turn of a clock that is judged `outcome` and was last said to be `before`."""
    done = outcome is _MET or outcome is _LATE
    return Turn(duty.rule, before, outcome, duty.owner, _used(duty) if done else None)


def _used(duty: Duty) -> float | None:
    if duty.due_at is None or duty.stop is None or duty.due_at <= duty.started_at:
        return None
    return max(0.0, (duty.stop.time - duty.started_at) / (duty.due_at - duty.started_at))


_MET, _LATE = Outcome.MET, Outcome.LATE
