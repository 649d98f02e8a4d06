"""The embedded broker: what the demo and the other tests may rely on, and its limits pinned down."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from confluent_kafka import (
    TIMESTAMP_CREATE_TIME,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

from streams.brokers import embedded
from streams.brokers.embedded import EmbeddedKafka, EmbeddedKafkaError

pytestmark = pytest.mark.embedded

QUIET = {"log_level": 0}
PRODUCE, LIST_OFFSETS = 0, 2


@pytest.fixture
def broker() -> Iterator[EmbeddedKafka]:
    """A fresh broker with the topic `t` of two partitions."""
    with EmbeddedKafka() as running:
        running.create_topic("t", 2)
        yield running


def send(producer: Producer, value: bytes | None, **record) -> KafkaError | None:
    """Produce one record to partition 0 of `t` and return what its delivery report says."""
    reports: list[KafkaError | None] = []
    producer.produce("t", value, partition=0, on_delivery=lambda error, _: reports.append(error), **record)
    assert producer.flush(10) == 0
    return reports[0]


def read(consumer: Consumer, count: int) -> list[Message]:
    """The next `count` records; fails if they do not come within 20 seconds."""
    records: list[Message] = []
    deadline = time.monotonic() + 20
    while len(records) < count:
        assert time.monotonic() < deadline, f"only {len(records)} of {count} records came"
        record = consumer.poll(0.1)
        if record is not None:
            assert record.error() is None
            records.append(record)
    return records


def offset(admin: AdminClient, spec: OffsetSpec, partition: int = 0) -> int:
    """An offset of a partition of `t`, by one ListOffsets request."""
    answer = admin.list_offsets({TopicPartition("t", partition): spec}, request_timeout=10)
    return next(iter(answer.values())).result(15).offset


def end_offset(admin: AdminClient, partition: int = 0) -> int:
    """The offset that the next record of a partition of `t` will get."""
    return offset(admin, OffsetSpec.latest(), partition)


def client(kind: Callable[[dict], object], broker: EmbeddedKafka, **settings):
    """A confluent-kafka client of the broker."""
    return kind({"bootstrap.servers": broker.bootstrap, **QUIET, **settings})


def test_records_come_back_as_they_were_sent(broker) -> None:
    """Key, value, tombstone, repeated and null headers, and the producer's timestamp survive."""
    producer = client(Producer, broker)
    headers = [("a", b"1"), ("a", b"2"), ("none", None)]
    assert send(producer, b"v", key=b"k", timestamp=1_234_567_890_123, headers=headers) is None
    assert send(producer, None, key=b"k") is None
    consumer = client(Consumer, broker, **{"group.id": "g"})
    consumer.assign([TopicPartition("t", 0, 0)])
    first, second = read(consumer, 2)
    consumer.close()
    assert (first.key(), first.value(), first.headers()) == (b"k", b"v", headers)
    assert first.timestamp() == (TIMESTAMP_CREATE_TIME, 1_234_567_890_123)
    assert (second.offset(), second.value()) == (1, None)


def test_a_group_goes_on_where_it_committed(broker) -> None:
    """A second member of the group starts after the offset that the first one committed."""
    producer = client(Producer, broker)
    for value in (b"1", b"2", b"3"):
        assert send(producer, value) is None
    group = {"group.id": "g", "auto.offset.reset": "earliest", "enable.auto.commit": False}
    group |= {"session.timeout.ms": 2_000, "heartbeat.interval.ms": 500}  # how long the rejoin takes
    before = client(Consumer, broker, **group)
    before.subscribe(["t"])
    before.commit(read(before, 2)[-1], asynchronous=False)
    before.close()
    after = client(Consumer, broker, **group)
    after.subscribe(["t"])
    assert [record.value() for record in read(after, 1)] == [b"3"]
    after.close()


