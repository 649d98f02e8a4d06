"""The second reading of the complaint limits, held against the regulation by hand, example by example."""

import ast
from datetime import timedelta
from pathlib import Path

import pytest

from tests.second_reading.complaint import read
from tests.second_reading.complaint_lines import at, clocks, event, rule
from tests.second_reading.complaint_time import after_office_hours, after_working_days, unknown_from

ACCEPTED = "09:00:00 e1 accepted unit=NCSC level=national"
HUNG_UP = f"{ACCEPTED} hung_up_at=09:04:00"
MET, LATE = ("met", "in_time"), ("late", "after_due")
BREACHED, RUNNING = ("breached", "not_done"), ("running", "awaited")
VECTORS = [
    ("2026-09-30T16:30:00", "2026-10-08T09:30:00", "2026-10-08", "2026-10-14"),
    ("2026-09-30T18:10:00", "2026-10-08T10:30:00", "2026-10-08", "2026-10-14"),
    ("2026-10-03T10:00:00", "2026-10-08T10:30:00", "2026-10-08", "2026-10-14"),
    ("2026-10-10T11:30:00", "2026-10-10T15:00:00", "2026-10-12", "2026-10-19"),
    ("2026-02-13T12:10:00", "2026-02-13T15:30:00", "2026-02-14", "2026-02-28"),
    ("2026-02-14T17:00:00", "2026-02-24T10:00:00", "2026-02-24", "2026-03-02"),
    ("2026-11-20T17:00:00", "2026-11-23T10:00:00", "2026-11-23", "2026-11-30"),
    ("2026-11-21T09:00:00", "2026-11-23T10:30:00", "2026-11-23", "2026-11-30"),
    ("2026-01-03T23:59:00", "2026-01-04T10:30:00", "2026-01-04", "2026-01-09"),
    ("2026-11-23T10:00:00", "2026-11-23T12:00:00", "2026-11-24", "2026-12-01"),
]


@pytest.mark.parametrize(("start", "hours", "one_day", "six_days"), VECTORS)
def test_working_time_over_holidays_and_make_up_days(start, hours, one_day, six_days):
    """Two working hours stop with the office, and days end with it; the day of the start is none of them."""
    assert after_office_hours(at(start), timedelta(hours=2)) == at(hours)
    assert after_working_days(at(start), 1) == at(f"{one_day}T17:30:00")
    assert after_working_days(at(start), 6) == at(f"{six_days}T17:30:00")


def test_working_time_ends_with_the_calendar():
    """Past the last published year nothing is guessed."""
    assert after_office_hours(at("2026-12-31T16:00:00"), timedelta(hours=2)) is None
    assert after_office_hours(at("2026-12-31T15:30:00"), timedelta(hours=2)) == at("2026-12-31T17:30:00")
    assert after_working_days(at("2026-12-31T09:00:00"), 1) is None
    assert unknown_from(at("2026-12-31T09:00:00")) == at("2027-01-01T00:00:00")


@pytest.mark.parametrize(
    ("clock", "came"),
    [
        ("09:02:00", ("met", "before_start")),
        ("09:04:00", MET),
        ("09:24:00", MET),
        ("09:24:00.001", LATE),
    ],
)
def test_twenty_minutes_count_from_hanging_up(clock, came):
    """五(二): dispatched within twenty minutes of the end of the call, the last instant included."""
    assert rule("dispatch", HUNG_UP, f"{clock} e2 dispatched to_level=province") == {"e1": came}


@pytest.mark.parametrize(("until", "came"), [(None, RUNNING), ("09:20:00", RUNNING), ("09:20:00.001", BREACHED)])
def test_a_breach_needs_proof_of_silence(until, came):
    """Web and telephone alike count from submission where nobody hung up; at the due instant nothing is broken yet."""
    assert rule("dispatch", f"{ACCEPTED} via=web", until=until) == {"e1": came}


def test_a_letter_binds_nobody_at_the_hotline():
    """二(二)2: other doors know grades and evidence, no limits; whatever the letter was corrected to decides."""
    for letter in ("via=letter", "channel=other", "via=counter"):
        found = clocks(f"{ACCEPTED} {letter}", "10:00:00 e2 dispatched to_level=city to_unit=1", until="20:00:00")
        assert set(found) == {("evidence", "e1")}
    assert ("dispatch", "e1") in clocks(f"{ACCEPTED} via=letter", "10:00:00 e2 corrected channel=95598")


