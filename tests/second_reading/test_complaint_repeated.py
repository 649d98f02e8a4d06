"""The second reading of daily reports, call-back attempts, evidence and contradictions, example by example."""

import pytest

from tests.second_reading.complaint_lines import at, clocks, rule

ACCEPTED = "09:00:00 e1 accepted unit=NCSC level=national"
MAJOR = f"{ACCEPTED} grade=major"
SENT = "09:10:00 e2 dispatched to_unit=3201 to_level=city"
MET, LATE = ("met", "in_time"), ("late", "after_due")
BREACHED = ("breached", "not_done")
STANDS, PUT_RIGHT = ("breached", "contradiction"), ("late", "put_right")


def test_progress_is_reported_every_day_until_the_reply():
    """七(三): each calendar day from the day after, by half past five, the last instant included."""
    lines = (
        MAJOR,
        SENT,
        "2026-11-24T17:30:00 e3 progress_reported",
        "2026-11-26T08:00:00 e4 progress_reported",
        "2026-11-27T09:00:00 e5 replied",
    )
    assert rule("progress", *lines, until="2026-12-24T00:00:00") == {
        "e2 2026-11-24": MET,
        "e2 2026-11-25": LATE,
        "e2 2026-11-26": MET,
        "e2 2026-11-27": ("cancelled", "replied"),
    }
    assert rule("progress", *lines[:2], until="2026-11-25T17:30:00.001") == {
        "e2 2026-11-24": BREACHED,
        "e2 2026-11-25": BREACHED,
    }
    assert rule("progress", f"{ACCEPTED} grade=special", *lines[1:]) == {}, "the clause does not name special ones"


def test_reports_start_with_the_grading_end_with_it_and_return_with_the_reply():
    """七(三): owed while it is major or important, sent out and unanswered; each time from the day after."""
    lines = (
        ACCEPTED,
        SENT,
        "2026-11-24T09:00:00 e3 graded grade=important",
        "2026-11-25T09:00:00 e4 replied",
        "2026-11-26T09:00:00 e5 reply_returned",
        "2026-11-27T09:00:00 e6 graded grade=general",
    )
    assert rule("progress", *lines, until="2026-12-24T00:00:00") == {
        "e3 2026-11-25": ("cancelled", "replied"),
        "e5 2026-11-27": ("cancelled", "regraded"),
    }
    again = ("2026-11-25T12:00:00 e7 graded grade=general", "2026-11-25T13:00:00 e8 graded grade=major")
    found = rule("progress", *lines[:4], *again, until="2026-12-24T00:00:00")
    assert set(found) == {"e3 2026-11-25"}, "once answered, no grade asks for reports"


def failed(day, *clocks_):
    """Write failed calls on a day of November."""
    return [f"2026-11-{day}T{clock}:00 c{day}-{clock} callback reached=false cause=customer" for clock in clocks_]


def test_grave_complaints_are_called_on_five_days_three_times_each():
    """九(三): thin days do not count, nor does a try too soon after the one before."""
    full = [line for day in (23, 24, 26, 30) for line in failed(day, "09:00", "11:00", "13:00")]
    thin = failed(25, "09:00", "10:59", "13:00")
    closed, until = "2026-12-02T09:00:00 z closed", "2026-12-03T00:00:00"
    assert rule("callback-attempts", MAJOR, *full, *thin, closed, until=until) == {
        "c23-09:00": ("breached", "closed_without")
    }
    result = clocks(MAJOR, *full, *thin, *failed(25, "15:00"), closed, until=until)["callback-attempts", "c23-09:00"]
    assert (result["outcome"], result["reason"]) == ("met", "enough_attempts")
    assert result["stopped_at"] == at("2026-11-30T13:00:00")
    reached = "2026-12-01T09:00:00 y callback reached=true"
    assert rule("callback-attempts", MAJOR, *full, reached, closed) == {"c23-09:00": MET}


def test_other_complaints_are_called_three_times():
    """九(三), last sentence: the number is assumed, so it warns; the centre's own failures are no tries."""
    own = "08:00:00 x callback reached=false cause=centre"
    tries = failed(23, "09:30", "11:30")
    result = clocks(ACCEPTED, own, *tries, "12:00:00 z closed", until="12:00:00.001")
    assert result["callback-attempts-general", "c23-09:30"]["alerts"] == {"warning-100": "firing"}
    enough = rule("callback-attempts-general", ACCEPTED, own, *tries, *failed(23, "13:30"))
    assert enough == {"c23-09:30": ("met", "enough_attempts")}


def test_a_reply_sent_back_ends_a_series_of_calls_and_the_next_begins_another():
    """九(三), 九(五): the new reply is called back anew."""
    lines = (*failed(23, "10:00"), "11:00:00 r reply_returned", *failed(24, "10:00"), "2026-11-24T11:00:00 z closed")
    assert rule("callback-attempts-general", ACCEPTED, *lines, until="2026-11-25T00:00:00") == {
        "c23-10:00": ("cancelled", "reply_returned"),
        "c24-10:00": ("breached", "closed_without"),
    }


