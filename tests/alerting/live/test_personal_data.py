"""Names and telephone numbers that events carry stay where they came in: whatever is said of a ticket says nothing of them.

Canaries, in every place of an event where a source may put a person, well-formed or not, and the most talkative logs.
"""

import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
from datetime import timedelta
from pathlib import Path

import pytest
from confluent_kafka import Producer

from cli.rulebook_files import load
from sla.vocabulary import Kind
from tests.alerting.live.process import NotifierProcess, Sink
from tests.alerting.live.redis_server import RedisServer
from tests.alerting.live.stage import DeliveryStage
from tests.alerting.making import alert
from tests.live import stage as stages
from tests.live.stage import Stage, encoded, wait_for
from tests.live.test_spine import event, now

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

RULEBOOK = str(Path(__file__).parents[3] / "examples" / "article-12")
NAME, PHONE = "欧阳金丝雀", "13912345678"
PERSON = f"{NAME} {PHONE}"
TALKATIVE = {"log_level": "debug", "log_format": "json"}
TRACES = [NAME, PHONE, json.dumps(NAME).strip('"'), urllib.parse.quote(NAME), NAME.encode().hex()]


def traces(text: str) -> list[str]:
    """The forms in which a person is in a text."""
    return [trace for trace in TRACES if trace.lower() in text.lower()]


def fetch(url: str, body: bytes | None = None) -> str:
    """What a page says, whatever its status, with its headers."""
    try:
        with urllib.request.urlopen(url, body, timeout=30) as answer:
            return f"{answer.status}\n{answer.headers}\n{answer.read().decode()}"
    except urllib.error.HTTPError as error:
        return f"{error.code}\n{error.headers}\n{error.read().decode()}"


def personal() -> dict[str, str]:
    """Every attribute that may hold a person, filled with one, and one that nobody has heard of."""
    attributes = load(RULEBOOK).vocabulary.attributes
    names = [name for name, one in attributes.items() if one.personal or one.kind is Kind.TEXT]
    assert "customer" in names
    return dict.fromkeys([*names, "caller_name", PHONE], PERSON)


def told_of(started) -> list[dict]:
    """A repair and a complaint of that person that are both overdue."""
    people = personal()
    return [
        event("canary-r", 1, "repair.accepted", started, hung_up_at=started.isoformat(), **people),
        event("canary-c", 1, "complaint.accepted", started, hung_up_at=started.isoformat(), **people),
        event("canary-r", 3, "repair.seen_by_nobody", started, **people),
        *(one for order in range(4) for one in recurring(order, started - timedelta(days=40), people)),
    ]


def recurring(order: int, first, people: dict[str, str]) -> list[dict]:
    """One of the complaints that this person makes about one event, answered and closed."""
    ticket, at = f"canary-{order}", first + timedelta(days=5 * order)
    about = {**people, "incident": "line-7", "category": "outage"}
    return [
        event(ticket, 1, "complaint.accepted", at, **about),
        event(ticket, 2, "complaint.replied", at + timedelta(days=1), **{**people, "substantiated": True}),
        event(ticket, 3, "complaint.closed", at + timedelta(days=2), **people),
    ]


def unreadable(started) -> list[tuple[bytes, bytes]]:
    """Records that become dead letters, by key."""
    broken = event("canary-b", 1, "repair.accepted", started)
    return [
        (b"canary-b", f"{{{PERSON}".encode()),
        (b"canary-b", json.dumps(PERSON).encode()),
        (b"canary-b", encoded({**broken, "time": PERSON})),
        (b"canary-b", encoded({**broken, "specversion": PERSON})),
        (b"canary-b", encoded({**broken, "data": {"who": {"name": PERSON}}})),
        (b"canary-b", encoded({**broken, "data": {"level": PERSON}})),
        (b"canary-b", encoded({**broken, "data": {"mode": PERSON}})),
        (b"canary-b", encoded({**broken, "data": {"hung_up_at": PERSON}})),
        (PERSON.encode(), encoded(broken)),
    ]


def unreadable_for_delivery(stage: DeliveryStage) -> None:
    """Records on the topics of a notifier that hold a person and are nothing it can read."""
    envelope = {"specversion": "1.0", "id": PERSON, "type": PERSON, "subject": PERSON, "time": now().isoformat()}
    bodies = [PERSON.encode(), b'{"id": "\xff"}', encoded(envelope | {"data": {"verb": PERSON, "outcome": PERSON}})]
    producer = Producer(stage.client)
    for topic in (stage.topics.alerts, stage.topics.commands, stage.topics.notifications):
        for body in bodies:
            producer.produce(topic, body, PERSON, partition=0)
    assert producer.flush(60) == 0


def lines(log: str) -> list[dict]:
    """The lines of a log, each of which has what every line has."""
    found = [json.loads(line) for line in log.splitlines()]
    assert all(list(line)[:4] == ["time", "level", "logger", "event"] for line in found)
    return found


