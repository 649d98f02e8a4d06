"""Kind `quota`: every excess is said once silence confirms it, also the second one after a first that is over."""

import msgspec

from cli.rulebook_files import load
from sla.event import Event, fingerprint
from sla.publication import Channel
from sla.step import step
from sla.watch import Watch
from tests.sla.lives_of_events import instant


def told(time, number, type_, data):
    """One event of the complaint."""
    at = instant(time)
    return Event(at, f"e{number}", "test", f"complaint.{type_}", data, fingerprint(type_, at, data))


def test_a_second_excess_has_a_timer_of_its_own():
    """Over, back under, over again: the warning fires again when time passes, without any other event."""
    watch = Watch(load("sgcc-2014"))
    ticket, statuses = None, []

    def pass_on(events, silent_until=None):
        nonlocal ticket
        result = step(ticket, "C-1", events, watch, instant(silent_until) if silent_until else None)
        ticket = result.ticket
        alerts = [msgspec.json.decode(o.value)["data"] for o in result.outputs if o.channel is Channel.ALERTS]
        statuses.extend(a["status"] for a in alerts if a["rule"] == "complaint/evidence")

    pass_on(
        [
            told("08:10:00", 1, "accepted", {"channel": "other"}),
            told("10:10:00", 2, "evidence_added", {"bytes": 5_242_881}),
        ]
    )
    pass_on([], "10:20:00")
    pass_on(
        [told("10:37:00", 3, "evidence_removed", {"bytes": 1}), told("11:04:00", 4, "evidence_added", {"bytes": 1})]
    )
    assert statuses == ["firing", "resolved"]
    assert ticket.wake_at == instant("11:04:00")
    pass_on([], "11:10:00")
    assert statuses == ["firing", "resolved", "firing"]
