"""Claims of a single notifier without Redis."""

import asyncio
import logging

from alerting.record import Key, Outcome
from alerting.settings import NotifierSettings
from alerting.stages import dedupe_in_memory
from alerting.stages.dedupe import Dedupe, Held
from alerting.stages.dedupe_in_memory import DedupeInMemory
from cli.notifier_run import claims_of

KEYS = [Key("a", 1, "room", "first"), Key("b", 1, "room", "first")]


def held(claims: DedupeInMemory) -> list[Held]:
    """How the keys stand."""
    return [claim.held for claim in asyncio.run(claims.claim(KEYS, 15.0))]


def test_what_was_sent_or_given_up_is_not_claimed_again():
    """What is tried again stays open."""
    claims = DedupeInMemory()
    assert held(claims) == [Held.CLAIMED, Held.CLAIMED]
    asyncio.run(claims.settle(KEYS, Outcome.RETRY))
    assert held(claims) == [Held.CLAIMED, Held.CLAIMED]
    asyncio.run(claims.settle(KEYS[:1], Outcome.SENT))
    asyncio.run(claims.settle(KEYS[1:], Outcome.DEAD))
    assert held(claims) == [Held.SENT, Held.DEAD]


def test_what_is_delivered_anew_is_claimed_again():
    """Forgotten keys are as new; one that was not known does no harm."""
    claims = DedupeInMemory()
    asyncio.run(claims.settle(KEYS[:1], Outcome.SENT))
    asyncio.run(claims.forget(KEYS))
    assert held(claims) == [Held.CLAIMED, Held.CLAIMED]


def test_only_so_many_keys_are_remembered(monkeypatch):
    """The oldest go first."""
    monkeypatch.setattr(dedupe_in_memory, "SETTLED_MAX", 1)
    claims = DedupeInMemory()
    asyncio.run(claims.settle(KEYS, Outcome.SENT))
    assert held(claims) == [Held.CLAIMED, Held.SENT]


def test_an_empty_address_of_redis_means_one_notifier_and_says_so_once(caplog):
    """With an address Redis is asked, and nothing is said."""
    with caplog.at_level(logging.WARNING, "slawatch.notifier"):
        with_redis = claims_of(NotifierSettings(), "sla.")
        assert isinstance(with_redis, Dedupe)
        assert not caplog.records
        assert isinstance(claims_of(NotifierSettings(redis_url=""), "sla."), DedupeInMemory)
    [said] = caplog.records
    assert said.message == "claims_in_memory"