def test_a_returned_complaint_goes_out_again_within_the_hour():
    """五(二): dispatched or processed anew by the centre it came back to; what others do does not help."""
    back = "10:00:00 e3 returned unit=32 to_unit=NCSC to_level=national"
    other = "10:20:00 e4 dispatched unit=32 to_unit=3201 to_level=city"
    assert rule("redispatch", ACCEPTED, back, other, until="11:00:00.001") == {"e3": BREACHED}
    assert rule("redispatch", ACCEPTED, back, other, "11:00:00 e5 reprocessed unit=NCSC") == {"e3": MET}
    assert rule("redispatch", ACCEPTED, back, "11:00:01 e5 dispatched unit=NCSC") == {"e3": LATE}


def test_the_head_office_hears_of_grave_complaints_at_once():
    """五(三): from the moment it is one; its limit is assumed, so it warns."""
    lines = (ACCEPTED, "10:00:00 e2 graded grade=major", "11:00:00 e3 graded grade=special")
    found = clocks(*lines, "10:05:00.001 e4 notified to=hq_marketing")
    assert found["report-marketing", "e2"]["outcome"] == "late"
    assert found["report-marketing", "e2"]["alerts"] == {"warning-100": "resolved"}
    assert ("report-marketing", "e3") not in found, "from major to special is no new occasion"
    assert rule("report-marketing", *lines, "10:05:00 e4 notified to=hq_marketing") == {"e2": MET}
    down = "10:05:00 e4 graded grade=important"
    assert rule("report-marketing", *lines[:2], down) == {"e2": ("cancelled", "regraded")}


def test_each_province_hears_of_an_important_complaint():
    """五(四): thirty minutes from its dispatch there, or from the grading that came later."""
    to_32 = "09:10:00 e2 dispatched to_unit=32 to_level=province"
    to_33 = "09:20:00 e3 dispatched to_unit=33 to_level=province"
    told = "09:40:00 e4 notified to=province_csc to_unit=32"
    important = f"{ACCEPTED} grade=important"
    found = rule("notify-province", important, to_32, to_33, told, until="09:50:00.001")
    assert found == {"e2": MET, "e3": BREACHED}
    later = "09:30:00 e5 graded grade=important"
    assert rule("notify-province", ACCEPTED, to_32, later, "10:00:00 e6 notified to=province_csc") == {"e2": MET}
    assert rule("notify-province", ACCEPTED, to_32, later, "10:00:01 e6 notified to=province_csc") == {"e2": LATE}
    before = "09:25:00 e6 notified to=province_csc"
    assert rule("notify-province", ACCEPTED, to_32, before, later) == {"e2": ("met", "before_start")}
    lowered = "09:15:00 e7 graded grade=general"
    assert rule("notify-province", important, to_32, lowered) == {"e2": ("cancelled", "regraded")}


@pytest.mark.parametrize(
    ("act", "came"),
    [
        ("received unit=32", MET),
        ("received unit=32 handling=forward", RUNNING),
        ("dispatched unit=32", MET),
        ("returned unit=32", MET),
        ("replied unit=32", MET),
        ("received unit=33", RUNNING),
    ],
)
def test_the_province_acts_within_two_hours_round_the_clock(act, came):
    """六: taking, passing on, returning and replying are acts; noting that it will be passed on is none."""
    sent = "22:00:00 e2 dispatched to_unit=32 to_level=province"
    assert rule("receive-province", ACCEPTED, sent, f"2026-11-24T00:00:00 e3 {act}") == {"e2": came}


def test_city_and_county_have_two_working_hours_each():
    """六: their own hours, with the lunch break between; a return to them starts new ones."""
    lines = (
        "11:00:00 e2 dispatched unit=32 to_unit=3201 to_level=city",
        "14:30:00 e3 dispatched unit=3201 to_unit=320105 to_level=county",
        "16:30:00.001 e4 returned unit=320105 to_unit=3201 to_level=city",
    )
    found = rule("receive-local", ACCEPTED, *lines, until="2026-11-24T10:00:00")
    assert found == {"e2": MET, "e3": LATE, "e4": BREACHED}
    assert clocks(ACCEPTED, *lines)["receive-local", "e4"]["due_at"] == at("2026-11-24T09:30:00.001")


