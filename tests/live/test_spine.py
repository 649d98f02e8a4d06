"""The spine, live: what comes out of a worker on a broker is what the law says, and on time."""

from datetime import UTC, datetime, timedelta

import pytest

from cli.generate import lives
from tests.live.stage import Stage, disturbed, wait_for

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

TICKETS = 3000


def now() -> datetime:
    """The present, to the millisecond."""
    return datetime.now(UTC).replace(microsecond=datetime.now(UTC).microsecond // 1000 * 1000)


def event(ticket: str, number: int, type_: str, at: datetime, **data: object) -> dict:
    """One event of the national centre."""
    return {
        "specversion": "1.0",
        "id": f"{ticket}-{number}",
        "source": "95598/ncsc",
        "type": type_,
        "subject": ticket,
        "time": at.isoformat(),
        "data": {"unit": "NCSC", "level": "national", "mode": 1, **data},
    }


def past_lives(tickets: int, seed: int, trouble: float = 0.5) -> list[dict]:
    """Lives that lie an hour and more back, so that every clock is decided."""
    return list(lives(tickets, seed, now() - timedelta(hours=6), timedelta(minutes=30), trouble=trouble))


def test_the_boundary_and_the_silent_topic(any_stage: Stage) -> None:
    """At 2:00.000 no breach, at 2:00.001 one, and never dispatched breaches although nothing else happens."""
    stage = any_stage
    stage.worker().wait_watching()
    started = now() - timedelta(seconds=112)
    due = started + timedelta(seconds=120)
    tickets = ("exact", "late", "never")
    for ticket in tickets:
        stage.produce([event(ticket, 1, "repair.accepted", started, hung_up_at=started.isoformat())])
    wait_for("the warnings", lambda: len(stage.seen("alerts").last()) == 6, 20)
    sent = {"exact": due, "late": due + timedelta(milliseconds=1)}
    stage.produce([event(t, 2, "repair.dispatched", at, to_unit="3201", to_level="city") for t, at in sent.items()])
    assert now() < due + timedelta(milliseconds=200), "the machine was too slow for this test to mean anything"
    wait_for(
        "the breach of silence",
        lambda: "never/repair/dispatch/95598%2Fncsc/never-1/breach" in stage.seen("alerts").last(),
        30,
    )
    alerts = stage.seen("alerts")
    breaches = {name.split("/")[0]: alert for name, alert in alerts.last().items() if name.endswith("/breach")}
    assert {name: alert["status"] for name, alert in breaches.items() if "dispatch/" in alert["name"]} == {
        "late": "resolved",
        "never": "firing",
    }
    assert breaches["late"]["overrun_seconds"] == 0.001
    warned = {alert["name"] for alert in alerts.last().values() if alert["level"] == "warning"}
    assert {name for name in warned if name.startswith("exact")} >= {
        "exact/repair/dispatch/95598%2Fncsc/exact-1/warning-50",
        "exact/repair/dispatch/95598%2Fncsc/exact-1/warning-80",
    }
    fired = next(a for a in alerts.records if a["name"] == breaches["never"]["name"])
    assert fired["appended_ms"] >= due.timestamp() * 1000, "never early"
    stage.check_untorn()


def test_live_agrees_with_backtest(stage: Stage) -> None:
    """3,000 generated tickets in all modes, live on Kafka and offline: the same verdicts and alerts."""
    events = past_lives(TICKETS, seed=11)
    stage.worker().wait_watching()
    stage.produce(events)
    stage.wait_judged(stage.backtest(events, now()))
    stage.check_untorn()


def test_shuffled_repeated_and_batched_otherwise(any_stage: Stage) -> None:
    """The same events shuffled, each once to three times, end in the same verdicts and alerts."""
    events = past_lives(300, seed=12)
    any_stage.worker().wait_watching()
    any_stage.produce(disturbed(events, seed=1))
    any_stage.wait_judged(any_stage.backtest(events, now()))
    any_stage.check_untorn()


def test_every_compression_is_read(stage: Stage) -> None:
    """Whatever a producer compresses its batches with, the events are judged, by the next owner too."""
    events = past_lives(400, seed=15)
    first = stage.worker().wait_watching()
    size = len(events) // 4
    for number, codec in enumerate(("gzip", "snappy", "lz4", "zstd")):
        part = events[number * size : (number + 1) * size if number < 3 else None]
        stage.produce(part, compression=codec)
    expected = stage.backtest(events, now())
    stage.wait_judged(expected)
    first.kill()
    more = [{**e, "subject": f"m-{e['subject']}", "id": f"m-{e['id']}"} for e in past_lives(100, seed=16)]
    stage.produce(more, compression="lz4")
    stage.worker().wait_watching()
    stage.wait_judged(expected | stage.backtest(more, now()))


def test_poison_among_good_records(stage: Stage) -> None:
    """1,000 poison records among 10,000 good ones: 1,000 dead letters with reasons, every good ticket judged."""
    events = past_lives(1400, seed=13, trouble=0.2)[:10_000]
    stage.worker().wait_watching()
    poisons = [
        (b"{not json", "bad_json"),
        (b'{"specversion":"1.0","id":"1","source":"s","type":"repair.accepted","time":"2026-11-23T08:00:00Z"}', "no_subject"),
        (b'{"specversion":"1.0","id":"1","source":"s","type":"repair.accepted","subject":"p","time":"2026-11-23T08:00:00"}', "naive_time"),
        (b'{"specversion":"1.0","id":"1","source":"s","type":"repair.accepted","subject":"p","time":"1926-11-23T08:00:00Z"}', "absurd_time"),
        (b'{"specversion":"1.0","id":"1","source":"s","type":"repair.accepted","subject":"q","time":"2026-11-23T08:00:00Z"}', "wrong_key"),
        (b"x" * 70_000, "too_large"),
        (b"\xff\xfe\x00", "bad_json"),
        (b"[]", "not_cloudevent"),
        (b'{"specversion":"1.0","id":"1","source":"s","type":"repair.accepted","subject":"p","time":"2026-11-23T08:00:00Z","data":{"a":{"b":1}}}', "bad_data"),
        (b'{"specversion":"1.0","id":"1","source":"s","type":"repair.accepted","subject":"p","time":"2026-11-23T08:00:00Z","data":{"mode":9}}', "bad_attribute"),
    ]  # fmt: skip
    for chunk in range(100):
        stage.produce(events[chunk * 100 : chunk * 100 + 100])
        stage.produce([raw for raw, _ in poisons], key=b"p")
    expected = stage.backtest(events, now())
    stage.wait_judged(expected)
    letters = [dict(m.headers()) for m in stage.records(stage.topic("dead-letters"))]
    places = {(h["slawatch_topic"], h["slawatch_partition"], h["slawatch_offset"]) for h in letters}
    assert len(places) == len(letters) == 1000
    reasons = [h["slawatch_reason"].decode() for h in letters]
    assert {reason: reasons.count(reason) for reason in reasons} == {
        reason: 100 * sum(1 for _, r in poisons if r == reason) for _, reason in poisons
    }


def test_a_night_of_downtime_raises_no_false_breach(stage: Stage) -> None:
    """Clocks met while no worker ran, behind a backlog, are met: no breach of them ever fires."""
    worker = stage.worker().wait_watching()
    started = now() - timedelta(seconds=110)
    kept = [f"met-{n}" for n in range(50)]
    stage.produce([event(t, 1, "repair.accepted", started, hung_up_at=started.isoformat()) for t in kept])
    wait_for("the clocks", lambda: len(stage.seen("verdicts").last()) == 50, 20)
    worker.kill()
    backlog = past_lives(1500, seed=14)
    stage.produce(backlog)
    done = [event(t, 2, "repair.dispatched", now(), to_unit="3201", to_level="city") for t in kept]
    stage.produce(done)
    due = started + timedelta(seconds=121)
    wait_for("the due time to pass", lambda: now() > due, 30)
    stage.worker().wait_watching()
    wait_for("the clocks to be met", lambda: sum(
        v["outcome"] == "met" for name, v in stage.seen("verdicts").last().items() if name.startswith("met-") and "/dispatch/" in name
    ) == 50, 60)  # fmt: skip
    false = [
        a
        for a in stage.seen("alerts").records
        if a.get("ticket") in kept and a["level"] == "breach" and "/dispatch/" in a["name"]
    ]
    assert false == []
    stage.check_untorn()
