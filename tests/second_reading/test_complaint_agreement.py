"""The core and the second reading of the complaint rules, held against each other on complaints drawn at random.

Both read the same law apart from each other, so where they differ one of them is wrong. Each ticket reaches
the core another way: at once, one event at a time in any order, with repeats, with silence proven in between.
"""

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from urllib.parse import unquote

import msgspec
import pytest

from cli.generate import lives
from sla import cloudevent, rulebook
from sla.publication import Channel
from sla.step import step
from sla.watch import Watch
from tests.second_reading.complaint import read
from tests.second_reading.complaint_wild import complaint
from tests.second_reading.repair import instant
from tests.second_reading.test_agreement import delivered

TICKETS = 1_000
"""So many of each kind."""
START = datetime.fromisoformat("2026-11-23T08:00:00+08:00")
FOLDER = Path(__file__).resolve().parents[2] / "rulebooks" / "sgcc-2014"
LEVELS = ("breach", "warning", "warning-100")
"""The alerts of what is broken; all others warn before it is."""
LIMITS = ("dispatch", "redispatch", "notify-province", "report-marketing", "receive-province", "receive-local")
LIMITS += ("contact", "answer", "callback", "kpi-answer", "progress")
CHECKS = ("close-approval", "handler-level", "grade-special", "grade-major", "grade-important", "return-ground")
CHECKS += ("reply-unanswered", "no-ground", "appeal-order")


