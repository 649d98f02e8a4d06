"""The one catalogue of Kafka topics: what each is called, how it is kept, and whether a cluster has it so.

Why: a topic made by accident, with one partition too few or the wrong cleanup policy, loses data in silence
weeks later. So topics are created and checked up front, from this list, and a worker refuses to start on a
fault. May be imported by `streams`, `agents` and `cli`. Imports nothing of ours.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ConfigEntry, ConfigResource, NewTopic

TIMEOUT_S: Final = 30.0  # default patience with each request to the cluster
_POLL_S: Final = 0.1
_MARGIN_S: Final = 5.0  # how much longer to wait for a future than librdkafka waits for the broker
_UNREACHABLE: Final = (
    KafkaError._TIMED_OUT,
    KafkaError._TRANSPORT,
    KafkaError._ALL_BROKERS_DOWN,
    KafkaError._RESOLVE,
    KafkaError.REQUEST_TIMED_OUT,
)

_CHANGELOG: Final = (
    # Small segments, cleaned eagerly, bound what a restart has to replay; tombstones stay a week so that
    # a worker that was away over a long weekend still sees them. For an hour nothing is cleaned: what a former
    # owner writes late is void and may yet be the last record of its key; by then the owner has written the
    # valid one again (streams.guard).
    ("segment.ms", "3600000"),
    ("segment.bytes", "67108864"),
    ("min.cleanable.dirty.ratio", "0.2"),
    ("delete.retention.ms", "604800000"),
    ("min.compaction.lag.ms", "3600000"),
)


class Cleanup(StrEnum):
    """What Kafka does with old records (`cleanup.policy`)."""

    DELETE = "delete"
    COMPACT = "compact"


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """What one topic must be.

    `key` says what the record key is; `retention` is how long a deleted topic keeps records (None where
    compaction decides). With `append_time` records carry the broker's append time instead of the producer's
    time. `max_record_bytes` is the least the topic must accept (None: the cluster's default, about 1 MiB, is
    enough). `tuning` holds settings that are applied at creation but are the operator's to change.
    """

    name: str
    key: str
    cleanup: Cleanup
    partitions: int
    retention: timedelta | None = None
    append_time: bool = False
    max_record_bytes: int | None = None
    tuning: tuple[tuple[str, str], ...] = ()

    def settings(self) -> dict[str, str]:
        """The configuration to create the topic with, in Kafka's own names and units (ms, bytes)."""
        settings = {"cleanup.policy": str(self.cleanup), **dict(self.tuning)}
        if self.retention is not None:
            settings["retention.ms"] = str(self.retention // timedelta(milliseconds=1))
        if self.append_time:
            settings["message.timestamp.type"] = "LogAppendTime"
        if self.max_record_bytes is not None:
            settings["max.message.bytes"] = str(self.max_record_bytes)
        return settings


def group_of(app_id: str, matter: str) -> str:
    """The consumer group that watches a matter: the app id itself watches tickets."""
    return app_id if matter == "tickets" else f"{app_id}-{matter}"


def changelog_name(app_id: str, matter: str = "tickets") -> str:
    """The changelog topic of a matter's states."""
    return f"{app_id}-{matter}-changelog"


def catalogue(prefix: str, app_id: str, partitions: int, *, written: str | None = None) -> tuple[TopicSpec, ...]:
    """Every topic of one installation.

    `written` comes before the names of those it writes to, where that is another prefix than that of the events.
    `prefix` comes before the public names (default of the product: `sla.`), `partitions` is the count of
    every topic and fixed for the life of an app id: the changelog must match the events partition by
    partition. Raises ValueError for fewer than one partition or an empty app id.
    """
    if partitions < 1:
        raise ValueError(f"partitions must be at least 1, not {partitions}")
    if not app_id:
        raise ValueError("the app id must not be empty: it names the changelog")
    n, delete, compact = partitions, Cleanup.DELETE, Cleanup.COMPACT
    month, seven_months = timedelta(days=30), timedelta(days=210)
    events, own = f"{prefix}ticket-events", prefix if written is None else written
    facts, alerts, verdicts, letters = (
        f"{own}{suffix}" for suffix in ("incident-facts", "alerts", "verdicts", "dead-letters")
    )
    return (
        # Append times are what proves, in a backlog, that nothing came before a deadline.
        TopicSpec(events, "ticket id", delete, n, seven_months, append_time=True),
        TopicSpec(facts, "incident key", delete, n, seven_months, append_time=True),
        # ... and here they are how late an alert was, measured by somebody else's clock.
        TopicSpec(alerts, "ticket id or incident key", delete, n, month, append_time=True),
        TopicSpec(verdicts, "clock id", compact, n),
        # Stored as received: a record at the default limit of 1 MiB gains headers, and must still fit.
        TopicSpec(letters, "as received", delete, n, month, max_record_bytes=2 * 1024**2),
        # A state goes with all it has to say: 500 events at once may say much.
        TopicSpec(
            changelog_name(app_id),
            "ticket id",
            compact,
            n,
            append_time=True,
            max_record_bytes=32 * 1024**2,
            tuning=_CHANGELOG,
        ),
        TopicSpec(
            changelog_name(app_id, "incidents"),
            "incident key",
            compact,
            n,
            append_time=True,
            max_record_bytes=32 * 1024**2,
            tuning=_CHANGELOG,
        ),
    )


def delivery_catalogue(prefix: str, partitions: int) -> tuple[TopicSpec, ...]:
    """The topics that only delivery needs: what people ask, and what was tried.

    A record of an attempt lies in the partition of its alert, so they have as many partitions as the alerts.
    """
    month = timedelta(days=30)
    return (
        TopicSpec(f"{prefix}commands", "alert id or ticket", Cleanup.DELETE, partitions, month, append_time=True),
        TopicSpec(f"{prefix}notifications", "alert id", Cleanup.DELETE, partitions, month, append_time=True),
    )


class TopicsError(Exception):
    """The topics could not be created or checked. The message says what to do."""


class ClusterUnreachableError(TopicsError):
    """No broker answered in time: nothing is known about the topics. Worth trying again."""


class CreationUnsupportedError(TopicsError):
    """The broker has no CreateTopics, as the embedded one: its topics are made through its own API."""


class CreationRefusedError(TopicsError):
    """The cluster refused topics. `report` says which were made all the same, `refusals` why not the rest."""

    def __init__(self, report: "Report", refusals: Mapping[str, str]) -> None:
        self.report = report
        self.refusals = dict(refusals)
        super().__init__("topics refused: " + "; ".join(f"{t}: {why}" for t, why in self.refusals.items()))


@dataclass(frozen=True, slots=True)
class Report:
    """What create() found and did: the names of the topics."""

    created: tuple[str, ...]
    existed: tuple[str, ...]


class Problem(StrEnum):
    """The kinds of fault."""

    MISSING = "missing"
    PARTITIONS = "partitions"
    CLEANUP = "cleanup"
    TIMESTAMP_TYPE = "timestamp_type"
    RECORD_SIZE = "record_size"
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with one topic, and how to mend it. Both texts are for the operator.

    `UNCHECKED` is not wrong but unknown: the cluster would not tell. It is no reason to refuse to start.
    """

    topic: str
    problem: Problem
    what: str
    mend: str

    @property
    def refuses_start(self) -> bool:
        """True if a worker must not run on it."""
        return self.problem is not Problem.UNCHECKED


def create(admin: AdminClient, specs: Sequence[TopicSpec], replication: int, *, timeout: float = TIMEOUT_S) -> Report:
    """Create the topics that do not exist, and return once the cluster shows them all.

    Existing topics are left exactly as they are; check() tells whether they are right. `replication` is the
    number of copies; with three or more, one may be down while writes go on (min.insync.replicas is one
    less). Safe to run twice or from two places at once. Blocks up to about twice `timeout` seconds.

    Raises ClusterUnreachableError, CreationUnsupportedError, CreationRefusedError; ValueError for no replica.
    """
    if replication < 1:
        raise ValueError(f"replication must be at least 1, not {replication}")
    safe = {"min.insync.replicas": str(max(1, replication - 1))}
    wanted = [NewTopic(s.name, s.partitions, replication, config=s.settings() | safe) for s in specs]
    futures = admin.create_topics(wanted, operation_timeout=timeout, request_timeout=timeout)
    created, existed, refusals = [], [], {}
    for name, future in futures.items():
        _, error = answered(future, "CreateTopics", timeout)
        if error is None:
            created.append(name)
        elif error.code() == KafkaError.TOPIC_ALREADY_EXISTS:
            existed.append(name)
        elif error.code() == KafkaError._UNSUPPORTED_FEATURE:
            raise CreationUnsupportedError(
                "this broker cannot create topics on request; the embedded one has create_topic() for it"
            )
        else:
            refusals[name] = error.str()
    report = Report(tuple(created), tuple(existed))
    if refusals:
        raise CreationRefusedError(report, refusals)
    _await_visible(admin, created, timeout)
    return report


def check(admin: AdminClient, specs: Sequence[TopicSpec], *, timeout: float = TIMEOUT_S) -> list[Fault]:
    """Compare the cluster with the specs; an empty list means that all is as it must be.

    Creates nothing. Where the cluster does not disclose a topic's configuration (the embedded broker has
    none to disclose; on a real one the right DescribeConfigs may be missing) presence and partitions are
    checked all the same, and an `UNCHECKED` fault says what was not. Blocks up to about twice `timeout`
    seconds. Raises ClusterUnreachableError if no broker answers.
    """
    partitions = _partition_counts(admin, timeout)
    faults = [fault for spec in specs for fault in _shape_faults(spec, partitions.get(spec.name))]
    present = [spec for spec in specs if spec.name in partitions]
    return faults + _config_faults(admin, present, timeout)


def _partition_counts(admin: AdminClient, timeout: float) -> dict[str, int]:
    """Partitions of every topic there is. All are asked for: naming a missing topic may create it."""
    try:
        topics = admin.list_topics(timeout=timeout).topics
    except KafkaException as failure:
        raise ClusterUnreachableError(f"no answer to Metadata: {failure.args[0].str()}") from failure
    return {name: len(topic.partitions) for name, topic in topics.items()}


def _await_visible(admin: AdminClient, names: Iterable[str], timeout: float) -> None:
    """Return once brokers show the topics: the controller's yes reaches them a moment later."""
    names = set(names)
    for _ in range(max(1, round(timeout / _POLL_S))):
        if names <= _partition_counts(admin, timeout).keys():
            return
        time.sleep(_POLL_S)
    raise ClusterUnreachableError(f"created, but not visible after {timeout:g} s: {', '.join(sorted(names))}")