def test_admin_client_sees_end_offsets_and_topic_ids(broker) -> None:
    """list_offsets answers the end of each partition, and a topic has an id of its own."""
    admin = client(AdminClient, broker)
    assert send(client(Producer, broker), b"v") is None
    assert (end_offset(admin, 0), end_offset(admin, 1)) == (1, 0)
    broker.create_topic("u", 1)
    found = admin.describe_topics(TopicCollection(["t", "u"]), request_timeout=10)
    described = {name: future.result(15) for name, future in found.items()}
    assert len({str(topic.topic_id) for topic in described.values()}) == 2
    assert {name: len(topic.partitions) for name, topic in described.items()} == {"t": 2, "u": 1}


def test_what_is_not_supported_is_refused_at_once(broker) -> None:
    """CreateTopics fails as unsupported instead of waiting for a controller until it times out."""
    admin = client(AdminClient, broker)
    futures = admin.create_topics([NewTopic("new", 1, 1)], request_timeout=60)
    with pytest.raises(KafkaException) as refusal:
        futures["new"].result(5)
    assert refusal.value.args[0].code() == KafkaError._UNSUPPORTED_FEATURE


def test_old_records_go_after_about_five_megabytes(broker) -> None:
    """The limit of a partition: the oldest batches are dropped, the end offset keeps counting."""
    producer = client(Producer, broker)
    for _ in range(8):
        assert send(producer, os.urandom(900_000)) is None
    admin = client(AdminClient, broker)
    assert 0 < offset(admin, OffsetSpec.earliest()) < 8
    assert offset(admin, OffsetSpec.latest()) == 8


def test_a_broker_that_was_down_has_kept_its_records(broker) -> None:
    """What is produced while it is down waits in the producer, and arrives behind what was there."""
    producer = client(Producer, broker)
    assert send(producer, b"before") is None
    broker.broker_down()
    with pytest.raises(ConnectionError), socket.create_connection(address(broker), timeout=5):
        pass
    producer.produce("t", b"meanwhile", partition=0)
    broker.broker_up()
    assert producer.flush(20) == 0
    consumer = client(Consumer, broker, **{"group.id": "g"})
    consumer.assign([TopicPartition("t", 0, 0)])
    assert [record.value() for record in read(consumer, 2)] == [b"before", b"meanwhile"]
    consumer.close()


def address(broker: EmbeddedKafka) -> tuple[str, int]:
    """Host and port of the broker."""
    host, port = broker.bootstrap.rsplit(":", 1)
    return host, int(port)


def test_errors_are_answered_in_order_and_then_end(broker) -> None:
    """Each pushed code fails one request, 0 lets one through, and then the broker is well again."""
    producer = client(Producer, broker, retries=0)
    assert send(producer, b"0") is None
    broker.push_errors(PRODUCE, [KafkaError.INVALID_MSG, 0, KafkaError.MSG_SIZE_TOO_LARGE])
    codes = [error and error.code() for error in (send(producer, b"x") for _ in range(4))]
    assert codes == [KafkaError.INVALID_MSG, None, KafkaError.MSG_SIZE_TOO_LARGE, None]


def test_errors_that_nobody_met_can_be_taken_back(broker) -> None:
    """After that the broker is well."""
    producer = client(Producer, broker, retries=0)
    broker.push_errors(PRODUCE, [KafkaError.INVALID_MSG] * 5)
    assert send(producer, b"0").code() == KafkaError.INVALID_MSG
    broker.clear_errors(PRODUCE)
    assert send(producer, b"1") is None


def test_errors_of_one_request_kind_leave_the_others_alone(broker) -> None:
    """An error pushed for ListOffsets does not hit a produce request."""
    admin = client(AdminClient, broker)
    assert end_offset(admin) == 0
    broker.push_errors(LIST_OFFSETS, [KafkaError.TOPIC_AUTHORIZATION_FAILED])
    assert send(client(Producer, broker), b"v") is None
    with pytest.raises(KafkaException):
        end_offset(admin)
    assert end_offset(admin) == 1