def test_no_person_is_in_anything_that_is_told(real_kafka: str, redis: RedisServer, tmp_path: Path) -> None:
    """Logs, metrics, pages, messages, alerts, verdicts, facts, records of delivery, state, and why a letter is dead."""
    name = f"canary{os.getpid()}"
    key = "a key of pseudonyms for this test"
    with (
        Stage(real_kafka, tmp_path, name, customer_key=key, rulebook=RULEBOOK, **TALKATIVE) as stage,
        Sink() as sink,
        DeliveryStage(real_kafka, redis, stage.prefix, stage.partitions) as delivery,
    ):
        key_file = tmp_path / "ack.key"
        key_file.write_text("a key for the links of this test")
        notifier = NotifierProcess(delivery, tmp_path).webhook(sink)
        page = f"http://127.0.0.1:{notifier.port}"
        flags = [f"--{setting.replace('_', '-')}={value}" for setting, value in TALKATIVE.items()]
        notifier.start(f"--public-url={page}", f"--ack-key-file={key_file}", *flags)
        worker = stage.worker()
        wait_for("the worker to watch", lambda: '"partitions_watched", "matter": "tickets"' in worker.log_text())
        started = now() - timedelta(minutes=40)
        letters = unreadable(started)
        for record_key, raw in letters:
            stage.produce([raw], key=record_key)
        stage.produce(told_of(started))
        kept = lambda: stage.records(stage.topic("dead-letters"))  # noqa: E731
        wait_for("the dead letters", lambda: len(kept()) >= len(letters))
        heard = lambda: {json.loads(body)["subject"] for _, _, body in sink.got}  # noqa: E731
        notifier.wait_for(lambda: heard() >= {"canary-r", "canary-c"}, "both tickets are told of")
        rules = lambda: {alert["rule"] for alert in stage.seen("alerts").records}  # noqa: E731
        wait_for("the alert of an incident", lambda: any(one.startswith("complaint/repeated") for one in rules()))

        said = {
            "the worker's log": worker.log_text(),
            "the notifier's log": notifier.said(),
            **{f"message {n}": body.decode() for n, (_, _, body) in enumerate(sink.got)},
        }
        assert lines(notifier.said())
        assert lines(worker.log_text())
        who = urllib.parse.quote(PERSON)
        for base in (f"http://127.0.0.1:{worker.port}", page):
            for path in ("/metrics", "/healthz", "/readyz", f"/{who}", f"/ack?t={who}", f"/metrics/{who}?who={who}"):
                said[f"{base}{path}"] = fetch(base + path)
            said[f"{base}/ack, sent"] = fetch(f"{base}/ack", f"t={who}".encode())
        for topic in ("alerts", "verdicts", "incident-facts", "notifications"):
            records = stage.records(stage.topic(topic))
            assert records, topic
            for number, record in enumerate(records):
                said[f"{topic} {number}"] = whole(record)
        for matter in ("tickets", "incidents"):
            for number, record in enumerate(stage.records(f"{name}-{matter}-changelog")):
                said[f"state of {matter} {number}"] = whole(record)
        for number, record in enumerate(kept()):
            said[f"letter {number}"] = str([(n, value.decode()) for n, value in record.headers()])
        found = {place: seen for place, text in said.items() if (seen := traces(text))}
        assert found == {}
        assert notifier.stop() == 0
        assert worker.stop() == 0


def test_no_person_is_in_what_a_notifier_says_of_records_it_cannot_read(
    real_kafka: str, redis: RedisServer, tmp_path: Path
) -> None:
    """It names their places, passes them over and goes on."""
    with DeliveryStage(real_kafka, redis, f"unreadable{os.getpid()}.") as delivery, Sink() as sink:
        unreadable_for_delivery(delivery)
        notifier = NotifierProcess(delivery, tmp_path).webhook(sink)
        notifier.start(*(f"--{setting.replace('_', '-')}={value}" for setting, value in TALKATIVE.items()))
        refused = ("alert_unreadable", "command_refused", "record_unreadable")
        notifier.wait_for(lambda: all(notifier.said().count(event) == 3 for event in refused), "all are refused")
        delivery.put(alert())
        notifier.wait_for(lambda: sink.got, "an alert after them is told")
        assert notifier.stop() == 0
        places = {line["offset"] for line in lines(notifier.said()) if line["event"] in refused}
        assert places == {0, 1, 2}
        assert traces(notifier.said()) == []


CRASH = f"""
import sys
import streams.matter as matter
def step(ticket, subject, events, watch, horizon=None):
    return int({PERSON!r})
matter.step = step
from cli.main import main
sys.exit(main())
"""


def test_no_person_is_in_what_a_worker_says_of_its_own_fault(real_kafka: str, tmp_path: Path, monkeypatch) -> None:
    """Python's own errors quote the value they met; the place and the type of the error are told without it."""
    monkeypatch.setattr(stages, "SLAWATCH", [sys.executable, "-c", CRASH])
    with Stage(real_kafka, tmp_path, f"crash{os.getpid()}", partitions=1, **TALKATIVE) as stage:
        stage.produce([event("canary-r", 1, "repair.accepted", now())])
        worker = stage.worker()
        assert worker.wait_exit(90) == 70
        [failed] = [line for line in lines(worker.log_text()) if line["event"] == "step_failed"]
        assert (failed["partition"], failed["offset"]) == (0, 0)
        assert "ValueError" in failed["exception"]
        assert traces(worker.log_text()) == []


def whole(record) -> str:
    """A record with its key and headers, as text."""
    parts = [record.key() or b"", record.value() or b"", *(value for _, value in record.headers() or ())]
    return "\n".join(part.decode(errors="replace") for part in parts)


def test_a_person_is_found_where_there_is_one() -> None:
    """As it stands, as JSON writes it, and as addresses do."""
    assert traces(f"a {NAME}") == [NAME]
    assert traces(json.dumps({"a": PERSON})) == [PHONE, TRACES[2]]
    assert traces(urllib.parse.quote(PERSON)) == [PHONE, TRACES[3]]
