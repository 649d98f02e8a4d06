"""A Kafka broker inside this process: the mock cluster that librdkafka carries, reached through ctypes.

Why: the demo and most tests need something that speaks the real wire protocol, at once, without Docker or a
JVM. The confluent-kafka wheel already holds one: it starts in 3 ms and listens on 127.0.0.1 only.
May be imported by `cli` (demo) and tests; nothing that runs in production.

    with EmbeddedKafka() as broker:
        broker.create_topic("sla.ticket-events", 16)
        producer = Producer({"bootstrap.servers": broker.bootstrap})

`python -m streams.brokers.embedded TOPIC:PARTITIONS ...` serves one as a process of its own: it prints the
bootstrap address on one line and serves until SIGTERM, SIGINT, or the end of standard input, so it never
outlives the parent that holds the pipe.

What it does and does not do (observed with librdkafka 2.16.0; the API is marked experimental there):
- Works: produce, also idempotent; fetch; headers (repeated and null ones too); tombstones; classic consumer
  groups with commits; metadata; describe_topics with topic ids; AdminClient.list_offsets for earliest and
  latest under both isolation levels (0.3 ms a call).
- Timestamps: always the producer's CreateTime. LogAppendTime does not exist. A delivery report claims type
  LogAppendTime with the constant 1234: never read an append time from it.
- list_offsets by timestamp or max_timestamp, and offsets_for_times, always answer -1.
- No CreateTopics, DeleteTopics, DescribeConfigs, DeleteRecords: refused at once as unsupported. Naming an
  unknown topic in a metadata request (list_topics("x") does) CREATES it with 4 partitions; Faust needs
  topic_allow_declare=False.
- list_consumer_groups answers an empty list. Every rebalance after a group's first one, a clean leave and
  return too, takes its session timeout less one second: choose a short one (6 s or less).
- Each partition keeps about the last 5 MB (as sent: compressed, 70 bytes a batch on top), then drops whole
  batches from the front. A batch above 5 MB is acknowledged, yet it and the next one cannot be read.
- No retention by time, no compaction, no disk, no TLS or SASL.
- Taking the broker down closes connections and refuses new ones; its log survives and no leader is elected.
  list_offsets then fails with "No leaders found", and may do so for a moment after it is up again.
"""

import argparse
import contextlib
import ctypes
import os
import re
import signal
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Final, Self

from confluent_kafka import KafkaError, cimpl

_ALL_BROKERS: Final = -1
_PRODUCER: Final = 0
_CONF_OK: Final = 0
_ERROR_SIZE: Final = 512
_TOPIC_NAME: Final = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,249}")

_POINTER: Final = ctypes.c_void_p
_SIGNATURES: Final[dict[str, tuple[Any, list[Any]]]] = {
    # name: (result, arguments), as declared in rdkafka.h and rdkafka_mock.h. An undeclared function would
    # take and return C ints, and cut 64-bit pointers in half.
    "rd_kafka_conf_new": (_POINTER, []),
    "rd_kafka_conf_set": (
        ctypes.c_int,
        [_POINTER, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t],
    ),
    "rd_kafka_conf_destroy": (None, [_POINTER]),
    "rd_kafka_new": (_POINTER, [ctypes.c_int, _POINTER, ctypes.c_char_p, ctypes.c_size_t]),
    "rd_kafka_destroy": (None, [_POINTER]),
    "rd_kafka_mock_cluster_new": (_POINTER, [_POINTER, ctypes.c_int]),
    "rd_kafka_mock_cluster_destroy": (None, [_POINTER]),
    "rd_kafka_mock_cluster_bootstraps": (ctypes.c_char_p, [_POINTER]),
    "rd_kafka_mock_topic_create": (ctypes.c_int, [_POINTER, ctypes.c_char_p, ctypes.c_int, ctypes.c_int]),
    "rd_kafka_mock_broker_set_down": (ctypes.c_int, [_POINTER, ctypes.c_int32]),
    "rd_kafka_mock_broker_set_up": (ctypes.c_int, [_POINTER, ctypes.c_int32]),
    "rd_kafka_mock_broker_set_rtt": (ctypes.c_int, [_POINTER, ctypes.c_int32, ctypes.c_int]),
    "rd_kafka_mock_push_request_errors_array": (
        None,
        [_POINTER, ctypes.c_int16, ctypes.c_size_t, ctypes.POINTER(ctypes.c_int)],
    ),
    "rd_kafka_mock_clear_request_errors": (None, [_POINTER, ctypes.c_int16]),
    "rd_kafka_mock_group_initial_rebalance_delay_ms": (None, [_POINTER, ctypes.c_int32]),
    "rd_kafka_mock_set_controller_id": (None, [_POINTER, ctypes.c_int32]),
}


