"""The core and the second reading, held against each other on lives drawn at random.

Both read the same law apart from each other, so where they differ one of them is wrong. Each ticket reaches
the core another way: at once, one event at a time in any order, with repeats, with silence proven in between.
"""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
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
from tests.second_reading.repair import instant, read

START = datetime.fromisoformat("2026-11-23T08:00:00+08:00")
TICKETS = 3_000
FOLDER = Path(__file__).resolve().parents[2] / "rulebooks" / "sgcc-2014"
RULES = ("repair/dispatch", "repair/redispatch", "repair/receive-province", "repair/receive-local")


@pytest.fixture(scope="module")
def watch():
    """The law as shipped."""
    files = {str(path.relative_to(FOLDER)): path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.toml")}
    return Watch(rulebook.parse(files))


@pytest.fixture(scope="module")
def tickets():
    """The events of each ticket, half of the tickets in trouble."""
    told = defaultdict(list)
    for event in lives(TICKETS, 95598, START, timedelta(hours=6), trouble=0.5):
        told[event["subject"]].append(event)
    assert len(told) == TICKETS
    dice = Random(5)
    return {subject: dice.choice((list, numbered_by_source))(events) for subject, events in told.items()}


def numbered_by_source(events):
    """Let every source number its own events, from 7 to beyond 10, so that ids are shared and 9 meets 10."""
    names = {}
    for event in events:
        already = sum(source == event["source"] for source, _ in names)
        names.setdefault((event["source"], event["id"]), f"e-{already + 7}")
    renamed = []
    for event in events:
        data = dict(event["data"])
        if "event_id" in data:
            data["event_id"] = names[data.get("event_source", event["source"]), data["event_id"]]
        renamed.append({**event, "id": names[event["source"], event["id"]], "data": data})
    return renamed


def silent_until(events, dice):
    """Draw through when silence is proven: not at all, long after everything, or at the edge of a limit."""
    clocks = list(read(events, None).values()) or [{"started_at": START, "due_at": START}]
    clock = dice.choice(clocks)
    share = dice.choice((0.5, 0.8, 1, 1, dice.uniform(-1, 5)))
    edge = clock["started_at"] + (clock["due_at"] - clock["started_at"]) * share
    beside = timedelta(milliseconds=dice.choice((-1, 0, 0, 1)))
    return dice.choice((None, START + timedelta(hours=30), edge + beside, edge + beside))


def delivered(events, until, dice):
    """Draw how the events reach the core: batches, each with the instant through which it is silent."""
    way = dice.choice(("at once", "in order", "shuffled", "shuffled"))
    told = list(events)
    if way == "shuffled":
        told += dice.sample(told, len(told) // 3)
        dice.shuffle(told)
    size = len(told) if way == "at once" else dice.choice((1, 1, 3))
    batches = [told[at : at + size] for at in range(0, len(told), size)]
    # An earlier horizon may hold what a later event refutes; in the end it must not have mattered.
    horizons = [None] * len(batches)
    if until is not None and dice.random() < 0.5:
        first = min(instant(event["time"]) for event in events)
        horizons = sorted(first + (until - first) * dice.random() for _ in batches)
    return [*zip(batches, horizons, strict=True), ([], until)]


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
    """Take a clock id apart: ticket, rule, source and id of the starting event."""
    ticket, business, rule, source, start = clock_id.split("/")
    return unquote(ticket), f"{business}/{rule}", unquote(source), unquote(start)


def as_read(verdict, clock_id, alerts):
    """Write a verdict and the last alerts of its clock as the second reading does; a retracted one never was."""
    return {
        "outcome": verdict["outcome"],
        **{name: moment(verdict.get(name)) for name in ("started_at", "due_at", "stopped_at")},
        "owner": verdict.get("owner"),
        "owner_level": verdict.get("owner_level"),
        "alerts": {
            alert["alert_id"].rpartition("/")[2]: alert["status"]
            for alert in alerts.values()
            if alert["clock_id"] == clock_id and alert["status"] != "retracted"
        },
    }


def moment(text):
    """Read an instant that may be missing."""
    return None if text is None else instant(text)


def test_both_readings_agree(watch, tickets):
    """Every clock and every alert of every ticket comes out the same, however the events arrive."""
    dice = Random(6)
    for subject, events in tickets.items():
        until = silent_until(events, dice)
        deliveries = delivered(events, until, dice)
        core, second = of_the_core(subject, deliveries, watch), read(events, until)
        assert core == second, f"ticket {subject}, silent until {until}; as delivered: {deliveries}"


def test_the_comparison_sees_everything(tickets):
    """The drawn lives hold every outcome of every rule and every fate of every alert."""
    dice = Random(6)
    outcomes, alerts = Counter(), Counter()
    for events in tickets.values():
        for (_, rule, _, _), result in read(events, silent_until(events, dice)).items():
            outcomes[rule, result["outcome"]] += 1
            alerts.update(result["alerts"].items())
    expected = {(rule, name) for rule in RULES for name in ("met", "late", "breached", "cancelled", "running")}
    assert expected <= set(outcomes)
    levels = ("warning-50", "warning-80", "breach")
    assert {(level, status) for level in levels for status in ("firing", "resolved")} <= set(alerts)