@pytest.mark.parametrize(("clock", "came"), [("24T17:30:00", MET), ("24T17:30:00.001", LATE)])
def test_the_customer_is_contacted_within_a_working_day(clock, came):
    """七(一): reached, not only tried; never where the customer is anonymous or asked for confidence."""
    tried = "10:00:00 e2 customer_contacted reached=false"
    reached = f"2026-11-{clock} e3 customer_contacted reached=true"
    assert rule("contact", HUNG_UP, tried, reached) == {"e1": came}
    for secret in ("anonymous", "confidential"):
        assert rule("contact", f"{HUNG_UP} {secret}=true", reached) == {}


def test_the_reply_must_reach_the_centre():
    """七(一): what still lies with the province is no answer."""
    there = "2026-11-30T09:00:00 e2 replied to_level=province"
    passed = "2026-12-01T17:30:00 e3 reply_passed to_level=national"
    assert rule("answer", ACCEPTED, there, until="2026-12-01T17:30:00.001") == {"e1": BREACHED}
    assert rule("answer", ACCEPTED, there, passed) == {"e1": MET}


def test_a_reply_sent_back_was_none():
    """八, 九(五): the old due time goes on; sent back past it, it is broken from then on."""
    replied = "2026-12-01T17:00:00 e2 replied unit=3201"
    in_time, too_late = (f"2026-12-0{clock} e3 reply_returned" for clock in ("1T17:10:00", "2T09:00:00"))
    assert rule("answer", ACCEPTED, replied, in_time, "2026-12-01T17:30:00 e4 replied") == {"e1": MET}
    assert rule("answer", ACCEPTED, replied, in_time, until="2026-12-01T17:30:00.001") == {"e1": BREACHED}
    assert rule("answer", ACCEPTED, replied, too_late, until="2026-12-02T09:00:00") == {"e1": RUNNING}
    broken = rule("answer", ACCEPTED, replied, too_late, until="2026-12-02T09:00:00.001")
    assert broken == {"e1": ("breached", "reopened_after_due")}
    assert rule("answer", ACCEPTED, replied, too_late, "2026-12-02T10:00:00 e4 replied") == {"e1": LATE}


def test_a_superior_sets_another_date_while_there_is_one_to_keep():
    """七(一), last sentence: each date replaces the one before, but none that has passed."""
    longer = "2026-11-24T09:00:00 e2 deadline_set due_at=2026-12-10T12:00:00"
    after = "2026-12-10T12:00:00.001 e3 deadline_set due_at=2026-12-20T12:00:00"
    result = clocks(ACCEPTED, longer, after, until="2026-12-11T00:00:00")["answer", "e1"]
    assert (result["due_at"], result["outcome"]) == (at("2026-12-10T12:00:00"), "breached")
    just = after.replace("12:00:00.001", "12:00:00")
    assert rule("answer", ACCEPTED, longer, just, until="2026-12-11T00:00:00") == {"e1": RUNNING}


def test_closing_ends_what_is_not_yet_due_but_not_what_was_owed():
    """A closed complaint still lacks its answer; if the answer comes in time after all, it is there."""
    closed = "10:00:00 e2 closed"
    assert rule("contact", ACCEPTED, closed) == {"e1": ("cancelled", "closed")}
    assert rule("dispatch", ACCEPTED, closed) == {"e1": ("breached", "closed_after_due")}
    assert rule("answer", ACCEPTED, closed) == {"e1": RUNNING}
    assert rule("answer", ACCEPTED, closed, until="10:00:00.001") == {"e1": ("breached", "closed_without")}
    assert rule("answer", ACCEPTED, closed, "11:00:00 e3 replied", until="12:00:00") == {"e1": MET}


def test_the_kpi_counts_from_the_last_arrival_to_the_first_reply():
    """Earlier arrivals never counted, later ones start nothing, and nobody is alerted."""
    lines = (
        ACCEPTED,
        "09:10:00 e2 dispatched to_level=city",
        "2026-12-09T09:00:00 e3 dispatched to_level=county",
        "2026-12-17T17:30:00.001 e4 replied to_level=province",
        "2026-12-18T09:00:00 e5 dispatched to_level=city",
    )
    assert rule("kpi-answer", *lines) == {"e2": ("cancelled", "superseded"), "e3": LATE}
    assert clocks(*lines)["kpi-answer", "e3"]["alerts"] == {}


