"""The catalogue of topics, its creation, and the check that a cluster has it right."""

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient, ConfigEntry, NewTopic

from streams.brokers.embedded import EmbeddedKafka
from streams.topics import (
    Cleanup,
    ClusterUnreachableError,
    CreationRefusedError,
    CreationUnsupportedError,
    Fault,
    Problem,
    Report,
    TopicSpec,
    catalogue,
    check,
    create,
)

QUIET = {"log_level": 0}
NOWHERE = "127.0.0.1:9"  # the discard port: nobody listens
CATALOGUE = catalogue("sla.", "slawatch", 4)
_installations = count(1)


def spec_of(suffix: str, specs: Sequence[TopicSpec] = CATALOGUE) -> TopicSpec:
    """The one spec whose name ends so."""
    (spec,) = (spec for spec in specs if spec.name.endswith(suffix))
    return spec


def problems(faults: Sequence[Fault]) -> set[tuple[str, Problem]]:
    """What is wrong where, without the wording."""
    return {(fault.topic, fault.problem) for fault in faults}


def test_the_catalogue_names_every_topic_once() -> None:
    """Public topics carry the prefix, the changelog the app id."""
    assert [spec.name for spec in CATALOGUE] == [
        "sla.ticket-events",
        "sla.incident-facts",
        "sla.alerts",
        "sla.verdicts",
        "sla.dead-letters",
        "slawatch-tickets-changelog",
        "slawatch-incidents-changelog",
    ]


def test_the_changelog_matches_the_events_partition_by_partition() -> None:
    """Events, facts and their states have the same partition count, the one asked for."""
    for partitions in (1, 16):
        specs = catalogue("sla.", "slawatch", partitions)
        names = ("ticket-events", "incident-facts", "tickets-changelog", "incidents-changelog")
        assert {spec_of(name, specs).partitions for name in names} == {partitions}


def test_append_time_where_silence_or_lateness_is_judged_by_it() -> None:
    """Events, facts, alerts and changelogs carry the broker's append time, the others the producer's."""
    stamped = {spec.name for spec in CATALOGUE if "message.timestamp.type" in spec.settings()}
    changelogs = {"slawatch-tickets-changelog", "slawatch-incidents-changelog"}
    assert stamped == {"sla.ticket-events", "sla.incident-facts", "sla.alerts"} | changelogs


def test_what_is_kept_and_for_how_long() -> None:
    """Events and facts are kept 210 days, alerts and dead letters 30, verdicts and state by compaction."""
    kept = {spec.name: (spec.settings()["cleanup.policy"], spec.retention) for spec in CATALOGUE}
    month = timedelta(days=30)
    assert kept == {
        "sla.ticket-events": ("delete", timedelta(days=210)),
        "sla.incident-facts": ("delete", timedelta(days=210)),
        "sla.alerts": ("delete", month),
        "sla.verdicts": ("compact", None),
        "sla.dead-letters": ("delete", month),
        "slawatch-tickets-changelog": ("compact", None),
        "slawatch-incidents-changelog": ("compact", None),
    }
    assert spec_of("ticket-events").settings()["retention.ms"] == str(210 * 86_400_000)


def test_a_full_record_with_headers_fits_the_dead_letters() -> None:
    """The dead letters accept 2 MiB, twice what the other topics accept by default."""
    assert spec_of("dead-letters").settings()["max.message.bytes"] == "2097152"


@pytest.mark.parametrize(("app_id", "partitions"), [("slawatch", 0), ("", 4)])
def test_an_impossible_installation_is_refused(app_id: str, partitions: int) -> None:
    """No partitions, or no app id, raises ValueError."""
    with pytest.raises(ValueError, match=r"partitions|app id"):
        catalogue("sla.", app_id, partitions)


class Answers:
    """Stands for an AdminClient whose cluster answers DescribeConfigs as told; metadata is always right."""

    def __init__(self, settings: dict[str, str] | KafkaError) -> None:
        self.settings = settings

    def list_topics(self, timeout: float):
        """Every topic of the catalogue, with four partitions."""
        topic = type("Topic", (), {"partitions": dict.fromkeys(range(4))})
        return type("Metadata", (), {"topics": {spec.name: topic for spec in CATALOGUE}})

    def describe_configs(self, resources, request_timeout: float):
        """The one answer, for each resource."""
        return {resource: self._answered() for resource in resources}

    def _answered(self) -> Future:
        future: Future = Future()
        if isinstance(self.settings, KafkaError):
            future.set_exception(KafkaException(self.settings))
        else:
            future.set_result({key: ConfigEntry(key, value) for key, value in self.settings.items()})
        return future


