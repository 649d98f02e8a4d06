"""What a process must be allowed to do on Kafka, and which of it it is not; asked once, before it starts.

Why: where access is restricted, a right that is missing shows up late and in words that name no topic: when the first
alert is due, or as a topic that is not there. So the brokers are asked up front. Where nothing is restricted they
answer that everything is allowed. May be imported by `streams`, `agents` and `cli`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from confluent_kafka import KafkaError, TopicCollection
from confluent_kafka.admin import AclOperation, AdminClient

from streams import changelog_reader, guard, source_check
from streams.settings import Settings
from streams.topics import answered, catalogue, changelog_name, group_of

_READERS = (changelog_reader.GROUP, guard.GROUP, source_check.GROUP)
"""Consumers that join no group ask for its coordinator all the same, and end when that is refused."""


class Kind(StrEnum):
    """What a right is about, as `kafka-acls.sh` has it."""

    TOPIC = "topic"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Right:
    """What must be allowed on one topic or group: Kafka's operations, `READ` or `WRITE`."""

    kind: Kind
    name: str
    operations: tuple[str, ...]

    def __str__(self) -> str:
        """What it lacks and how to mend it, for the operator."""
        flags = " ".join(f"--operation {operation.capitalize()}" for operation in self.operations)
        return (
            f"{self.name}: this user may not {' or '.join(self.operations)} the {self.kind}; "
            f"grant it: kafka-acls.sh --add --allow-principal User:NAME {flags} --{self.kind} {self.name}"
        )


def of_worker(settings: Settings, *, incidents: bool) -> tuple[Right, ...]:
    """What a worker needs; without `incidents`, where it counts no recurring tickets, it still sees their topics."""
    matters = ("tickets", "incidents") if incidents else ("tickets",)
    both, seen = ("READ", "WRITE"), ("DESCRIBE",)
    events, facts, alerts, verdicts, letters, *_ = catalogue(
        settings.prefix, settings.own_id, settings.partitions, written=settings.own_prefix
    )
    return (
        Right(Kind.TOPIC, events.name, ("READ",)),
        *(Right(Kind.TOPIC, spec.name, ("WRITE",)) for spec in (alerts, verdicts, letters)),
        Right(Kind.TOPIC, facts.name, both if incidents else seen),
        Right(Kind.TOPIC, changelog_name(settings.own_id), both),
        Right(Kind.TOPIC, changelog_name(settings.own_id, "incidents"), both if incidents else seen),
        *(Right(Kind.GROUP, group_of(settings.own_id, matter), ("READ",)) for matter in matters),
        *(Right(Kind.GROUP, name, ("DESCRIBE",)) for name in _READERS),
    )


def of_notifier(prefix: str, group: str, readers: Sequence[str]) -> tuple[Right, ...]:
    """What a notifier of a group needs: alerts in, commands and records both ways; it joins none of `readers`."""
    return (
        Right(Kind.TOPIC, f"{prefix}alerts", ("READ",)),
        Right(Kind.TOPIC, f"{prefix}commands", ("READ", "WRITE")),
        Right(Kind.TOPIC, f"{prefix}notifications", ("READ", "WRITE")),
        Right(Kind.TOPIC, f"{prefix}dead-letters", ("WRITE",)),
        Right(Kind.GROUP, group, ("READ",)),
        *(Right(Kind.GROUP, name, ("DESCRIBE",)) for name in readers),
    )


def of_canary(prefix: str) -> tuple[Right, ...]:
    """What a canary needs: events out."""
    return (Right(Kind.TOPIC, f"{prefix}ticket-events", ("WRITE",)),)


def lacking(admin: AdminClient, needed: Sequence[Right], *, timeout: float) -> list[Right]:
    """Those of the rights that the brokers do not grant, with the operations that are missing.

    What the brokers do not tell is not lacking: of a group that nobody has joined yet they may say nothing, the
    embedded broker knows no rights, and a topic that is not there is `streams.topics.check`'s to name. Blocks up to
    twice `timeout` seconds. Raises ClusterUnreachableError if no broker answers.
    """
    asked = {"include_authorized_operations": True, "request_timeout": timeout}
    found = []
    # Groups are asked for once brokers have answered: a question to a coordinator whose connection fails can end the
    # process (librdkafka, issue 4605).
    for kind in (Kind.TOPIC, Kind.GROUP):
        rights = [right for right in needed if right.kind is kind]
        names = [right.name for right in rights]
        if not names:
            continue
        if kind is Kind.TOPIC:
            futures = admin.describe_topics(TopicCollection(names), **asked)
        else:
            futures = admin.describe_consumer_groups(names, **asked)
        for right in rights:
            described, error = answered(futures[right.name], f"Describe of {right.name}", timeout)
            missing = _missing(right, described, error)
            if missing:
                found.append(Right(right.kind, right.name, missing))
    return found


def _missing(right: Right, described: Any, error: KafkaError | None) -> tuple[str, ...]:
    if error is not None:
        refused = error.code() in {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED}
        return right.operations if refused else ()
    granted = described.authorized_operations
    if not granted:
        return ()
    return tuple(name for name in right.operations if not {AclOperation[name], AclOperation.ALL} & set(granted))
