"""The drawn complaints, judged by the shipped rulebook: good lives keep every limit, troubled ones meet every rule."""

import json
import re
from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from cli import generate
from cli.office_days import DAY, Office
from cli.rulebook_files import load
from sla import cloudevent
from sla.publication import Channel
from sla.step import step
from sla.watch import Watch
from tests.cli.test_generate import happened, run

START = datetime.fromisoformat("2026-11-23T08:00:00+08:00")
SPAN = timedelta(hours=1)
SILENT_UNTIL = START + timedelta(days=60)

WAYS = {
    "complaint/answer": "in_time after_due not_done closed_without closed_after_due reopened_after_due",
    "complaint/appeal-order": "contradiction",
    "complaint/callback": "in_time after_due not_done closed_without reply_returned",
    "complaint/callback-attempts": "in_time enough_attempts closed_without awaited",
    "complaint/callback-attempts-general": "in_time enough_attempts closed_without",
    "complaint/close-approval": "contradiction",
    "complaint/contact": "in_time after_due not_done closed closed_after_due",
    "complaint/dispatch": "in_time after_due not_done before_start closed closed_after_due",
    "complaint/evidence": "in_time over_quota awaited",
    "complaint/grade-special": "contradiction put_right",
    "complaint/grade-major": "contradiction put_right",
    "complaint/grade-important": "contradiction put_right",
    "complaint/handler-level": "contradiction put_right",
    "complaint/kpi-answer": "in_time after_due not_done superseded closed",
    "complaint/no-ground": "contradiction put_right",
    "complaint/notify-province": "in_time after_due not_done regraded closed closed_after_due",
    "complaint/progress": "in_time after_due not_done replied regraded closed",
    "complaint/receive-local": "in_time after_due not_done closed closed_after_due",
    "complaint/receive-province": "in_time after_due not_done closed closed_after_due",
    "complaint/redispatch": "in_time after_due closed closed_after_due",
    "complaint/reply-unanswered": "contradiction put_right",
    "complaint/report-marketing": "in_time after_due not_done regraded closed closed_after_due",
    "complaint/return-ground": "contradiction",
}
"""Every way in which a clock of these rules comes out among a thousand complaints in trouble."""

FROM_THE_MILLISECOND = {
    "complaint/answer",
    "complaint/callback",
    "complaint/contact",
    "complaint/dispatch",
    "complaint/notify-province",
    "complaint/progress",
    "complaint/receive-local",
    "complaint/receive-province",
    "complaint/redispatch",
    "complaint/report-marketing",
}
"""Rules that lives keep exactly on the limit, and miss by a millisecond."""


@pytest.fixture(scope="module")
def watch():
    """The law as shipped."""
    return Watch(load("sgcc-2014"))


@pytest.fixture(scope="module")
def events():
    """A thousand complaints, every one in trouble."""
    return list(generate.lives(1_000, 7, START, SPAN, trouble=1, business="complaint"))


@pytest.fixture(scope="module")
def outputs(watch, events):
    """What is published of them in the end."""
    return judged(watch, events)


def judged(watch, events):
    """Read events as the worker does, judge each ticket with two months of silence after; what is published."""
    tickets = defaultdict(list)
    for event in events:
        subject, read = cloudevent.read(json.dumps(event).encode(), watch.rulebook.vocabulary)
        tickets[subject].append(read)
    published = []
    for subject, told in tickets.items():
        first = step(None, subject, told, watch)
        assert first.refused == []
        published += first.outputs
        published += step(first.ticket, subject, [], watch, SILENT_UNTIL).outputs
    return published


def verdicts(outputs):
    """The last verdict of each clock; those that never started left out."""
    last = {}
    for output in outputs:
        if output.channel is Channel.VERDICTS:
            data = json.loads(output.value)["data"]
            last[data["clock_id"]] = data
    return [data for data in last.values() if data["reason"] != "start_withdrawn"]


def test_a_seed_is_a_world_of_complaints(events):
    """The same seed draws the same complaints, in order of time, from the start on."""
    assert list(generate.lives(1_000, 7, START, SPAN, trouble=1, business="complaint")) == events
    assert happened(events[0]) >= START
    assert all(happened(earlier) <= happened(later) for earlier, later in pairwise(events))
    assert len({event["subject"] for event in events}) == 1_000


def test_every_word_of_the_vocabulary_is_told(watch, events):
    """All event types of complaints appear, and all values of what a complaint remembers."""
    vocabulary = watch.rulebook.vocabulary
    assert {event["type"] for event in events} == {name for name in vocabulary.types if name.startswith("complaint.")}
    told = defaultdict(set)
    for event in events:
        for name, value in event["data"].items():
            told[name].add(value)
    for name in ("grade", "category", "via", "channel", "forwarded_by", "supervised_by", "media", "quality_event"):
        assert told[name] == set(vocabulary.attributes[name].values), name
    for name in ("anonymous", "confidential", "callback_wanted", "reached", "granted", "customer_answered"):
        assert told[name] == {True, False}, name
    for name in ("unsubstantiated_reason", "about", "stage", "handling", "cause", "to", "by", "ground"):
        assert told[name] == set(vocabulary.attributes[name].values), name


