"""Asking brokers again while what they answer may pass: they come up, change leaders, or are starved of a processor.

A worker that ends on such an answer leaves its partitions to nobody for as long as its supervisor takes to start it
again. So whoever takes partitions over asks until a deadline; only what no waiting mends ends it. `streams` and
`agents` only.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from confluent_kafka import KafkaError, KafkaException

logger = logging.getLogger("slawatch.worker")

ASK_EVERY_S = 0.25

_PASSING = frozenset(
    {
        KafkaError._TRANSPORT,
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._TIMED_OUT,
        KafkaError._TIMED_OUT_QUEUE,
        KafkaError._MSG_TIMED_OUT,
        KafkaError._RESOLVE,
        KafkaError._WAIT_COORD,
        # A broker that its controller has fenced tells of topics without partitions, or of none at all. That ours are
        # there was seen before the worker started (streams.topics).
        KafkaError._UNKNOWN_PARTITION,
        KafkaError._UNKNOWN_TOPIC,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.FENCED_LEADER_EPOCH,
        KafkaError.UNKNOWN_LEADER_EPOCH,
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.NOT_COORDINATOR,
    }
)

T = TypeVar("T")


class OwnershipLostError(Exception):
    """The partitions were taken away while their state was being read."""


def passes(error: KafkaError) -> bool:
    """Whether waiting may mend it."""
    return error.retriable() or error.code() in _PASSING


def patiently(question: Callable[[], T], until: float, still_owned: Callable[[], bool]) -> T:
    """The answer to a blocking question, asked again while its error may pass; call it in a thread.

    Raises what the question raises where it does not pass, or not before `until` (`time.monotonic`), and
    OwnershipLostError once the partitions are no longer ours.
    """
    told = False
    while True:
        try:
            return question()
        except KafkaException as error:
            if not passes(error.args[0]) or time.monotonic() > until:
                raise
            if not told:
                logger.warning("brokers_not_ready", extra={"error": error.args[0].str()})
                told = True
        if not still_owned():
            raise OwnershipLostError
        time.sleep(ASK_EVERY_S)
