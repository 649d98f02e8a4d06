"""Facts and incidents: who counts, what repeats and disorder change, what is forgotten, what is never told."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from sla.cloudevent import read
from sla.fact import Fact
from sla.fact import read as read_fact
from sla.incident import TICKETS_MAX, decode, encode
from sla.incident import step as incident_step
from sla.kinds.recurrence import FORGET_AFTER
from sla.publication import Channel
from sla.rulebook import parse
from sla.step import Refusal, step
from sla.vocabulary import MARKER_TERM
from sla.watch import Watch
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
    assert escalation["evidence"] == ["t1/e3", *(f"t{n}/e{e}" for n in (2, 3, 4) for e in (1, 2))]
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


CLOSED = [
    FIRST,
    *(
        [*lines, told(f"t{number}", 3, ANCHOR + timedelta(days=10 * number + 5), "closed")]
        for number, lines in zip((2, 3, 4), THREE, strict=True)
    ),
]
LAST = ANCHOR + timedelta(days=45)


def test_an_incident_is_forgotten_seven_months_after_its_last_event():
    """Until then it is there, a moment later only a marker, and after as long again nothing."""
    facts = facts_of(*CLOSED)
    kept, _, _ = judged(facts, horizon=LAST + FORGET_AFTER)
    assert len(kept.facts) == 4
    marker, _, _ = judged(facts, horizon=LAST + FORGET_AFTER + timedelta(seconds=1))
    assert (marker.facts, marker.forgotten_through) == ({}, LAST + FORGET_AFTER)
    gone, _, _ = judged(facts, horizon=LAST + FORGET_AFTER + MARKER_TERM + timedelta(seconds=1))
    assert gone is None


def test_while_a_ticket_is_open_nothing_is_forgotten():
    """It may be closed after years, and then what came after it counts."""
    kept, _, _ = judged(facts_of(FIRST, *THREE), horizon=LAST + 10 * FORGET_AFTER)
    assert len(kept.facts) == 4
    assert kept.wake_at is None


def test_what_is_forgotten_is_no_part_of_what_comes_later():
    """A late fact of a forgotten ticket is refused; one accepted later begins a new incident, as if all were there."""
    facts = facts_of(*CLOSED)
    key = facts[0][0]
    marker, _, _ = judged(facts, horizon=LAST + FORGET_AFTER + timedelta(days=1))
    late = msgspec.structs.replace(read_fact(facts[1][1]), ticket="unheard-of", revision=9)
    assert [refusal for _, refusal in incident_step(marker, key, [late], WATCH).refused] == [Refusal.FORGOTTEN_TICKET]
    days = (LAST + FORGET_AFTER + timedelta(days=10) - ANCHOR).days
    again = [*complaint("t9", days, substantiated=True), told("t9", 33, ANCHOR + timedelta(days=days + 9), "closed")]
    later = ANCHOR + timedelta(days=days + 20)
    apart, _, _ = judged(facts_of(again), state=marker, horizon=later)
    together, _, _ = judged(facts_of(*CLOSED, again), horizon=later)
    (new,) = apart.published
    assert new.endswith("/e33")
    assert apart.published[new] == together.published[new]
    assert len(together.published) == 2


def test_a_unit_that_stepped_in_before_the_first_closing_has_no_part():
    """The province that had the first ticket itself is called all the same when three more come."""
    before = [*FIRST, told("t1", 4, ANCHOR - timedelta(days=5), "taken_over", unit="32", level="province")]
    _, events, _ = judged(facts_of(before, *THREE))
    assert alerts(events)["escalation"]["status"] == "firing"


def test_an_escalation_is_historic_by_when_it_came_to_hold():
    """Not by the end of the window, which lies months ahead."""
    facts = facts_of(FIRST, *THREE)
    third = ANCHOR + timedelta(days=44)
    for quiet_before, historic in ((third + timedelta(seconds=1), True), (third, False)):
        watch = msgspec.structs.replace(WATCH, quiet_before=quiet_before)
        _, events, _ = judged(facts, watch=watch)
        assert alerts(events)["escalation"]["historic"] is historic


@pytest.mark.parametrize("customer", ["", "  ", 7, True])
def test_nobody_is_no_customer(customer):
    """Exports write blanks for what is not known; strangers must not become one customer."""
    first = msgspec.json.decode(FIRST[0])
    named = msgspec.json.encode({**first, "data": {**first["data"], "customer": customer}})
    assert facts_of([named, *FIRST[1:]]) == []


def test_an_incident_with_a_long_name_counts_too():
    """A name of the length that is allowed has a key of a bounded one."""
    first = msgspec.json.decode(FIRST[0])
    long = {**first, "data": {**first["data"], "incident": "停电" * 120}}
    ((key, _),) = facts_of([msgspec.json.encode(long), *FIRST[1:]])
    assert len(key) < 200


def test_the_fingerprint_of_an_event_tells_nothing_of_the_customer():
    """Without the key two customers leave the same fingerprint; with it the same customer leaves the same one."""
    first = msgspec.json.decode(FIRST[0])
    other = msgspec.json.encode({**first, "data": {**first["data"], "customer": "13100000000"}})
    keyless = law(secret=b"").rulebook.vocabulary
    assert read(FIRST[0], keyless)[1].digest == read(other, keyless)[1].digest
    keyed = WATCH.rulebook.vocabulary
    assert read(FIRST[0], keyed)[1].digest != read(other, keyed)[1].digest
    assert read(FIRST[0], keyed)[1].digest == read(FIRST[0], keyed)[1].digest


def test_the_key_is_never_printed():
    """Whoever logs a rulebook by mistake logs no key."""
    assert "hush" not in repr(WATCH.rulebook.keyed(b"hush hush hush hush"))


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