def test_without_trouble_nothing_is_late(watch):
    """Three hundred good lives: no clock is late, breached or left open, whatever the days of the week."""
    for start in (START, datetime.fromisoformat("2026-09-19T00:00:00+08:00")):
        good = list(generate.lives(150, 1, start, timedelta(days=4), trouble=0, business="complaint"))
        clocks = verdicts(judged(watch, good))
        assert len(clocks) > 1_000
        assert {clock["outcome"] for clock in clocks} == {"met", "cancelled"}


def test_trouble_meets_every_rule_in_every_way(watch, outputs):
    """Each rule in force for complaints comes out in each of its ways, and some breaches are excused."""
    found = defaultdict(set)
    clocks = verdicts(outputs)
    for clock in clocks:
        found[clock["rule"]].add(clock["reason"])
    assert set(WAYS) == {rule.id for rule in watch.rulebook.rules if rule.business == "complaint" and not rule.off}
    missing = {rule: set(ways.split()) - found[rule] for rule, ways in WAYS.items()}
    assert not any(missing.values()), missing
    assert {clock["outcome"] for clock in clocks if clock.get("excused")} >= {"late", "breached"}


def test_limits_are_kept_and_missed_to_the_millisecond(outputs):
    """Of each rule with a limit some clocks stop exactly when due, and some one millisecond after."""
    beside = defaultdict(set)
    for clock in verdicts(outputs):
        if clock.get("due_at") and clock.get("stopped_at"):
            over = datetime.fromisoformat(clock["stopped_at"]) - datetime.fromisoformat(clock["due_at"])
            beside[over].add(clock["rule"])
    assert beside[timedelta(0)] >= FROM_THE_MILLISECOND
    assert beside[timedelta(milliseconds=1)] >= FROM_THE_MILLISECOND


def test_nothing_personal_is_published(events, outputs):
    """Customers and whoever approved are told, and appear in no alert and no verdict."""
    customers = {event["data"]["customer"] for event in events if "customer" in event["data"]}
    approved = {event["data"]["approved_by"] for event in events if "approved_by" in event["data"]}
    assert len(customers) > 500
    assert approved
    published = b"\n".join(output.value for output in outputs).decode()
    assert customers.isdisjoint(re.findall(r"\d{10}", published))
    assert not [name for name in approved if name in published]


def test_both_businesses_share_a_log():
    """About one ticket in five is a complaint, no id is given twice, and the repairs are drawn as good as ever."""
    both = list(generate.lives(500, 3, START, SPAN, trouble=0, business="both"))
    born = [event["type"] for event in both if event["type"].endswith(".accepted")]
    assert 60 < born.count("complaint.accepted") < 140
    assert len(born) == 500
    assert len({event["id"] for event in both}) == len(both)


def test_the_verb_draws_complaints(tmp_path):
    """`--business` chooses what is drawn; repairs if it is not said."""
    written = tmp_path / "events.jsonl"
    kinds = {}
    for business in ("repair", "complaint", "both"):
        assert run("--tickets", "40", "--seed", "3", "--business", business, "--out", str(written)) == 0
        types = {json.loads(line)["type"].partition(".")[0] for line in written.read_text().splitlines()}
        kinds[business] = types
    assert kinds == {"repair": {"repair"}, "complaint": {"complaint"}, "both": {"repair", "complaint"}}
    assert run("--tickets", "40", "--seed", "3", "--out", str(written)) == 0
    assert {json.loads(line)["type"].partition(".")[0] for line in written.read_text().splitlines()} == {"repair"}


@pytest.mark.parametrize(
    ("since", "hours", "until"),
    [
        ("2026-11-23T08:00", 2, "2026-11-23T10:30"),
        ("2026-11-23T10:00", 2, "2026-11-23T12:00"),
        ("2026-11-20T17:00", 2, "2026-11-23T10:00"),
        ("2026-09-30T16:30", 2, "2026-10-08T09:30"),
        ("2026-10-10T11:30", 2, "2026-10-10T15:00"),
    ],
)
def test_the_office_keeps_its_hours(since, hours, until):
    """Nights, lunch, weekends and holidays do not count, make-up Saturdays do; closing time is not the next opening."""
    office = Office(datetime.fromisoformat(f"{since}+08:00"))
    ahead = datetime.fromisoformat(until) - datetime.fromisoformat(since)
    assert office.after(0, hours) == ahead // timedelta(milliseconds=1)
    assert office.after(office.share(0, office.after(0, hours), 0.5), hours // 2) == office.after(0, hours)
    assert office.midnight(0) < 0 < office.midnight(0, 1) == office.midnight(0) + DAY


@pytest.mark.parametrize(
    ("since", "days", "until"),
    [
        ("2026-11-23T08:00", 1, "2026-11-24T17:30"),
        ("2026-11-21T09:00", 6, "2026-11-30T17:30"),
        ("2026-02-13T12:10", 6, "2026-02-28T17:30"),
        ("2026-12-31T16:00", 1, "2027-01-01T17:30"),
    ],
)
def test_the_office_closes(since, days, until):
    """The day itself is not counted; in a year that is not published yet every weekday is."""
    office = Office(datetime.fromisoformat(f"{since}+08:00"))
    ahead = datetime.fromisoformat(until) - datetime.fromisoformat(since)
    assert office.closing(0, days) == ahead // timedelta(milliseconds=1)
