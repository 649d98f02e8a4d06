"""What a changelog says to whoever takes a partition over: late writes of former owners void nothing that is valid."""

from datetime import UTC, datetime

import pytest

from sla.duty import Status
from sla.publication import Channel, Output
from streams.changelog import (
    CLAIM_KEY,
    CONTROL_KEY,
    NEVER,
    OPERATOR_KEY,
    ChangelogError,
    Claim,
    Control,
    encode,
    header,
    pack,
    record,
    tombstone_headers,
)
from streams.guard import is_void
from streams.operator_alerts import Condition, OperatorAlerts
from streams.restore import _Replay

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ALERT = Output(Channel.ALERTS, "t", b"content")


def state(epoch, step, body=b"state", outputs=()):
    """A state record of ticket t."""
    return b"t", record(pack(epoch, step, NEVER, body), list(outputs)), ()


def tombstone(epoch):
    """Ticket t forgotten."""
    return b"t", None, () if epoch is None else tombstone_headers(epoch)


def claim(epoch, token="another"):
    """A claim."""
    return CLAIM_KEY, encode(Claim(epoch, token)), ()


def control(epoch, acked_step):
    """A control record."""
    return CONTROL_KEY, encode(Control(epoch, acked_step, 0, "", NOW)), ()


def read(*records):
    """These records, read by a worker whose claim is the one named `mine`."""
    replay = _Replay(0, "mine")
    for offset, (key, value, headers) in enumerate(records):
        replay.take(offset, key, value, headers)
    return replay.finish()


VALID = [claim(1), state(1, 1), claim(2), control(2, 1)]


@pytest.mark.parametrize("late", [state(1, 2, b"late"), tombstone(1)], ids=["a state", "a tombstone"])
def test_a_late_write_is_void_and_its_key_is_reported(late):
    """What a former owner writes after a confirmed claim changes nothing, and the key is to be written again."""
    found = read(*VALID, late, claim(3, "mine"))
    assert found.states == {b"t": state(1, 1)[1][:-1]}
    assert found.voided == {b"t"}
    assert found.through == len(VALID) + 2


@pytest.mark.parametrize("late", [state(1, 2, b"late"), tombstone(1)], ids=["a state", "a tombstone"])
def test_what_lands_behind_our_own_claim_is_reported_too(late):
    """It becomes void with the first record of ours, so what it hides must be among them."""
    found = read(*VALID, claim(3, "mine"), late)
    assert found.states.keys() == {b"t"}
    assert found.voided == {b"t"}


def test_a_claim_that_nothing_follows_gives_no_former_owner_its_word_back():
    """What is void by an earlier claim stays void when a later claimant writes nothing."""
    late = state(1, 2, b"late")
    found = read(*VALID, state(2, 2), claim(3), late, claim(4, "mine"))
    assert found.states == {b"t": state(2, 2)[1][:-1]}
    assert found.voided == {b"t"}


def test_written_again_it_is_reported_no_more():
    """A valid record behind the void one ends the matter."""
    assert not read(*VALID, state(1, 2, b"late"), state(2, 3), claim(3, "mine")).voided


@pytest.mark.parametrize("epoch", [2, None], ids=["of the owner", "of an older program"])
def test_a_tombstone_that_counts(epoch):
    """The owner's tombstone forgets the ticket, and so does one without an epoch."""
    assert not read(*VALID, tombstone(epoch), claim(3, "mine")).states


def test_a_late_write_owes_nothing():
    """The outputs of a void state are nobody's; those of the valid one are still owed."""
    valid = [claim(1), state(1, 1, outputs=[ALERT]), claim(2), control(2, 0)]
    late = state(1, 2, b"late", [Output(Channel.ALERTS, "t", b"void")])
    assert [outputs for _, _, outputs in read(*valid, late, claim(3, "mine")).unsent] == [[ALERT]]


def test_what_was_said_of_a_partition_comes_with_it():
    """The conditions are kept apart from the tickets, and their unsent alert is owed like any other."""
    before = OperatorAlerts("log/0", "law", "hash")
    outputs = before.say(Condition.BLIND, Status.FIRING, NOW)
    said = record(pack(1, 1, NEVER, before.encoded()), outputs)
    found = read(claim(1), (OPERATOR_KEY, said, ()), claim(2, "mine"))
    assert not found.states
    assert [owed for _, _, owed in found.unsent] == [outputs]
    after = OperatorAlerts("log/0", "law", "hash", found.said[-header(said)[3] :])
    assert after.firing(Condition.BLIND)
    assert after.say(Condition.BLIND, Status.FIRING, NOW) is None
    (resolved,) = after.say(Condition.BLIND, Status.RESOLVED, NOW)
    assert b"operator/blind/log/0:2" in resolved.value


def test_conditions_that_cannot_be_read_are_refused():
    """A damaged record says what to do."""
    with pytest.raises(ChangelogError, match="restore it, or start under a new app_id"):
        OperatorAlerts("log/0", "law", "hash", b"\xc1")


@pytest.mark.parametrize(
    ("written", "void"),
    [
        (state(1, 1), True),
        (state(2, 1), False),
        (tombstone(1), True),
        (tombstone(2), False),
        (tombstone(None), False),
        (claim(1), False),
        (control(1, 1), False),
    ],
)
def test_what_the_guard_takes_for_void(written, void):
    """States and tombstones of a lower epoch than the owner's."""
    assert is_void(*written, 2) is void
