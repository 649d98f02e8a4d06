"""The second reading, held against the regulation by hand: what annex 2 asks, example by example."""

from datetime import datetime, timedelta

import pytest

from tests.second_reading.repair import read

DAY = "2026-11-23T"
ACCEPTED = "08:00:00 e1 accepted unit=NCSC level=national mode=1 hung_up_at=08:01:00"
TO_CITY = "unit=NCSC level=national to_unit=3201 to_level=city"
TO_PROVINCE = "unit=NCSC level=national to_unit=32 to_level=province"


def at(clock):
    """Read a time of the day of the examples."""
    return datetime.fromisoformat(f"{DAY}{clock}+08:00")


def event(line, ticket="t1"):
    """Write an event out of one line: time, id, what happened, and what is told of it."""
    clock, id_, what, *told = line.split()
    data = dict(word.split("=") for word in told)
    if "mode" in data:
        data["mode"] = int(data["mode"])
    if "hung_up_at" in data:
        data["hung_up_at"] = at(data["hung_up_at"]).isoformat()
    source = data.pop("source", "s")
    return {
        "specversion": "1.0",
        "id": id_,
        "source": source,
        "type": f"repair.{what}",
        "subject": ticket,
        "time": at(clock).isoformat(),
        "data": data,
    }


def clocks(*lines, until=None):
    """Read the lines; the results by rule and starting event."""
    results = read([event(line) for line in lines], at(until) if until else None)
    return {(rule, start): result for (_, rule, _, start), result in results.items()}


def clock(rule, start, *lines, until=None):
    """Read the lines; one result."""
    return clocks(*lines, until=until)[f"repair/{rule}", start]


def test_two_minutes_count_from_hanging_up():
    """Not the taking down of the report but the end of the call starts the two minutes of 五(二)2."""
    result = clock("dispatch", "e1", ACCEPTED, f"08:02:59 e2 dispatched {TO_CITY}")
    assert result["started_at"] == at("08:01:00")
    assert result["due_at"] == at("08:03:00")
    assert result["outcome"] == "met"
    assert result["stopped_at"] == at("08:02:59")


def test_a_report_on_the_web_counts_from_submission():
    """Nobody hangs up on the web: the event's own time starts the clock."""
    result = clock("dispatch", "e1", "08:00:00 e1 accepted unit=NCSC level=national via=web")
    assert result["due_at"] == at("08:02:00")


@pytest.mark.parametrize(("dispatched", "outcome"), [("08:03:00", "met"), ("08:03:00.001", "late")])
def test_within_two_minutes_includes_the_last_instant(dispatched, outcome):
    """The last instant is still within the limit, and nothing is rounded."""
    assert clock("dispatch", "e1", ACCEPTED, f"{dispatched} e2 dispatched {TO_CITY}")["outcome"] == outcome


@pytest.mark.parametrize(
    ("until", "outcome"), [(None, "running"), ("08:03:00", "running"), ("08:03:00.001", "breached")]
)
def test_a_breach_needs_proof_of_silence(until, outcome):
    """Only once it is known that nothing came by the due instant is the limit broken."""
    assert clock("dispatch", "e1", ACCEPTED, until=until)["outcome"] == outcome


def test_dispatch_before_hanging_up_is_in_time():
    """Who dispatches while the caller still speaks, or even before the report is taken down, has done it."""
    for dispatched in ("07:59:00", "08:00:30"):
        result = clock("dispatch", "e1", f"{dispatched} e2 dispatched {TO_CITY}", ACCEPTED)
        assert result["outcome"] == "met"
        assert result["alerts"] == {}


def test_without_a_call_an_earlier_dispatch_stops_nothing():
    """A stop comes after its start; only a hang-up may come later than the dispatch."""
    lines = (f"07:59:00 e2 dispatched {TO_CITY}", "08:00:00 e1 accepted unit=NCSC level=national via=app")
    assert clock("dispatch", "e1", *lines, until="08:05:00")["outcome"] == "breached"


@pytest.mark.parametrize(("mode", "level"), [(1, "national"), (2, "national"), (3, "province")])
def test_who_took_the_call_owes_the_dispatch(mode, level):
    """In modes 1 and 2 the national centre, in mode 3 the provincial one."""
    result = clock("dispatch", "e1", f"08:00:00 e1 accepted unit=X mode={mode}")
    assert (result["owner"], result["owner_level"]) == ("X", level)


