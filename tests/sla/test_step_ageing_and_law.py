"""What a ticket refuses and forgets, and what another law or another day makes of it."""

import re
from datetime import timedelta

import pytest

from sla.duty import Outcome
from sla.rulebook import parse
from sla.step import Refusal
from sla.ticket import EVENTS_MAX
from sla.vocabulary import MARKER_TERM
from sla.watch import Watch
from tests.sla.lives_of_events import ACCEPTED, TO_CITY, Life, changed, instant, shipped, texts_of

DISPATCH = "repair/dispatch.toml"
WARNINGS = ('warn  = ["50 %", "80 %"]', 'warn  = ["30 s", "5 min"]')


def life_under(texts):
    """Start a ticket under a changed law."""
    return Life(Watch(parse(texts)))


# -- what is refused, and what is forgotten --------------------------------------------------------------------


def test_a_repeat_changes_nothing():
    """The same event again is no news, with a later append time too."""
    life = Life()
    life.tell(ACCEPTED)
    stepped = life.tell(ACCEPTED, appended_at="09:00:00")
    assert (stepped.changed, stepped.outputs, stepped.refused) == (False, [], [])


def test_the_same_identity_with_other_content_is_refused():
    """The first telling stays; the second is a conflicting repeat; another source has ids of its own."""
    life = Life()
    life.tell(ACCEPTED)
    stepped = life.tell(ACCEPTED.replace("08:01:00", "08:01:30"))
    assert life.refused == [("e1", Refusal.CONFLICTING_REPEAT)]
    assert not stepped.changed
    life.tell("08:02:00 e1 urged", source="other")
    assert len(life.refused) == 1


def test_a_ticket_holds_so_many_events_and_no_more():
    """The 501st event is refused; a repeat of a known one is still a repeat."""
    life = Life()
    life.tell(ACCEPTED, *(f"08:02:00 u{number} urged" for number in range(1, EVENTS_MAX)))
    assert life.refused == []
    life.tell("08:02:00 u7 urged", f"08:02:01 e2 {TO_CITY}")
    assert life.refused == [("e2", Refusal.TOO_MANY_EVENTS)]
    assert len(life.ticket.events) == EVENTS_MAX == 500
    assert life.verdict()["outcome"] == "running"


def test_a_closed_ticket_is_forgotten():
    """Seven days after its last event only a marker is left; a later event is refused, and the marker ends too."""
    life = Life()
    life.tell(ACCEPTED, f"08:02:00 e2 {TO_CITY}", "08:03:00 e3 received unit=3201", "10:00:00 e4 closed")
    life.quiet_until("2026-11-30T10:00:00")
    assert not life.ticket.forgotten
    said = len(life.outputs)
    life.quiet_until("2026-11-30T10:00:00", microseconds=1)
    assert life.ticket.forgotten
    assert (life.ticket.events, life.ticket.published) == ([], {})
    life.tell("10:30:00 e5 urged", ACCEPTED)
    assert life.refused == [("e5", Refusal.FORGOTTEN_TICKET), ("e1", Refusal.FORGOTTEN_TICKET)]
    assert len(life.outputs) == said, "forgetting is no news for anybody"
    life.step([], instant("2026-11-30T10:00:00") + MARKER_TERM)
    assert life.ticket is not None
    life.step([], instant("2026-11-30T10:00:00") + MARKER_TERM + timedelta(microseconds=1))
    assert life.ticket is None


def test_a_business_may_be_known_for_less_time():
    """`marked_for`: of tickets by the thousand nothing is left soon after they are forgotten."""
    texts = changed("vocabulary.toml", 'forget_after = "7 d"', 'forget_after = "7 d"\nmarked_for = "1 h"')
    life = Life(Watch(parse(texts)))
    life.tell(ACCEPTED, "10:00:00 e4 closed")
    life.quiet_until("2026-11-30T10:30:00")
    assert life.ticket.forgotten
    life.quiet_until("2026-11-30T11:00:01")
    assert life.ticket is None


def test_a_marker_whose_own_term_has_passed_goes_with_the_same_silence():
    """After a jump of a year the timer of the marker is due already: it must not be left behind."""
    life = Life()
    life.tell(ACCEPTED, "10:00:00 e4 closed")
    life.quiet_until("2027-11-23T08:00:00")
    life.quiet_until("2027-11-23T08:00:00")
    assert life.ticket is None


def test_an_event_long_after_the_closing_is_refused_at_once():
    """Event time decides: no silence needs to be proven for a ticket whose time has passed."""
    life = Life()
    life.tell(ACCEPTED, "10:00:00 e2 closed", "2026-11-30T10:00:00 e3 urged")
    assert life.refused == []
    life.tell("2026-12-07T10:00:00.000001 e4 urged")
    assert life.refused == [("e4", Refusal.FORGOTTEN_TICKET)]


def test_a_ticket_whose_closing_was_voided_is_open():
    """A closing that was taken back forgets nothing: the ticket hears of what comes weeks later."""
    life = Life()
    life.tell(ACCEPTED, "10:00:00 e2 closed", "10:05:00 e3 voided event_id=e2")
    life.quiet_until("2026-12-01T08:00:00")
    assert not life.ticket.forgotten
    life.tell(f"2026-12-02T08:00:00 e4 {TO_CITY}")
    assert life.refused == []
    assert life.verdict()["outcome"] == "late"


def test_an_open_ticket_is_not_forgotten():
    """What nobody closed is remembered, its breach with it."""
    life = Life()
    life.tell(ACCEPTED)
    life.quiet_until("2027-11-23T08:00:00")
    life.tell(f"2027-11-23T09:00:00 e2 {TO_CITY}")
    assert life.refused == []
    assert life.verdict()["outcome"] == "late"


