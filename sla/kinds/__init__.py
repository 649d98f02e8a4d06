"""The shapes of duty the law knows, one file each; a rule names one of them as its `kind`.

Only `sla.step`, `sla.rulebook` and `sla.explain` import these.
"""

from __future__ import annotations

from collections.abc import Callable

from sla.duty import Duty
from sla.kinds import attempts, check, deadline, notice, quota, report
from sla.kinds.course import Settled
from sla.rule import Rule
from sla.ticket import Reading

KINDS: dict[str, Callable[[Rule, str, Reading, Settled], list[Duty]]] = {
    "attempts": attempts.duties,
    "check": check.duties,
    "deadline": deadline.duties,
    "notice": notice.duties,
    "quota": quota.duties,
    "report": report.duties,
}
"""Each kind's function: the unsettled clocks a rule puts on a ticket, in event order of their starts."""