def test_a_returned_ticket_goes_out_again_within_three_minutes():
    """Every return starts three minutes for the unit it came back to; another unit's act does not help."""
    lines = (
        "08:02:00 e3 returned unit=3201 level=city to_unit=NCSC to_level=national",
        "08:03:00 e4 dispatched unit=32 level=province to_unit=3202 to_level=city",
        "08:05:00 e5 dispatched unit=NCSC level=national to_unit=3202 to_level=city",
    )
    result = clock("redispatch", "e3", ACCEPTED, *lines)
    assert (result["outcome"], result["stopped_at"]) == ("met", at("08:05:00"))
    assert (result["owner"], result["owner_level"]) == ("NCSC", "national")
    assert result["alerts"] == {"warning-50": "resolved", "warning-80": "resolved"}


def test_returning_further_up_answers_a_return():
    """The province that returns to the national centre has acted, and the three minutes pass on."""
    found = clocks(
        "08:00:00 e1 accepted unit=NCSC level=national mode=2",
        "08:03:00 e4 returned unit=3201 level=city to_unit=32 to_level=province",
        "08:04:00 e5 returned unit=32 level=province to_unit=NCSC to_level=national",
        until="08:20:00",
    )
    assert found["repair/redispatch", "e4"]["outcome"] == "met"
    assert found["repair/redispatch", "e5"]["outcome"] == "breached"


@pytest.mark.parametrize("answer", ["received", "returned", "dispatched"])
def test_the_province_answers_within_two_minutes(answer):
    """五(三)1: accepting, returning and forwarding are each an answer."""
    result = clock(
        "receive-province",
        "e2",
        "08:00:00 e1 accepted mode=2",
        f"08:01:00 e2 dispatched {TO_PROVINCE}",
        f"08:03:00 e3 {answer} unit=32",
    )
    assert (result["outcome"], result["owner"], result["owner_level"]) == ("met", "32", "province")


def test_the_provinces_limit_is_mode_twos():
    """A correction of the mode takes the clock away, as if the mode had been known from the start."""
    lines = ("08:00:00 e1 accepted mode=2", f"08:01:00 e2 dispatched {TO_PROVINCE}")
    assert ("repair/receive-province", "e2") in clocks(*lines)
    assert ("repair/receive-province", "e2") not in clocks(*lines, "09:00:00 e9 corrected mode=1")


def test_an_unstated_mode_shows_in_the_first_telling_dispatch():
    """From the national centre to a province is mode 2; what tells nothing is passed over."""
    lines = (
        "08:00:00 e1 accepted",
        "08:00:30 e2 dispatched unit=NCSC",
        f"08:01:00 e3 dispatched {TO_PROVINCE}",
    )
    assert ("repair/receive-province", "e3") in clocks(*lines)
    mode_three = clock("dispatch", "e1", "08:00:00 e1 accepted", "08:01:00 e2 dispatched level=province")
    assert mode_three["owner_level"] == "province"


def test_city_and_county_answer_within_three_minutes():
    """五(三)2 holds in every mode, for the unit that was sent the ticket; forwarding it is no answer."""
    lines = (
        f"08:01:00 e2 dispatched {TO_CITY}",
        "08:02:00 e3 received unit=3202",
        "08:03:00 e4 dispatched unit=3201 level=city to_unit=320105 to_level=county",
        "08:04:00.001 e5 returned unit=3201",
    )
    found = clocks(ACCEPTED, *lines)
    result = found["repair/receive-local", "e2"]
    assert (result["outcome"], result["due_at"], result["owner"]) == ("late", at("08:04:00"), "3201")
    assert ("repair/receive-local", "e4") not in found, "from city to county the text is silent"


def test_an_unnamed_unit_may_be_any():
    """A record that does not say who acted is taken as the answer of whoever owed it."""
    lines = (ACCEPTED, f"08:01:00 e2 dispatched {TO_CITY}", "08:02:00 e3 received level=city")
    assert clock("receive-local", "e2", *lines)["outcome"] == "met"