def _shape_faults(spec: TopicSpec, partitions: int | None) -> list[Fault]:
    """What metadata alone shows: that the topic is there, with the right number of partitions."""
    if partitions is None:
        mend = "run `slawatch topics create`"
        return [Fault(spec.name, Problem.MISSING, "the topic does not exist, or this user may not describe it", mend)]
    if partitions == spec.partitions:
        return []
    what = f"it has {partitions} partitions, the settings say {spec.partitions}"
    mend = (
        f"set partitions = {partitions} if every topic has that many; otherwise choose a new app id and topic"
        " prefix (adding partitions would send a known ticket to another partition)"
    )
    return [Fault(spec.name, Problem.PARTITIONS, what, mend)]


def _config_faults(admin: AdminClient, specs: Sequence[TopicSpec], timeout: float) -> list[Fault]:
    """What the topics' configuration shows, or that it could not be seen."""
    if not specs:
        return []
    by_resource = {ConfigResource(ConfigResource.Type.TOPIC, spec.name): spec for spec in specs}
    faults: list[Fault] = []
    for resource, future in admin.describe_configs(list(by_resource), request_timeout=timeout).items():
        actual, error = answered(future, "DescribeConfigs", timeout)
        if error is None:
            faults += _setting_faults(by_resource[resource], actual)
            continue
        what = f"cleanup policy, timestamp type and record size were not checked: {error.str()}"
        mend = "grant DescribeConfigs on the topic; on the embedded broker there is nothing to do"
        faults.append(Fault(resource.name, Problem.UNCHECKED, what, mend))
    return faults


