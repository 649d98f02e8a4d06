"""How the clocks of a ticket stand in the end: the last revision of each verdict, with the alerts that were raised.

A withdrawn clock counts as never started and a retracted alert as never raised, as for whoever reads the topics.
`cli.backtest` and `cli.difference` use it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from sla.duty import Outcome, Reason, Status
from sla.publication import Channel, Output


class Standing(msgspec.Struct, frozen=True, gc=False):
    """How one clock stands by one rulebook. `raised` are the levels of its alerts, in order of their names."""

    rule: str
    clause: str
    outcome: Outcome
    due_at: datetime | None
    owner: str | None
    owner_level: str | None
    excused: bool
    raised: tuple[str, ...] = ()

    @property
    def broken(self) -> bool:
        """Whether the duty was not done in time, excused or not."""
        return self.outcome in BROKEN

    @property
    def who(self) -> str:
        """The unit that owes it; where none is named, its level."""
        return self.owner or (f"({self.owner_level})" if self.owner_level else "-")


BROKEN = frozenset({Outcome.LATE, Outcome.BREACHED})


def standings(outputs: Iterable[Output]) -> dict[str, Standing]:
    """Clocks by their id, in the order in which they were first told.

    `outputs` are all those of a ticket, in the order of their publication: of each verdict and alert the last counts.
    """
    verdicts: dict[str, bytes] = {}
    raised: dict[str, dict[str, bool]] = {}
    for output in outputs:
        if output.channel is Channel.VERDICTS:
            verdicts[output.key] = output.value
        else:
            said = _alert(output.value).data
            level = said.alert_id.removeprefix(f"{said.clock_id}/")
            raised.setdefault(said.clock_id, {})[level] = said.status != Status.RETRACTED
    found: dict[str, Standing] = {}
    for clock_id, value in verdicts.items():
        data = _verdict(value).data
        if data.reason == Reason.START_WITHDRAWN:
            continue
        levels = raised.get(clock_id)
        stands = () if levels is None else tuple(sorted(level for level, holds in levels.items() if holds))
        found[clock_id] = Standing(
            data.rule, data.clause, data.outcome, data.due_at, data.owner, data.owner_level, data.excused, stands
        )
    return found


class _Verdict(msgspec.Struct, gc=False):
    """What is read of a verdict."""

    rule: str
    clause: str
    outcome: Outcome
    reason: str
    excused: bool
    due_at: datetime | None = None
    owner: str | None = None
    owner_level: str | None = None


class _VerdictLine(msgspec.Struct, gc=False):
    data: _Verdict


class _Alert(msgspec.Struct, gc=False):
    """What is read of an alert."""

    alert_id: str
    clock_id: str
    status: str


class _AlertLine(msgspec.Struct, gc=False):
    data: _Alert


_verdict = msgspec.json.Decoder(_VerdictLine).decode
_alert = msgspec.json.Decoder(_AlertLine).decode