@pytest.fixture(scope="module")
def watch():
    """The law as shipped."""
    files = {str(path.relative_to(FOLDER)): path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.toml")}
    return Watch(rulebook.parse(files))


@pytest.fixture(scope="module")
def wild():
    """Complaints that no desk would live."""
    dice = Random(1)
    return {f"c{number}": complaint(f"c{number}", dice) for number in range(TICKETS)}


@pytest.fixture(scope="module")
def lived():
    """Complaints as desks live them over weeks of that winter, half of them in trouble."""
    told = defaultdict(list)
    for event in lives(TICKETS, 95598, START, timedelta(days=30), trouble=0.5, business="complaint"):
        told[event["subject"]].append(event)
    assert len(told) == TICKETS
    return told


def silent_until(events, dice):
    """Draw through when silence is proven: not at all, long after everything, or at the edge of something."""
    edges = [came["due_at"] for came in read(events, None).values() if came["due_at"] is not None]
    edges += [instant(event["time"]) for event in events]
    edge = dice.choice(edges) + timedelta(milliseconds=dice.choice((-1, 0, 1, 3_600_000)))
    return dice.choice((None, max(edges) + timedelta(days=dice.choice((1, 12))), edge, edge))


def of_the_core(subject, deliveries, watch):
    """Play a ticket through the core: what was last said of each clock, as the second reading says it."""
    ticket, verdicts, alerts = None, {}, {}
    for batch, horizon in deliveries:
        events = []
        for event in batch:
            read_subject, read_event = cloudevent.read(msgspec.json.encode(event), watch.rulebook.vocabulary)
            assert read_subject == subject
            events.append(read_event)
        stepped = step(ticket, subject, events, watch, horizon)
        assert stepped.refused == []
        ticket = stepped.ticket
        for output in stepped.outputs:
            data = msgspec.json.decode(output.value)["data"]
            known, id_ = (verdicts, "clock_id") if output.channel is Channel.VERDICTS else (alerts, "alert_id")
            before = known.get(data[id_])
            assert data["revision"] == (before["revision"] if before else 0) + 1
            known[data[id_]] = data
    return {
        clock_key(clock): as_read(data, clock, alerts)
        for clock, data in verdicts.items()
        if data["reason"] != "start_withdrawn"
    }


def clock_key(clock_id):
    """Take a clock id apart: ticket, rule, source and id of the starting event, and the day where there is one."""
    ticket, business, rule, source, start, *day = (unquote(part) for part in clock_id.split("/"))
    return ticket, f"{business}/{rule}", source, start, day[0] if day else None


def as_read(verdict, clock_id, alerts):
    """Write a verdict and the last alerts of its clock as the second reading does; a retracted one never was."""
    kept = {"keep_until": date.fromisoformat(verdict["keep_until"])} if verdict.get("keep_until") else {}
    for alert in alerts.values():
        if alert["clock_id"] == clock_id and alert["status"] != "retracted":
            of_what_is_broken = alert["alert_id"].rpartition("/")[2] in LEVELS
            assert alert["excused"] == (verdict["excused"] and of_what_is_broken)
    told = {
        alert["alert_id"].rpartition("/")[2]: alert["status"]
        for alert in alerts.values()
        if alert["clock_id"] == clock_id and alert["status"] != "retracted"
    }
    return {
        "outcome": verdict["outcome"],
        "reason": verdict["reason"],
        **{name: moment(verdict.get(name)) for name in ("due_at", "stopped_at")},
        "excused": verdict.get("excused", False),
        "alerts": {level: status for level, status in told.items() if level in LEVELS},
        "warned": {level: status for level, status in told.items() if level not in LEVELS},
        **kept,
    }


def moment(text):
    """Read an instant that may be missing."""
    return None if text is None else datetime.fromisoformat(text)


def agree(tickets, watch, dice):
    """Hold both readings of each ticket against each other."""
    for subject, events in tickets.items():
        until = silent_until(events, dice)
        deliveries = delivered(events, until, dice)
        # A batch may have come with silence that reaches further than what was drawn for the end: it only grows.
        proven = max((horizon for _, horizon in deliveries if horizon is not None), default=None)
        core, second = of_the_core(subject, deliveries, watch), read(events, proven)
        for came in second.values():
            del came["since"]  # of when an alert may fire the simulation speaks
        assert core == second, f"complaint {subject}, silent until {until}; as delivered: {deliveries}"


def test_both_readings_agree_on_complaints_as_desks_live_them(watch, lived):
    """Every clock of every complaint comes out the same, however the events arrive."""
    agree(lived, watch, Random(5))


def test_both_readings_agree_on_wild_complaints(watch, wild):
    """Every clock of every complaint comes out the same, whatever happens in whichever order."""
    agree(wild, watch, Random(6))


def test_the_comparison_sees_everything(wild, lived):
    """The drawn complaints hold every outcome of every rule, every reason and every excuse."""
    dice = Random(6)
    outcomes, reasons = Counter(), Counter()
    for events in (*wild.values(), *lived.values()):
        for (_, rule, _, _, _), came in read(events, silent_until(events, dice)).items():
            outcomes[rule.removeprefix("complaint/"), came["outcome"]] += 1
            reasons[came["reason"], came["excused"]] += 1
    limits = {(rule, name) for rule in LIMITS for name in ("met", "late", "breached", "cancelled", "running")}
    # What was owed when it closed is never cancelled by that: only a reply sent back ends a call-back.
    limits.remove(("answer", "cancelled"))
    unknown = {(rule, "unknown") for rule in ("receive-local", "contact", "answer", "callback", "kpi-answer")}
    checks = {(rule, name) for rule in CHECKS for name in ("late", "breached", "running")}
    checks -= {("return-ground", "late"), ("appeal-order", "late")}
    tries = {
        (rule, name) for rule in ("callback-attempts", "callback-attempts-general") for name in ("met", "breached")
    }
    assert limits | unknown | checks | tries | {("evidence", "breached"), ("evidence", "met")} <= set(outcomes)
    told = "awaited in_time before_start after_due not_done closed closed_after_due closed_without reopened_after_due"
    told += " regraded superseded reply_returned enough_attempts over_quota contradiction put_right calendar_ends"
    assert {reason for reason, _ in reasons} >= set(told.split())
    assert {("after_due", True), ("not_done", True), ("contradiction", True)} <= set(reasons)