class EmbeddedKafkaError(RuntimeError):
    """The embedded broker could not be had, or refused what was asked of it."""


class EmbeddedKafka:
    """One broker on a free port of 127.0.0.1, alive between start() and stop(). Not restartable in place:
    after stop() a further start() gives a new, empty broker on another port. Each call may come from any
    thread, but stop() must not run beside another call.
    """

    def __init__(self, *, rebalance_delay_ms: int = 100) -> None:
        """`rebalance_delay_ms`: how long a new group waits for further members before it hands out
        partitions (a real broker: 3,000). Who comes later than that waits seconds, see above.
        """
        self._rebalance_delay_ms = rebalance_delay_ms
        self._library: Any = None
        self._client: int | None = None
        self._cluster: int | None = None
        self._bootstrap = ""

    def start(self) -> Self:
        """Start the broker. Raises EmbeddedKafkaError if it already runs or this librdkafka has none."""
        if self._cluster is not None:
            raise EmbeddedKafkaError("this embedded broker is already started")
        self._library = _load_library()
        self._client = _new_client(self._library)
        cluster: int | None = self._library.rd_kafka_mock_cluster_new(self._client, 1)
        if cluster is None:
            self.stop()
            raise EmbeddedKafkaError("librdkafka could not create its mock cluster (no free port?)")
        self._cluster = cluster
        self._library.rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, self._rebalance_delay_ms)
        # Without a controller every AdminClient call waits for one until it times out. With it,
        # describe_topics works and what is not supported is refused at once.
        self._library.rd_kafka_mock_set_controller_id(cluster, 1)
        self._bootstrap = self._library.rd_kafka_mock_cluster_bootstraps(cluster).decode()
        return self

    def stop(self) -> None:
        """Close the port, forget all data, free the memory. Idempotent; harmless before start()."""
        cluster, self._cluster = self._cluster, None
        client, self._client = self._client, None
        if cluster is not None:
            self._library.rd_kafka_mock_cluster_destroy(cluster)
        if client is not None:
            self._library.rd_kafka_destroy(client)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def bootstrap(self) -> str:
        """The address for `bootstrap.servers`, like 127.0.0.1:40411. Raises EmbeddedKafkaError if stopped."""
        self._running()
        return self._bootstrap

    def create_topic(self, name: str, partitions: int) -> None:
        """Create a topic. Raises EmbeddedKafkaError for one that exists, ValueError for a name or a number of
        partitions that a real broker would refuse (this one would take both).
        """
        if not _TOPIC_NAME.fullmatch(name):
            raise ValueError(f"not a legal Kafka topic name: {name!r}")
        if partitions < 1:
            raise ValueError(f"topic {name} needs at least 1 partition, not {partitions}")
        code = self._library_call("rd_kafka_mock_topic_create", name.encode(), partitions, 1)
        _raise_for(code, f"create topic {name}")

    def broker_down(self) -> None:
        """Drop every connection and refuse new ones until broker_up(). What was stored stays stored."""
        _raise_for(self._library_call("rd_kafka_mock_broker_set_down", _ALL_BROKERS), "take the broker down")

    def broker_up(self) -> None:
        """Accept connections again, on the same address."""
        _raise_for(self._library_call("rd_kafka_mock_broker_set_up", _ALL_BROKERS), "bring the broker up")

    def round_trip_delay(self, ms: int) -> None:
        """Delay every answer by `ms` milliseconds from now on; 0 ends the delay."""
        if ms < 0:
            raise ValueError(f"a delay cannot be negative: {ms} ms")
        _raise_for(self._library_call("rd_kafka_mock_broker_set_rtt", _ALL_BROKERS, ms), "set the delay")

    def push_errors(self, api_key: int, codes: Sequence[int]) -> None:
        """Answer the next len(codes) requests of this kind with these errors, one each, in order.

        `api_key` is the protocol's number of the request (0 Produce, 1 Fetch, 2 ListOffsets, 8 OffsetCommit),
        a code is `KafkaError.<NAME>`; `KafkaError._TRANSPORT` cuts the connection instead of answering.
        Requests of every client count. A code of 0 lets one request through.
        """
        array = (ctypes.c_int * len(codes))(*codes)
        self._library_call("rd_kafka_mock_push_request_errors_array", api_key, len(codes), array)

    def clear_errors(self, api_key: int) -> None:
        """Take back the errors that no request of this kind has met yet."""
        self._library_call("rd_kafka_mock_clear_request_errors", api_key)

    def _library_call(self, function: str, *arguments: object) -> Any:
        return getattr(self._library, function)(self._running(), *arguments)

    def _running(self) -> int:
        """The cluster's pointer: handing a freed one to librdkafka would end the whole process."""
        if self._cluster is None:
            raise EmbeddedKafkaError("the embedded broker is not running: call start() first")
        return self._cluster