@pytest.mark.parametrize(
    ("closed", "stopped", "outcome"),
    [
        ("08:03:00", None, "cancelled"),
        ("08:02:00", "08:02:30", "cancelled"),
        ("08:03:00.001", None, "breached"),
        ("08:04:00", "08:05:00", "late"),
        ("08:02:30", "08:02:00", "met"),
    ],
)
def test_closing_ends_what_is_not_yet_due(closed, stopped, outcome):
    """A closing cancels only duties not yet due and not yet done; a breach stays one."""
    lines = [ACCEPTED, f"{closed} e8 closed"]
    if stopped:
        lines.append(f"{stopped} e9 dispatched {TO_CITY}")
    assert clock("dispatch", "e1", *lines, until="09:00:00")["outcome"] == outcome


def test_a_voided_event_never_was():
    """The void takes back its own source's event unless it names another; unaccepted, nothing binds."""
    assert clocks(ACCEPTED, "08:10:00 e2 voided event_id=e1", until="09:00:00") == {}
    assert clocks(ACCEPTED, "08:10:00 e2 voided event_id=e1 source=other", until="09:00:00") != {}
    assert clocks(ACCEPTED, "08:10:00 e2 voided event_id=e1 event_source=s source=other") == {}


def test_a_voided_void_takes_nothing_back():
    """Only a later void undoes a void, and so on to the last word."""
    lines = [ACCEPTED, "08:10:00 e2 voided event_id=e1", "08:11:00 e3 voided event_id=e2"]
    assert clocks(*lines) != {}
    assert clocks(*lines, "08:12:00 e4 voided event_id=e3") == {}
    assert clocks(ACCEPTED, "08:10:00 e2 voided event_id=e3", "08:11:00 e3 voided event_id=e1") == {}


def test_the_last_correction_counts():
    """A corrected hang-up holds as if known from the start, whatever was said before."""
    lines = ("08:30:00 e3 corrected hung_up_at=08:00:30", "08:20:00 e4 corrected hung_up_at=08:00:10")
    result = clock("dispatch", "e1", ACCEPTED, f"08:02:30 e2 dispatched {TO_CITY}", *lines)
    assert (result["started_at"], result["outcome"]) == (at("08:00:30"), "met")


def test_equal_times_are_ordered_by_id_as_a_person_counts():
    """e10 comes after e9: returned first, dispatched again afterwards."""
    lines = (
        "08:02:00 e10 dispatched unit=NCSC level=national to_unit=3202 to_level=city",
        "08:02:00 e9 returned unit=3201 level=city to_unit=NCSC to_level=national",
    )
    assert clock("redispatch", "e9", ACCEPTED, *lines)["outcome"] == "met"
    reversed_ids = [line.replace("e9", "e11") for line in lines]
    assert clock("redispatch", "e11", ACCEPTED, *reversed_ids, until="09:00:00")["outcome"] == "breached"


def test_alerts_speak_of_duties_still_open():
    """Each level is raised once its instant has passed in silence, and resolved by whatever ends the duty."""
    assert clock("dispatch", "e1", ACCEPTED, until="08:02:00")["alerts"] == {}
    assert clock("dispatch", "e1", ACCEPTED, until="08:02:36.001")["alerts"] == {
        "warning-50": "firing",
        "warning-80": "firing",
    }
    late = clock("dispatch", "e1", ACCEPTED, f"08:03:01 e2 dispatched {TO_CITY}")
    assert set(late["alerts"].items()) == {(level, "resolved") for level in ("warning-50", "warning-80", "breach")}
    assert clock("dispatch", "e1", ACCEPTED, "08:02:10 e2 closed")["alerts"] == {"warning-50": "resolved"}
    assert clock("dispatch", "e1", ACCEPTED, "08:03:10 e2 closed")["alerts"]["breach"] == "resolved"


def test_order_of_arrival_and_repeats_change_nothing():
    """The result is that of the set of events; tickets do not meet."""
    events = [
        event(ACCEPTED),
        event(f"08:02:00 e2 dispatched {TO_CITY}"),
        event("08:03:00 e3 received unit=3201"),
    ]
    others = [event(ACCEPTED, "t2")]
    expected = read(events + others, at("09:00:00"))
    assert len(expected) == 3
    assert read(others + events[::-1] + events, at("09:00:00")) == expected


def test_the_first_telling_of_an_event_counts():
    """The same identity with other content is no second event."""
    twice = [event(ACCEPTED), event(ACCEPTED.replace("08:01:00", "08:01:30"))]
    (result,) = read(twice, None).values()
    assert result["due_at"] - at("08:01:00") == timedelta(minutes=2)