def test_each_wrong_setting_is_a_fault_with_its_remedy() -> None:
    """Cleanup, timestamp type and record size are told apart, and the remedy names topic and setting."""
    letters = replace(spec_of("dead-letters"), append_time=True)
    settings = {"cleanup.policy": "compact,delete", "message.timestamp.type": "CreateTime"}
    faults = check(Answers({**settings, "max.message.bytes": "1048588"}), [letters])
    assert [fault.problem for fault in faults] == [
        Problem.CLEANUP,
        Problem.TIMESTAMP_TYPE,
        Problem.RECORD_SIZE,
    ]
    assert all(fault.refuses_start for fault in faults)
    assert faults[0].what == "cleanup.policy is compact,delete, it must be delete"
    assert faults[2].mend.endswith("--topic sla.dead-letters --add-config max.message.bytes=2097152")


def test_more_than_what_is_needed_is_no_fault() -> None:
    """A larger record size, and an append time where none is asked for, are the operator's business."""
    settings = {"cleanup.policy": "delete", "message.timestamp.type": "LogAppendTime"}
    assert check(Answers({**settings, "max.message.bytes": "9999999"}), [spec_of("dead-letters")]) == []


def test_a_configuration_that_may_not_be_read_is_said_and_does_not_refuse_start() -> None:
    """Without the right to describe a topic, what was not checked is reported as such."""
    denied = KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED)
    (fault,) = check(Answers(denied), [spec_of("alerts")])
    assert (fault.topic, fault.problem, fault.refuses_start) == ("sla.alerts", Problem.UNCHECKED, False)
    assert "DescribeConfigs" in fault.mend


def test_no_answer_about_the_configuration_is_not_taken_for_an_answer() -> None:
    """A time-out of DescribeConfigs raises instead of passing the check."""
    with pytest.raises(ClusterUnreachableError, match="DescribeConfigs"):
        check(Answers(KafkaError(KafkaError._TIMED_OUT)), [spec_of("alerts")])


def test_a_cluster_that_is_not_there_is_an_error_of_its_own() -> None:
    """With nobody listening, both functions raise ClusterUnreachableError within their timeout."""
    admin = AdminClient({"bootstrap.servers": NOWHERE, **QUIET})
    with pytest.raises(ClusterUnreachableError, match="Metadata"):
        check(admin, CATALOGUE, timeout=0.3)
    with pytest.raises(ClusterUnreachableError, match="CreateTopics"):
        create(admin, CATALOGUE, 1, timeout=0.3)


def test_no_replica_is_refused() -> None:
    """A replication of 0 raises ValueError before anything is sent."""
    with pytest.raises(ValueError, match="replication"):
        create(AdminClient({"bootstrap.servers": NOWHERE, **QUIET}), CATALOGUE, 0)


@pytest.fixture
def embedded() -> Iterator[EmbeddedKafka]:
    """An embedded broker without topics."""
    with EmbeddedKafka() as broker:
        yield broker


@pytest.mark.embedded
def test_on_the_embedded_broker_what_can_be_seen_is_checked(embedded) -> None:
    """Missing topics and partition counts are found; the rest is reported as unchecked, never as right."""
    alerts, events, verdicts = spec_of("alerts"), spec_of("ticket-events"), spec_of("verdicts")
    embedded.create_topic(alerts.name, alerts.partitions)
    embedded.create_topic(events.name, events.partitions + 1)
    admin = AdminClient({"bootstrap.servers": embedded.bootstrap, **QUIET})
    faults = check(admin, [alerts, events, verdicts], timeout=10)
    assert problems(faults) == {
        (alerts.name, Problem.UNCHECKED),
        (events.name, Problem.PARTITIONS),
        (events.name, Problem.UNCHECKED),
        (verdicts.name, Problem.MISSING),
    }
    assert [fault.topic for fault in faults if fault.refuses_start] == [events.name, verdicts.name]


@pytest.mark.embedded
def test_checking_creates_nothing(embedded) -> None:
    """A check for missing topics leaves them missing, though this broker creates what it is asked about."""
    admin = AdminClient({"bootstrap.servers": embedded.bootstrap, **QUIET})
    assert {fault.problem for fault in check(admin, CATALOGUE, timeout=10)} == {Problem.MISSING}
    assert admin.list_topics(timeout=10).topics == {}


