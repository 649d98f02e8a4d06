"""The open clocks of a stored ticket or incident, read without its events: for whoever counts a great many of them.

Both kinds of state begin with what they rest on and what was last published of their clocks; only the latter is
decoded. Everybody may import this.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from sla.duty import BREACH, Outcome, Reason, Status
from sla.ticket import Published


class State(StrEnum):
    """How a clock is open."""

    RUNNING = "running"
    AT_RISK = "at_risk"
    """Running, and a warning of it fires."""
    BREACHED = "breached"
    """Past due, and still owed."""
    UNKNOWN = "unknown"
    """Due beyond the calendar."""


class _Held(msgspec.Struct, array_like=True, gc=False):
    rests_on: msgspec.Raw
    published: dict[str, Published] = {}


_decoder = msgspec.msgpack.Decoder(_Held)


def open_clocks(raw: bytes | memoryview) -> Iterator[tuple[str, State]]:
    """The id of each open clock of an encoded ticket or incident, and how it is open.

    msgspec.ValidationError when the bytes are neither.
    """
    for clock_id, published in _decoder.decode(raw).published.items():
        state = _state(published)
        if state is not None:
            yield clock_id, state


def _state(published: Published) -> State | None:
    outcome = published.outcome
    if outcome == Outcome.RUNNING:
        warned = any(raised.status == Status.FIRING for raised in published.alerts.values())
        return State.AT_RISK if warned else State.RUNNING
    if outcome == Outcome.BREACHED and published.reason in _STILL_OWED:
        raised = published.alerts.get(BREACH)
        return State.BREACHED if raised is None or raised.status == Status.FIRING else None
    return State.UNKNOWN if outcome == Outcome.UNKNOWN else None


_STILL_OWED = frozenset({Reason.NOT_DONE.value, Reason.REOPENED_AFTER_DUE.value})
"""Other reasons tell of a ticket that was closed: nobody can do it any more."""
