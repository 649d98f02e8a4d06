"""What contradicts a clause or goes over a cap is wrong from its first instant: there is no limit to run over."""

from datetime import timedelta

import msgspec
import pytest

from cli.rulebook_files import load
from sla.event import Event, fingerprint
from sla.publication import Channel
from sla.step import step
from sla.watch import Watch
from tests.sla.lives_of_events import instant


def told(time, number, type_, data=None, appended_at=None):
    """One event of the complaint, perhaps long in coming."""
    at = instant(time)
    appended = instant(appended_at) if appended_at else None
    data = data or {}
    return Event(at, f"e{number}", "test", f"complaint.{type_}", data, fingerprint(type_, at, data), appended)


ACCEPTED = told("08:10:00", 1, "accepted", {"grade": "general"})
GRADED_TOO_LOW = told("09:00:00", 2, "graded", {"media": "national", "grade": "general"}, "11:00:00")
PUT_RIGHT = told("12:00:00", 3, "graded", {"grade": "special"})
TOO_MUCH = told("10:10:00", 2, "evidence_added", {"bytes": 5_242_881}, "11:00:00")
REMOVED = told("12:00:00", 3, "evidence_removed", {"bytes": 1})


@pytest.mark.parametrize(
    ("rule", "wrong", "right"),
    [("complaint/grade-special", GRADED_TOO_LOW, PUT_RIGHT), ("complaint/evidence", TOO_MUCH, REMOVED)],
)
def test_its_alerts_tell_no_overrun_and_its_verdicts_no_limit(rule, wrong, right):
    """Firing two hours after it happened and resolved an hour later, it still is overdue by nothing."""
    watch = Watch(load("sgcc-2014"))
    ticket, outputs = None, []
    for events in ([ACCEPTED, wrong], [right]):
        after = max(event.appended_at or event.time for event in events) + timedelta(minutes=1)
        result = step(ticket, "C-1", events, watch, after)
        ticket = result.ticket
        outputs += result.outputs
    said = [(output.channel, msgspec.json.decode(output.value)["data"]) for output in outputs]
    alerts = [data for channel, data in said if channel is Channel.ALERTS and data["rule"] == rule]
    assert [alert["status"] for alert in alerts] == ["firing", "resolved"]
    assert not any("overrun_seconds" in alert for alert in alerts)
    verdicts = [data for channel, data in said if channel is Channel.VERDICTS and data["rule"] == rule]
    assert verdicts
    assert not any("limit_seconds" in verdict for verdict in verdicts)
