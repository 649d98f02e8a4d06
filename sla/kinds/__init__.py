"""The shapes of duty the law knows, one file each; a rule names one of them as its `kind`.

Only `sla.step` and `sla.rulebook` import these.
"""

from __future__ import annotations

from collections.abc import Callable

from sla.duty import Duty
from sla.kinds import deadline
from sla.rule import Rule
from sla.ticket import Reading

Settled = Callable[[str], bool]
"""Told a clock id: True when that clock cannot have changed. A kind must call it once for every clock it finds."""

KINDS: dict[str, Callable[[Rule, str, Reading, Settled], list[Duty]]] = {
    "deadline": deadline.duties,
}
"""Each kind's function: the unsettled clocks a rule puts on a ticket, in event order of their starts."""
