"""What is said of silent sources when partitions change hands, and when workers are started anew."""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from agents.watch_sources import look
from sla.watch import Watch
from streams.changelog import HEADER_BYTES, microseconds
from streams.health import Health
from streams.matter import Tickets
from streams.operator_alerts import Condition
from streams.partition import Partition
from streams.sources import Sources
from tests.streams.test_count_open import LAW

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WATCHING = Health(restored=True, rebalancing=False)


class Hands:
    """One worker: its tickets and a clock that stands still until it is set; every record is read at once."""

    def __init__(self, silent_after=15 * MINUTE, expected=(), since=NOON):
        self.at = since
        self.tickets = Tickets(Watch(LAW), Sources(silent_after, expected, since))
        clock = SimpleNamespace(now=lambda: self.at, kind="wall")
        self.keeper = SimpleNamespace(partitions={}, clock=clock, wake=asyncio.Event())

    async def ends(self, partitions):
        """Where these partitions end: before their first record."""
        return microseconds(self.at), dict.fromkeys(partitions, 0)

    def own(self, said=b""):
        """Take partition 0 over, with what was said of it."""
        partition = Partition(0, "events", self.tickets.watch, self.keeper.clock, self.tickets)
        partition.take_conditions("log/0", said)
        self.keeper.partitions = {0: partition}
        return partition

    def look(self, at, health=WATCHING):
        """Look at an instant; the sources that are called silent, in the marks of alerts and in the alerts."""
        self.at = at
        asyncio.run(look(self.keeper, self, self.tickets, health))
        owned = self.keeper.partitions.values()
        standing = [name for p in owned for name in p.alerts.firing_about(Condition.SILENT_SOURCE)]
        return sorted(self.tickets.watch.unverified), standing

    def hear(self, name, at):
        """One event of a source, taken as it happened."""
        self.tickets.sources.hear(name, at, at)


def silent_in_hand():
    """A worker that called `a` silent, and what it stored of that."""
    hands = Hands()
    partition = hands.own()
    hands.hear("a", NOON)
    assert hands.look(NOON + 20 * MINUTE) == (["a"], ["a"])
    return hands, partition.said


def test_a_worker_that_stands_by_calls_nobody_silent():
    """It hears of nobody; whoever owns the partitions says how the source stands."""
    hands, _ = silent_in_hand()
    hands.keeper.partitions = {}
    assert hands.look(NOON + 21 * MINUTE) == ([], [])


def test_partitions_that_change_hands_leave_the_marks_as_they_are():
    """A rebalance is over in a moment, and its partitions mostly come back."""
    hands, _ = silent_in_hand()
    hands.keeper.partitions = {}
    assert hands.look(NOON + 21 * MINUTE, Health(restored=True, rebalancing=True)) == (["a"], [])


def test_after_it_stood_by_a_worker_gives_a_source_its_time_anew():
    """Others have heard of it meanwhile, and raised no alert."""
    hands = Hands()
    hands.own()
    hands.hear("a", NOON)
    hands.keeper.partitions = {}
    hands.look(NOON + 60 * MINUTE)
    hands.own()
    assert hands.look(NOON + 61 * MINUTE) == ([], [])
    assert hands.look(NOON + 76 * MINUTE) == (["a"], ["a"])


def test_who_was_silent_before_a_restart_is_silent_after_it():
    """Unless it is heard: then its alert is over. It need not be expected by name."""
    _, said = silent_in_hand()
    again = Hands(since=NOON + 30 * MINUTE)
    partition = again.own(said)
    assert again.look(NOON + 31 * MINUTE) == (["a"], ["a"])
    assert partition.seal() is None, "nothing is said again"
    again.hear("a", NOON + 32 * MINUTE)
    assert again.look(NOON + 33 * MINUTE) == ([], [])
    assert len(said) > HEADER_BYTES


def test_who_spoke_while_no_worker_ran_is_not_called_silent():
    """What it said meanwhile is read before the first look."""
    _, said = silent_in_hand()
    again = Hands(since=NOON + 30 * MINUTE)
    again.own(said)
    again.hear("a", NOON + 25 * MINUTE)
    assert again.look(NOON + 31 * MINUTE) == ([], [])


def test_where_none_may_be_called_silent_what_was_called_so_is_over():
    """The way out for a source that is gone for good."""
    _, said = silent_in_hand()
    again = Hands(silent_after=None)
    again.own(said)
    assert again.look(NOON + 31 * MINUTE) == ([], [])
