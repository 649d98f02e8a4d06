"""Whoever takes partitions over asks brokers again while what they answer may pass, and no longer."""

from __future__ import annotations

import time

import pytest
from confluent_kafka import KafkaError, KafkaException

from streams import patience
from streams.patience import OwnershipLostError, passes, patiently

FENCED = KafkaError._UNKNOWN_PARTITION
"""What a broker's client says while its controller has fenced it."""


class Brokers:
    """They answer with these errors, then with 7."""

    def __init__(self, *codes: int) -> None:
        self.codes = list(codes)
        self.asked = 0

    def __call__(self) -> int:
        """Answer once."""
        self.asked += 1
        if self.codes:
            raise KafkaException(KafkaError(self.codes.pop(0)))
        return 7


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "ASK_EVERY_S", 0.0)


def _soon() -> float:
    return time.monotonic() + 60


def test_a_broker_that_is_fenced_or_changes_leaders_is_asked_again() -> None:
    """Each of these has been seen while a broker came back."""
    brokers = Brokers(FENCED, KafkaError.UNKNOWN_LEADER_EPOCH, KafkaError._TRANSPORT, KafkaError.NOT_COORDINATOR)
    assert patiently(brokers, _soon(), lambda: True) == 7
    assert brokers.asked == 5


def test_what_no_waiting_mends_is_said_at_once() -> None:
    """A right that is missing stays missing."""
    brokers = Brokers(KafkaError.TOPIC_AUTHORIZATION_FAILED)
    with pytest.raises(KafkaException):
        patiently(brokers, _soon(), lambda: True)
    assert brokers.asked == 1


def test_past_the_deadline_the_last_error_is_said() -> None:
    """The supervisor hears why."""
    with pytest.raises(KafkaException, match="partition"):
        patiently(Brokers(FENCED, FENCED), time.monotonic() - 1, lambda: True)


def test_nobody_asks_on_for_partitions_that_another_has() -> None:
    """The new owner does."""
    with pytest.raises(OwnershipLostError):
        patiently(Brokers(FENCED), _soon(), lambda: False)


@pytest.mark.parametrize("code", [KafkaError._AUTHENTICATION, KafkaError.OFFSET_OUT_OF_RANGE, KafkaError._FATAL])
def test_a_wrong_password_or_lost_data_does_not_pass(code: int) -> None:
    """Waiting would hide them."""
    assert not passes(KafkaError(code))