def test_a_delay_holds_back_every_answer(broker) -> None:
    """With a round trip of 400 ms no answer comes sooner, also on a connection that is already there."""
    admin = client(AdminClient, broker)
    end_offset(admin)
    broker.round_trip_delay(400)
    asked = time.monotonic()
    end_offset(admin)
    assert time.monotonic() - asked >= 0.4
    broker.round_trip_delay(0)


def test_it_listens_on_loopback_only(broker) -> None:
    """The address it gives out is a port of 127.0.0.1."""
    assert address(broker)[0] == "127.0.0.1"


@pytest.mark.parametrize("name", ["", ".", "..", "with space", "a/b", "x" * 250, "a\n"])
def test_a_name_that_kafka_would_refuse_is_refused(broker, name: str) -> None:
    """Illegal topic names raise ValueError, although the mock cluster would take them."""
    with pytest.raises(ValueError, match="topic name"):
        broker.create_topic(name, 1)


def test_a_topic_needs_partitions_and_is_created_once(broker) -> None:
    """No partition raises ValueError, a second creation EmbeddedKafkaError."""
    with pytest.raises(ValueError, match="partition"):
        broker.create_topic("empty", 0)
    with pytest.raises(EmbeddedKafkaError, match="already exists"):
        broker.create_topic("t", 2)


def test_stopping_twice_is_harmless_and_a_stopped_broker_says_so() -> None:
    """stop() is idempotent and allowed before start(); every other call then raises EmbeddedKafkaError."""
    broker = EmbeddedKafka()
    broker.stop()
    host_and_port = address(broker.start())
    with pytest.raises(EmbeddedKafkaError, match="already started"):
        broker.start()
    broker.stop()
    broker.stop()
    with pytest.raises(ConnectionError), socket.create_connection(host_and_port, timeout=5):
        pass
    with pytest.raises(EmbeddedKafkaError, match="not running"):
        _ = broker.bootstrap
    with pytest.raises(EmbeddedKafkaError, match="not running"):
        broker.broker_down()


def test_a_library_without_the_mock_cluster_is_named() -> None:
    """A shared library without librdkafka, or none at all, gives an error that names what is missing."""
    with pytest.raises(EmbeddedKafkaError, match="rd_kafka_mock_cluster_new"):
        embedded._load_library("libc.so.6")
    with pytest.raises(EmbeddedKafkaError, match="no-such-library"):
        embedded._load_library("/no-such-library.so")


@pytest.fixture
def served() -> Iterator[subprocess.Popen[str]]:
    """The broker as a process of its own, with topic `t` of two partitions."""
    command = [sys.executable, "-m", "streams.brokers.embedded", "t:2"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("ending", ["end of input", "SIGTERM"])
def test_a_broker_process_serves_until_it_is_told_to_end(served, ending: str) -> None:
    """It prints its address, has its topics, and ends in order at the end of its input or at SIGTERM."""
    bootstrap = served.stdout.readline().strip()
    topics = AdminClient({"bootstrap.servers": bootstrap, **QUIET}).list_topics(timeout=10).topics
    assert {name: len(topic.partitions) for name, topic in topics.items()} == {"t": 2}
    if ending == "SIGTERM":
        served.send_signal(signal.SIGTERM)
    else:
        served.stdin.close()
    assert served.wait(timeout=10) == 0


@pytest.mark.parametrize("argument", ["t", "t:", "t:0", "t:x", ":3", "a b:3"])
def test_a_broker_process_refuses_a_malformed_topic(argument: str, capsys) -> None:
    """Anything but TOPIC:PARTITIONS is wrong use, exit code 2, and shows the form."""
    with pytest.raises(SystemExit) as ending:
        embedded.main([argument])
    assert ending.value.code == 2
    assert "TOPIC:PARTITIONS" in capsys.readouterr().err
