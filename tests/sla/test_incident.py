"""Facts and incidents: who counts, what repeats and disorder change, what is forgotten, what is never told."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from sla.cloudevent import read
from sla.fact import Fact
from sla.fact import read as read_fact
from sla.incident import FORGET_AFTER, TICKETS_MAX, decode, encode
from sla.incident import step as incident_step
from sla.publication import Channel
from sla.rulebook import parse
from sla.step import Refusal, Watch, step
from tests.sla.lives_of_events import texts_of
from tests.sla.test_units import UNITS

PHONE = "13901234567"
ANCHOR = datetime(2026, 1, 10, 2, tzinfo=UTC)
SWITCHED_ON = 'switch_on = ["complaint/repeated-service"]\n'


def law(*, secret=b"k", units=""):
    """Read the shipped rulebook with the rule on."""
    texts = dict(texts_of("sgcc-2014"))
    texts["rulebook.toml"] = SWITCHED_ON + texts["rulebook.toml"]
    return Watch(parse({**texts, "units.toml": units}).keyed(secret))


WATCH = law(units=UNITS)


def told(ticket, number, at, type_, **data):
    """Write an event of a complaint."""
    event = {"specversion": "1.0", "id": f"e{number}", "source": "s", "type": f"complaint.{type_}", "subject": ticket}
    return msgspec.json.encode({**event, "time": at, "data": data})


def complaint(ticket, day, *, closed=None, **said):
    """Tell a complaint accepted so many days after the anchor, replied to four days later."""
    at = ANCHOR + timedelta(days=day)
    named = {"customer": PHONE, "incident": "i1", "category": "service"}
    lines = [told(ticket, 1, at, "accepted", **named)]
    lines.append(told(ticket, 2, at + timedelta(days=4), "replied", unit="3201", level="city", **said))
    return lines + ([told(ticket, 3, closed, "closed")] if closed else [])


def facts_of(*tickets, watch=WATCH):
    """What tickets say of incidents: key and record, in order."""
    found = []
    for lines in tickets:
        events = [read(line, watch.rulebook.vocabulary) for line in lines]
        result = step(None, events[0][0], [event for _, event in events], watch)
        found += [(o.key, o.value) for o in result.outputs if o.channel is Channel.FACTS]
    return found


FIRST = complaint("t1", -20, closed=ANCHOR, substantiated=False)
THREE = [complaint(f"t{number}", 10 * number, substantiated=True) for number in (2, 3, 4)]
LATER = ANCHOR + timedelta(days=50)


def judged(facts, watch=WATCH, horizon=LATER, state=None):
    """Fold facts of one incident, then silence; what was published, as data by the last part of its id."""
    (key,) = {key for key, _ in facts}
    first = incident_step(state, key, [read_fact(value) for _, value in facts], watch)
    silent = incident_step(first.incident, key, [], watch, horizon)
    outputs = [*first.outputs, *silent.outputs]
    return silent.incident, [msgspec.json.decode(output.value) for output in outputs], outputs


def alerts(events):
    """The last alert of each level."""
    return {e["data"]["alert_id"].rpartition("/")[2]: e["data"] for e in events if "alert_id" in e["data"]}


def test_the_third_brings_in_the_unit_above():
    """The escalation names the incident, who has to step in, and every event it rests on."""
    _, events, _ = judged(facts_of(FIRST, *THREE))
    escalation = alerts(events)["escalation"]
    assert (escalation["level"], escalation["status"], escalation["reason"]) == ("escalation", "firing", "repeated")
    assert (escalation["owner"], escalation["owner_level"]) == ("32", "province")
    assert escalation["clause"] == "附件1 十二(一)"
    assert escalation["evidence"] == ["e3", *(f"t{n}/e{e}" for n in (2, 3, 4) for e in (1, 2))]
    assert "ticket" not in escalation
    assert escalation["incident"].endswith("/i1/repeated-service")


def test_only_the_first_and_two_more_warn():
    """Two of three is a warning and nothing else."""
    _, events, _ = judged(facts_of(FIRST, *THREE[:2]))
    assert {level: alert["status"] for level, alert in alerts(events).items()} == {"warning-2": "firing"}


def test_nothing_tells_who_complained():
    """Neither fact nor state nor output holds the customer, and another key gives another name."""
    facts = facts_of(FIRST, *THREE)
    state, _, outputs = judged(facts)
    everything = [value for _, value in facts] + [output.value for output in outputs] + [encode(state)]
    assert all(PHONE.encode() not in value for value in everything)
    assert all(PHONE not in key for key, _ in facts)
    assert {key for key, _ in facts} != {key for key, _ in facts_of(FIRST, watch=law(secret=b"another"))}


def test_without_a_key_customers_are_not_known_at_all():
    """Nothing of them is kept, so nothing can be counted."""
    assert facts_of(FIRST, *THREE, watch=law(secret=b"")) == []


def test_a_repeated_or_older_fact_changes_nothing():
    """Of each ticket the fact of the highest revision counts, whatever comes after it."""
    (key, old), (_, new) = _two_revisions()
    state, _, _ = judged([(key, new)])
    for late in (old, new):
        again = incident_step(state, key, [read_fact(late)], WATCH)
        assert not again.changed
        assert again.outputs == []


def _two_revisions():
    events = [read(line, WATCH.rulebook.vocabulary)[1] for line in THREE[0]]
    first = step(None, "t2", events[:1], WATCH)
    second = step(first.ticket, "t2", events[1:], WATCH)
    return [(o.key, o.value) for r in (first, second) for o in r.outputs if o.channel is Channel.FACTS]


def test_a_fact_that_comes_later_takes_nothing_back():
    """An escalation waits for silence after the fact that makes it, and not again after those that change nothing."""
    facts = facts_of(FIRST, *THREE)
    at = ANCHOR + timedelta(days=45)
    key = facts[0][0]
    made = incident_step(None, key, [read_fact(value, at) for _, value in facts], WATCH, at)
    assert alerts([msgspec.json.decode(o.value) for o in made.outputs]) == {}
    fired = incident_step(made.incident, key, [], WATCH, at + timedelta(seconds=1))
    assert alerts([msgspec.json.decode(o.value) for o in fired.outputs])["escalation"]["status"] == "firing"
    closed = facts_of([*THREE[0], told("t2", 8, ANCHOR + timedelta(days=26), "closed")])[-1][1]
    later = msgspec.structs.replace(read_fact(closed, at + timedelta(minutes=1)), revision=2)
    again = incident_step(fired.incident, key, [later], WATCH)
    assert (again.changed, again.outputs) == (True, [])


def test_a_ticket_that_belongs_elsewhere_leaves_its_incident():
    """A corrected incident empties the old fact and tells a new one."""
    events = [read(line, WATCH.rulebook.vocabulary)[1] for line in THREE[0]]
    first = step(None, "t2", events, WATCH)
    moved = told("t2", 9, ANCHOR + timedelta(days=30), "corrected", incident="i2")
    result = step(first.ticket, "t2", [read(moved, WATCH.rulebook.vocabulary)[1]], WATCH)
    facts = {o.key.split("/")[1]: read_fact(o.value) for o in result.outputs if o.channel is Channel.FACTS}
    assert (facts["i1"].accepted, facts["i1"].revision) == (None, 2)
    assert facts["i2"].accepted is not None


def test_a_fact_says_nothing_twice():
    """Events that change nothing of what a ticket contributes publish no fact."""
    events = [read(line, WATCH.rulebook.vocabulary)[1] for line in THREE[0]]
    first = step(None, "t2", events, WATCH)
    urged = read(told("t2", 7, ANCHOR + timedelta(days=25), "urged"), WATCH.rulebook.vocabulary)[1]
    second = step(first.ticket, "t2", [urged], WATCH)
    assert [o for o in second.outputs if o.channel is Channel.FACTS] == []


def test_an_incident_is_forgotten_seven_months_after_its_last_event():
    """Until then it is there, a moment later it is not."""
    facts = facts_of(FIRST, *THREE[:1])
    last_at = ANCHOR + timedelta(days=24)
    kept, _, _ = judged(facts, horizon=last_at + FORGET_AFTER)
    assert kept is not None
    gone, _, _ = judged(facts, horizon=last_at + FORGET_AFTER + timedelta(seconds=1))
    assert gone is None


def test_a_crowded_incident_refuses_more_tickets():
    """There is a limit; what is in it already still counts."""
    key = facts_of(FIRST)[0][0]
    full = incident_step(None, key, [Fact(f"t{n}", 1) for n in range(TICKETS_MAX)], WATCH)
    more = incident_step(full.incident, key, [Fact("one-more", 1)], WATCH)
    assert [(fact.ticket, refusal) for fact, refusal in more.refused] == [("one-more", Refusal.TOO_MANY_EVENTS)]
    known = incident_step(full.incident, key, [Fact("t1", 2)], WATCH)
    assert (known.changed, known.refused) == (True, [])


def test_an_incident_survives_being_stored():
    """Bytes and back, it says nothing again."""
    state, _, _ = judged(facts_of(FIRST, *THREE))
    restored = decode(encode(state))
    assert restored == state
    again = incident_step(restored, facts_of(FIRST)[0][0], [], WATCH, LATER)
    assert again.outputs == []


@pytest.mark.parametrize("size", [4, 20])
def test_an_incident_is_small(size):
    """About two hundred bytes a ticket, so that one of four stays within a kilobyte."""
    facts = facts_of(FIRST, *(complaint(f"t{n}", n, substantiated=True) for n in range(2, size + 1)))
    state, _, _ = judged(facts)
    assert len(encode(state)) <= 400 + 220 * size