@pytest.mark.embedded
def test_the_embedded_broker_says_that_it_cannot_create(embedded) -> None:
    """create() raises CreationUnsupportedError at once and names the way that works."""
    admin = AdminClient({"bootstrap.servers": embedded.bootstrap, **QUIET})
    with pytest.raises(CreationUnsupportedError, match="create_topic"):
        create(admin, CATALOGUE, 1, timeout=10)


@pytest.fixture
def installation() -> tuple[TopicSpec, ...]:
    """A catalogue of two partitions with names that no other test or session has."""
    name = f"topics-{os.getpid()}-{time.time_ns()}-{next(_installations)}"
    return catalogue(f"{name}.", name, 2)


@pytest.fixture
def admin(real_kafka) -> AdminClient:
    """An admin client of the real Kafka."""
    return AdminClient({"bootstrap.servers": real_kafka, **QUIET})


@pytest.mark.kafka
def test_what_was_created_passes_the_check_and_can_be_created_again(admin, installation) -> None:
    """create() makes every topic right at once; a second time it changes nothing and says so."""
    names = tuple(spec.name for spec in installation)
    assert create(admin, installation, 1) == Report(created=names, existed=())
    assert check(admin, installation) == []
    assert create(admin, installation, 1) == Report(created=(), existed=names)


@pytest.mark.kafka
def test_each_wrong_topic_of_a_real_cluster_is_found(admin, installation) -> None:
    """Topics made by hand with Kafka's defaults show every kind of fault, and missing ones stay missing."""
    wrong = [NewTopic(spec.name, 3, 1) for spec in installation if not spec.name.endswith("alerts")]
    for future in admin.create_topics(wrong, operation_timeout=30).values():
        future.result(35)
    expected = {
        ("ticket-events", Problem.PARTITIONS),
        ("ticket-events", Problem.TIMESTAMP_TYPE),
        ("incident-facts", Problem.PARTITIONS),
        ("incident-facts", Problem.TIMESTAMP_TYPE),
        ("alerts", Problem.MISSING),
        ("verdicts", Problem.PARTITIONS),
        ("verdicts", Problem.CLEANUP),
        ("dead-letters", Problem.PARTITIONS),
        ("dead-letters", Problem.RECORD_SIZE),
    }
    kinds = (Problem.PARTITIONS, Problem.CLEANUP, Problem.TIMESTAMP_TYPE, Problem.RECORD_SIZE)
    expected |= {(f"{matter}-changelog", kind) for matter in ("tickets", "incidents") for kind in kinds}
    expected = {(spec_of(suffix, installation).name, problem) for suffix, problem in expected}
    deadline = time.monotonic() + 30
    while problems(check(admin, installation)) != expected and time.monotonic() < deadline:
        time.sleep(0.1)  # the brokers learn of a new topic a moment after the controller
    assert problems(check(admin, installation)) == expected


@pytest.mark.kafka
def test_a_dead_letter_takes_a_full_record_with_its_headers(admin, installation, real_kafka) -> None:
    """A value of 1 MiB with headers is stored as received."""
    letters = spec_of("dead-letters", installation)
    create(admin, [letters], 1)
    reports: list[KafkaError | None] = []
    producer = Producer({"bootstrap.servers": real_kafka, "message.max.bytes": 2 * 1024**2, **QUIET})
    headers = [("reason", b"not_json"), ("position", b"sla.ticket-events/3/81")]
    producer.produce(letters.name, os.urandom(1024**2), headers=headers, on_delivery=lambda e, _: reports.append(e))
    assert producer.flush(30) == 0
    assert reports == [None]


@pytest.mark.kafka
def test_a_refusal_names_the_topic_and_what_was_made_all_the_same(admin, installation) -> None:
    """A name that the cluster refuses raises, with the report of the topics that it did create."""
    good = spec_of("verdicts", installation)
    bad = replace(good, name="no/such name", cleanup=Cleanup.COMPACT)
    with pytest.raises(CreationRefusedError, match="no/such name") as refusal:
        create(admin, [good, bad], 1)
    assert refusal.value.report == Report(created=(good.name,), existed=())
    assert list(refusal.value.refusals) == [bad.name]