def _load_library(path: str = cimpl.__file__) -> Any:
    """Find librdkafka and declare every function that is used.

    `path` is the extension module of confluent-kafka: it is linked against exactly one librdkafka, wherever
    the wheel or the system keeps it, and the dynamic linker finds that one through it.
    """
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        raise EmbeddedKafkaError(f"cannot load librdkafka through {path}: {error}") from error
    missing = [name for name in _SIGNATURES if not hasattr(library, name)]
    if missing:
        raise EmbeddedKafkaError(
            f"the librdkafka behind {path} has no {', '.join(missing)}: the embedded broker needs the"
            " confluent-kafka wheel of the version pinned in pyproject.toml"
        )
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def _new_client(library: Any) -> int:
    """The librdkafka client that a mock cluster lives in. It never connects anywhere itself."""
    reason = ctypes.create_string_buffer(_ERROR_SIZE)
    conf = library.rd_kafka_conf_new()
    # Level 3 (errors): the client would warn that it has no bootstrap.servers, which is the idea.
    if library.rd_kafka_conf_set(conf, b"log_level", b"3", reason, _ERROR_SIZE) != _CONF_OK:
        library.rd_kafka_conf_destroy(conf)
        raise EmbeddedKafkaError(f"librdkafka refused its settings: {reason.value.decode()}")
    client: int | None = library.rd_kafka_new(_PRODUCER, conf, reason, _ERROR_SIZE)
    if client is None:
        library.rd_kafka_conf_destroy(conf)  # librdkafka takes ownership of it only on success
        raise EmbeddedKafkaError(f"librdkafka could not start a client: {reason.value.decode()}")
    return client


def _raise_for(code: int, action: str) -> None:
    """Turn a librdkafka error code (0 = none) into EmbeddedKafkaError."""
    if code:
        raise EmbeddedKafkaError(f"cannot {action}: {KafkaError(code).str()}")


def _topic(text: str) -> tuple[str, int]:
    """`name:partitions` of the command line; ValueError (wrong use) for anything else."""
    name, _, partitions = text.rpartition(":")
    if not _TOPIC_NAME.fullmatch(name) or int(partitions) < 1:
        raise ValueError(text)
    return name, int(partitions)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve one broker, print its address, return at SIGTERM, SIGINT or the end of standard input."""
    parser = argparse.ArgumentParser(prog="python -m streams.brokers.embedded", description=main.__doc__)
    parser.add_argument("topics", nargs="*", type=_topic, metavar="TOPIC:PARTITIONS")
    topics = parser.parse_args(arguments).topics
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt), EmbeddedKafka() as broker:
        for name, partitions in topics:
            broker.create_topic(name, partitions)
        sys.stdout.write(broker.bootstrap + "\n")
        sys.stdout.flush()
        with contextlib.suppress(OSError):  # standard input may be closed from the start: the same as its end
            while os.read(0, 4096):
                pass


if __name__ == "__main__":
    main()