def test_a_ticket_nobody_accepted_is_given_up():
    """Its events are dead letters once its time has passed, and nothing is remembered."""
    life = Life()
    life.tell(f"08:01:00 e2 {TO_CITY}", "08:02:00 e3 received unit=3201")
    life.quiet_until("2026-11-30T08:02:00")
    assert life.ticket is not None
    life.quiet_until("2026-11-30T08:02:00", microseconds=1)
    assert life.refused == [("e2", Refusal.NEVER_ACCEPTED), ("e3", Refusal.NEVER_ACCEPTED)]
    assert (life.ticket, life.outputs) == (None, [])


# -- another law, another day ----------------------------------------------------------------------------------


def test_a_rule_that_left_the_rulebook_withdraws_its_clocks():
    """At the next step of the ticket a clock whose rule is gone is taken back, with its alerts."""
    life = Life()
    life.tell(ACCEPTED)
    life.quiet_until("08:10:00")
    gone = (DISPATCH, "clauses.toml")
    texts = {path: text for path, text in texts_of("sgcc-2014").items() if path not in gone}
    life.watch = Watch(parse(texts))
    life.tell(f"08:20:00 e2 {TO_CITY}")
    assert life.verdicts()[-1] == ("cancelled", "start_withdrawn")
    assert set(life.statuses().values()) == {"retracted"}
    life.tell("08:30:00 e3 received unit=3201")
    assert len(life.verdicts()) == 3, "it is taken back once"


def test_an_event_type_that_left_the_vocabulary_is_kept_out_of_the_clocks():
    """A stored event of a type that is known no more stops nothing: the ticket lives on, whichever came first."""
    life = Life()
    life.tell("07:59:00 e0 urged", ACCEPTED)
    life.watch = Watch(parse(changed("vocabulary.toml", '  "repair.urged",\n', "")))
    life.tell(f"08:02:00 e2 {TO_CITY}")
    assert life.verdict()["outcome"] == "met"


@pytest.mark.parametrize(("quiet_before", "historic"), [("08:03:00", False), ("08:03:00.000001", True)])
def test_alerts_of_the_past_are_historic(quiet_before, historic):
    """Due before `quiet_before` is the past: published as such."""
    life = Life(Watch(shipped(), instant(quiet_before)))
    life.tell(ACCEPTED)
    life.quiet_until("08:10:00")
    assert {data["historic"] for data in life.alerts().values()} == {historic}


@pytest.mark.parametrize("news", [f"08:01:30 e2 {TO_CITY}", "08:01:30 e2 voided event_id=e1"])
def test_what_was_historic_is_taken_back_as_historic(news):
    """The end of an alert nobody was paged for pages nobody either, whichever way it ends."""
    life = Life(Watch(shipped(), instant("2026-11-24T00:00:00")))
    life.tell(ACCEPTED)
    life.quiet_until("08:10:00")
    life.tell(news)
    assert set(life.statuses().values()) == {"retracted"}
    assert {data["historic"] for data in life.alerts().values()} == {True}


@pytest.mark.parametrize(
    ("accepted", "limit"),
    [("2026-11-24T23:59:59.999999", 120), ("2026-11-25T00:00:00", 240), ("2013-12-31T23:59:59", None)],
)
def test_a_clock_keeps_the_term_in_force_at_its_start(accepted, limit):
    """The date counts in the rulebook's zone; before the first date there is no clock."""
    later = '[[in_force]]\nsince = 2026-11-25\nterm = "4 min"\n\n[[in_force]]\nsince = 2014-01-01'
    life = life_under(changed(DISPATCH, "[[in_force]]\nsince = 2014-01-01", later))
    life.tell(f"{accepted} e1 accepted")
    assert life.verdicts() == ([] if limit is None else [("running", "awaited")])
    assert limit is None or life.verdict()["limit_seconds"] == limit


def test_a_warning_may_come_a_lead_before_the_end():
    """Half a minute before due it fires; a lead longer than the term warns never."""
    life = life_under(changed(DISPATCH, *WARNINGS))
    life.tell(ACCEPTED)
    life.quiet_until("08:02:30")
    assert life.alerts() == {}
    life.quiet_until("08:02:30", microseconds=1)
    assert life.statuses() == {"warning-30s": "firing"}
    life.quiet_until("08:10:00")
    assert set(life.statuses()) == {"warning-30s", "breach"}


def test_an_assumed_limit_warns_and_never_breaches():
    """Where the text gives no number, the end of the term is a warning like the others."""
    life = life_under(changed(DISPATCH, 'business = "repair"', 'business = "repair"\nassumed = true'))
    life.tell(ACCEPTED)
    life.quiet_until("08:10:00")
    assert set(life.statuses()) == {"warning-50", "warning-80", "warning-100"}
    assert {data["level"] for data in life.alerts().values()} == {"warning"}
    assert all(data["assumed"] for data in life.alerts().values())
    assert life.verdict()["assumed"]
    assert life.verdict()["outcome"] == Outcome.BREACHED


def test_ids_are_made_of_what_they_name():
    """Ticket, rule, source and id of the start: no worker, no attempt; a slash inside a name is escaped."""
    life = Life()
    life.tell(ACCEPTED, source="95598/ncsc")
    life.quiet_until("08:10:00")
    clock_id = "2026112300017/repair/dispatch/95598%2Fncsc/e1"
    assert life.verdict()["clock_id"] == clock_id
    assert life.alerts()["breach"]["alert_id"] == f"{clock_id}/breach"
    assert re.fullmatch("sgcc-2014@[0-9a-f]{12}", life.verdict()["rulebook"])
