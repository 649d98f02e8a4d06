"""The local broker is a real Kafka that keeps its data and its address over a stop and over a crash."""

import contextlib
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from streams.brokers import jars
from streams.brokers.jars import LocalKafkaError
from streams.brokers.local import LocalKafka

pytestmark = pytest.mark.kafka

PATIENCE_S = 30


def create_topic(bootstrap: str, **config: str) -> str:
    """Create a topic of one partition and a name of its own."""
    name = f"t-{uuid.uuid4().hex}"
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(name, num_partitions=1, config=config)])[name].result(PATIENCE_S)
    return name


def produce(bootstrap: str, topic: str, *values: bytes) -> None:
    """Append values and return once the broker has acknowledged each."""
    refused = []
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all"})
    for value in values:
        producer.produce(topic, value, on_delivery=lambda error, _: refused.append(error) if error else None)
    assert producer.flush(PATIENCE_S) == 0
    assert refused == []


def consume(bootstrap: str, topic: str, count: int) -> list[bytes]:
    """Read `count` values from the start of partition 0, or as many as come before patience ends."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": topic, "enable.auto.commit": False})
    values: list[bytes] = []
    try:
        consumer.assign([TopicPartition(topic, 0, 0)])
        deadline = time.monotonic() + PATIENCE_S
        while len(values) < count and time.monotonic() < deadline:
            message = consumer.poll(0.2)
            if message is not None and message.error() is None:
                values.append(message.value())
    finally:
        consumer.close()
    return values


def is_alive(pid: int) -> bool:
    """Tell whether a process is there and is not merely waiting to be reaped."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.fixture(scope="module")
def kafka(can_run_kafka, tmp_path_factory):
    """A broker of this file's own, because its tests take it down."""
    with LocalKafka(tmp_path_factory.mktemp("kafka")) as running:
        yield running


def test_what_is_produced_is_consumed(real_kafka):
    """Values come back in order from the session's shared broker."""
    topic = create_topic(real_kafka)
    produce(real_kafka, topic, b"one", b"two")
    assert consume(real_kafka, topic, 2) == [b"one", b"two"]


def test_topics_do_not_appear_by_accident(real_kafka):
    """Producing to a topic that nobody created fails instead of creating it."""
    producer = Producer({"bootstrap.servers": real_kafka, "message.timeout.ms": 2_000})
    refused = []
    producer.produce("never-created", b"x", on_delivery=lambda error, _: refused.append(error))
    producer.flush(PATIENCE_S)
    assert len(refused) == 1
    assert refused[0] is not None  # `== None` on a KafkaError leaves an exception behind
    topics = AdminClient({"bootstrap.servers": real_kafka}).list_topics(timeout=PATIENCE_S).topics
    assert "never-created" not in topics


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_restart_keeps_data_and_address(kafka, end):
    """What was acknowledged is there after an orderly stop and after kill -9, at the same address."""
    before = kafka.bootstrap
    topic = create_topic(before)
    produce(before, topic, b"kept")
    getattr(kafka, end)()
    assert not kafka.running
    kafka.start()
    assert kafka.bootstrap == before
    produce(before, topic, b"added")
    assert consume(before, topic, 2) == [b"kept", b"added"]


def test_a_paused_broker_answers_nothing_until_resumed(kafka):
    """A frozen broker lets requests time out and serves the next ones once it goes on."""
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap, "socket.timeout.ms": 1_000})
    kafka.pause()
    try:
        with pytest.raises(KafkaException):
            admin.list_topics(timeout=1)
    finally:
        kafka.resume()
    assert admin.list_topics(timeout=PATIENCE_S).brokers


def test_a_second_start_is_refused(kafka):
    """Starting what runs is an error, not a second broker on the same data."""
    with pytest.raises(LocalKafkaError, match="already running"):
        kafka.start()


def test_a_failed_start_quotes_the_log(can_run_kafka, tmp_path):
    """The error of a broker that cannot start carries the broker's own words."""
    kafka = LocalKafka(tmp_path, overrides={"num.io.threads": 0})
    with pytest.raises(LocalKafkaError, match=r"num\.io\.threads"):
        kafka.start()
    assert not kafka.running


def test_jars_that_differ_from_the_lock_are_refused(can_run_kafka, tmp_path, monkeypatch):
    """One changed digest, and no jar is run."""
    good = jars.jars()
    lock = (jars.RECIPE / "jars.lock").read_text()
    (tmp_path / "jars.lock").write_text(("0" if lock[0] != "0" else "1") + lock[1:])
    monkeypatch.setattr(jars, "RECIPE", tmp_path)
    with pytest.raises(LocalKafkaError, match="HdrHistogram"):
        jars._verify(good)


def test_a_broker_ends_with_the_process_that_started_it(can_run_kafka, tmp_path):
    """Killing the starter with SIGKILL leaves no broker behind."""
    script = (
        "import sys, time; from streams.brokers.local import LocalKafka;"
        "k = LocalKafka(sys.argv[1]); k.start();"
        "print(k.pid, flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, cwd=jars.ROOT, stdout=subprocess.PIPE, text=True) as starter:
        broker = int(starter.stdout.readline())
        assert is_alive(broker)
        starter.kill()
    deadline = time.monotonic() + PATIENCE_S
    while is_alive(broker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(broker)