def _setting_faults(spec: TopicSpec, actual: Mapping[str, ConfigEntry]) -> list[Fault]:
    """Compare one topic's effective configuration with what the spec must have."""
    values = {name: entry.value for name, entry in actual.items()}
    wanted = spec.settings()
    exact = ((Problem.CLEANUP, "cleanup.policy"), (Problem.TIMESTAMP_TYPE, "message.timestamp.type"))
    wrong = [(p, key) for p, key in exact if key in wanted and values.get(key) != wanted[key]]
    if int(values.get("max.message.bytes") or 0) < (spec.max_record_bytes or 0):
        wrong.append((Problem.RECORD_SIZE, "max.message.bytes"))
    return [
        Fault(
            spec.name,
            problem,
            f"{key} is {values.get(key) or 'not set'}, it must be {wanted[key]}",
            f"run kafka-configs.sh --alter --topic {spec.name} --add-config {key}={wanted[key]}",
        )
        for problem, key in wrong
    ]


def answered(future: Future[Any], request: str, timeout: float) -> tuple[Any, KafkaError | None]:
    """The result of an AdminClient future, or the broker's refusal; no answer raises."""
    try:
        return future.result(timeout + _MARGIN_S), None
    except TimeoutError as failure:
        raise ClusterUnreachableError(f"no answer to {request}") from failure
    except KafkaException as failure:
        error: KafkaError = failure.args[0]
        if error.code() in _UNREACHABLE:
            raise ClusterUnreachableError(f"no answer to {request}: {error.str()}") from failure
        return None, error