def test_evidence_stays_under_five_megabytes_and_is_kept_for_years():
    """十三(一), 十三(四)4: in principle, so it warns while it lasts; the grade says for how long it is kept."""
    full, more, less = (
        "10:00:00 e2 evidence_added bytes=5242880",
        "11:00:00 e3 evidence_added bytes=1",
        "12:00:00 e4 evidence_removed bytes=1",
    )
    closed = "13:00:00 e5 closed"
    assert clocks(ACCEPTED, full)["evidence", "e1"]["alerts"] == {}
    over = clocks(ACCEPTED, full, more, until="14:00:00")["evidence", "e1"]
    assert (over["outcome"], over["reason"], over["alerts"]) == ("breached", "over_quota", {"warning": "firing"})
    kept = clocks(ACCEPTED, full, more, less, closed)["evidence", "e1"]
    assert (kept["outcome"], kept["alerts"]) == ("met", {"warning": "resolved"})
    assert kept["keep_until"].isoformat() == "2029-11-23"
    assert clocks(MAJOR, closed)["evidence", "e1"]["keep_until"].isoformat() == "2031-11-23"


@pytest.mark.parametrize(
    ("told", "broken"),
    [
        ("grade=major media=national", "special"),
        ("grade=major forwarded_by=state_organ collective=true", "special"),
        ("grade=important supervised_by=city", "major"),
        ("grade=general forwarded_by=provincial_government collective=true", "major"),
        ("will_go_public=true", "important"),
        ("quality_event=8", "important"),
    ],
)
def test_the_facts_ask_for_a_grade(told, broken):
    """三: graded lower than the facts ask is a contradiction until it is graded as they ask."""
    low = clocks(f"{ACCEPTED} {told}", until="09:00:00.001")
    assert low[f"grade-{broken}", "e1"]["alerts"] == {"warning": "firing"}
    raised = (f"{ACCEPTED} {told}", f"10:00:00 e2 graded grade={broken}")
    assert rule(f"grade-{broken}", *raised) == {"e1": PUT_RIGHT}
    assert rule(f"grade-{broken}", f"{ACCEPTED} {told} grade=special") == {}


@pytest.mark.parametrize(
    ("name", "fault", "cure"),
    [
        ("return-ground", "returned unit=32 ground=other", None),
        ("no-ground", "judged unsubstantiated_reason=satisfied", "reply_returned"),
        ("no-ground", "replied unsubstantiated_reason=withdrawn to_level=province", "reply_returned"),
        ("reply-unanswered", "replied customer_answered=false", "reply_returned"),
        ("appeal-order", "appeal_filed stage=final", None),
        ("handler-level", "received unit=32 level=province", "dispatched unit=32"),
        ("handler-level", "received unit=32 level=county grade=major", "returned unit=32"),
    ],
)
def test_a_contradiction_stands_until_it_is_put_right(name, fault, cure):
    """Nothing is said at its own instant, it stands once silence past that is proven, and what helps helps."""
    lines = (ACCEPTED, f"10:00:00 e2 {fault}")
    assert rule(name, *lines, until="10:00:00") == {"e2": ("running", "awaited")}
    assert rule(name, *lines, until="10:00:00.001") == {"e2": STANDS}
    if cure is not None:
        assert rule(name, *lines, f"11:00:00 e3 {cure}") == {"e2": PUT_RIGHT}


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("return-ground", ["10:00:00 e2 returned ground=not_our_area"]),
        ("no-ground", ["10:00:00 e2 replied unsubstantiated_reason=facts_differ"]),
        ("reply-unanswered", ["10:00:00 e2 replied customer_answered=false to_level=province"]),
        ("appeal-order", ["10:00:00 e2 appealed stage=initial", "10:00:00 e3 appeal_filed stage=final"]),
        ("handler-level", ["10:00:00 e2 received level=county", "11:00:00 e3 received level=hq handling=forward"]),
        ("close-approval", [*failed(23, "10:00"), "11:00:00 e2 callback_waived", "12:00:00 e3 closed"]),
        ("close-approval", [*failed(23, "10:00"), "11:00:00 e2 callback reached=true", "12:00:00 e3 closed"]),
    ],
)
def test_what_the_clauses_allow_is_no_contradiction(name, lines):
    """Grounds, orders and levels that the clause knows say nothing."""
    assert rule(name, ACCEPTED, *lines, until="20:00:00") == {}


def test_giving_up_on_a_customer_needs_approval():
    """九(三): closed after a failed call that nobody approved of leaving at that; a success before it is no help."""
    lines = (ACCEPTED, "09:30:00 e2 callback reached=true", *failed(23, "10:00"), "12:00:00 e3 closed")
    assert rule("close-approval", *lines, until="13:00:00") == {"e3": STANDS}
    assert rule("close-approval", *lines, "14:00:00 e4 callback_waived") == {"e3": PUT_RIGHT}
