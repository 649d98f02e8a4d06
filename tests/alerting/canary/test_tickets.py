"""A canary's id and its events follow from partition and instant, and workers take them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.canary.tickets import accepted, canary, closed, partition_of, read
from sla.cloudevent import read as read_event
from sla.duty import Outcome
from sla.step import step
from sla.watch import Watch
from tests.sla.lives_of_events import body, shipped

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("key", "hashed"),
    [("21", -973932308), ("foobar", -790332482), ("a-little-bit-long-string", -985981536), ("abc", 479470107)],
)
def test_a_key_lies_where_kafka_puts_it(key, hashed):
    """By the hashes that Kafka's own tests give for these keys."""
    assert partition_of(key, 8) == (hashed & 0x7FFF_FFFF) % 8
    assert partition_of(key, 1_000_003) == (hashed & 0x7FFF_FFFF) % 1_000_003


@given(partitions=st.integers(1, 64), data=st.data(), second=st.integers(0, 10**9))
def test_each_partition_has_its_own_canary(partitions, data, second):
    """Whose key lies in it, whatever their number, and from whose id it is known again."""
    partition = data.draw(st.integers(0, partitions - 1))
    one = canary(partition, partitions, AT + timedelta(seconds=second))
    assert partition_of(one.id, partitions) == partition
    assert read(one.id) == one


def test_whoever_makes_it_again_makes_the_same():
    """Bytes too: a second process or a restart tells a worker nothing new."""
    assert canary(3, 8, AT) == canary(3, 8, AT)
    assert accepted(canary(3, 8, AT)) == accepted(canary(3, 8, AT))
    assert canary(3, 8, AT).id != canary(3, 8, AT + timedelta(seconds=60)).id


def test_there_is_none_for_a_partition_that_is_not_there():
    """Not even a search for one."""
    with pytest.raises(ValueError, match="no partition 8 among 8"):
        canary(8, 8, AT)


@pytest.mark.parametrize(
    "name",
    ["", "2026112300017", "canary-1-20261123T020000Z", "canary-1-20269923T020000Z-0", "canary-x-20261123T020000Z-0"],
)
def test_another_ticket_is_no_canary(name):
    """Its alert is not taken for one."""
    assert read(name) is None


def test_a_worker_tells_its_breach_and_its_end():
    """By the shipped rulebook: silence breaks it, the closing ends it, and the same key holds both together."""
    watch, one = Watch(shipped()), canary(3, 8, AT)
    subject, opened = read_event(accepted(one), watch.rulebook.vocabulary)
    assert subject == one.id
    ticket = step(None, subject, [opened], watch).ticket
    silent = step(ticket, subject, [], watch, AT + timedelta(seconds=5.3))
    alerts = [body(output) for output in silent.outputs if "alert_id" in body(output)]
    assert [(told["status"], told["level"], told["rule"]) for told in alerts] == [
        ("firing", "breach", "canary/heard")
    ]
    _, closing = read_event(closed(one, AT + timedelta(seconds=6)), watch.rulebook.vocabulary)
    ended = step(silent.ticket, subject, [closing], watch)
    assert {body(output).get("status", body(output).get("outcome")) for output in ended.outputs} == {
        "resolved",
        Outcome.LATE,
    }


def test_nothing_of_it_is_left_after_two_hours():
    """Neither a ticket nor a marker of one: there are thousands a day."""
    watch, one = Watch(shipped()), canary(3, 8, AT)
    events = [
        read_event(raw, watch.rulebook.vocabulary)[1]
        for raw in (accepted(one), closed(one, AT + timedelta(seconds=6)))
    ]
    ticket = step(None, one.id, events, watch).ticket
    for minutes in (10, 61, 122):
        ticket = step(ticket, one.id, [], watch, AT + timedelta(minutes=minutes)).ticket
        if ticket is None:
            break
    assert ticket is None