def test_the_customer_is_called_back_within_a_working_day_of_the_reply():
    """九(二): a call counts even if it failed; a reply that went back needs none; not where none is wanted."""
    replied, called = "10:00:00 e2 replied", "2026-11-24T17:30:00 e3 callback reached=false"
    assert rule("callback", ACCEPTED, replied, called) == {"e2": MET}
    assert rule("callback", ACCEPTED, replied, "11:00:00 e3 callback_waived") == {"e2": MET}
    back = ("11:00:00 e3 reply_returned", "12:00:00 e4 replied")
    found = rule("callback", ACCEPTED, replied, *back, until="2026-11-24T17:30:00.001")
    assert found == {"e2": ("cancelled", "reply_returned"), "e4": BREACHED}
    assert rule("callback", ACCEPTED, replied, "11:00:00 e3 closed", until="12:00:00") == {
        "e2": ("breached", "closed_without")
    }
    for unwanted in ("anonymous=true", "confidential=true", "callback_wanted=false"):
        assert rule("callback", f"{ACCEPTED} {unwanted}", replied) == {}


def test_where_the_calendar_ends_nothing_is_known():
    """Certain is only what was done before it can possibly be due, were all unknown days worked."""
    taken = "2026-12-30T09:00:00 e1 accepted"
    unknown = ("unknown", "calendar_ends")
    result = clocks(taken, until="2027-02-01T00:00:00")["answer", "e1"]
    assert (result["outcome"], result["reason"], result["due_at"]) == (*unknown, None)
    assert rule("answer", taken, "2027-01-05T00:00:00 e2 replied") == {"e1": MET}
    assert rule("answer", taken, "2027-01-05T00:00:00.001 e2 replied") == {"e1": unknown}
    assert rule("answer", taken, "2027-01-06T00:00:00 e2 closed", until="2027-01-07T00:00:00") == {
        "e1": ("breached", "closed_without")
    }
    assert rule("contact", taken, "2026-12-31T00:00:00 e2 closed") == {"e1": ("cancelled", "closed")}


def test_an_upheld_appeal_or_a_disaster_excuses_what_was_broken():
    """十一: the last decision about overtime counts; nothing broken disappears, and nothing kept is excused."""
    upheld = "2026-11-24T09:00:00 e8 appealed about=overtime granted=true"
    overturned = "2026-11-25T09:00:00 e9 appealed about=overtime granted=false"
    late = (ACCEPTED, "10:00:00 e2 dispatched")
    assert clocks(*late, upheld)["dispatch", "e1"]["excused"] is True
    assert clocks(*late, upheld, overturned)["dispatch", "e1"]["excused"] is False
    assert clocks(*late, upheld.replace("overtime", "return"))["dispatch", "e1"]["excused"] is False
    assert clocks(*late, "10:00:00 e3 corrected force_majeure=true")["dispatch", "e1"]["excused"] is True
    assert clocks(*late, upheld)["contact", "e1"]["excused"] is False


def test_order_of_arrival_and_repeats_change_nothing():
    """The result is that of the set of events; what was voided never was; tickets do not meet."""
    events = [event(ACCEPTED), event("09:25:00 e2 dispatched"), event("09:15:00 e3 voided event_id=e2")]
    expected = read([*events, event(ACCEPTED, "t2")], at("12:00:00"))
    assert expected["t1", "complaint/dispatch", "s", "e1", None]["outcome"] == "breached"
    assert read([event(ACCEPTED, "t2"), *events[::-1], *events], at("12:00:00")) == expected
    assert clocks(ACCEPTED, "09:30:00 e2 voided event_id=e1") == {}


def test_the_second_reading_shares_no_code_with_the_product():
    """What agrees by importing the other has not read for itself."""
    ours = {"sla", "streams", "agents", "alerting", "cli"}
    for path in Path(__file__).parent.glob("[!t]*.py"):
        names = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        imported = {alias.name for node in names if isinstance(node, ast.Import) for alias in node.names}
        imported |= {str(node.module) for node in names if isinstance(node, ast.ImportFrom)}
        assert imported
        assert not {name.partition(".")[0] for name in imported} & ours, path.name
