"""Whether a worker is alive in the sense that counts, over time that a test tells."""

from streams.health import ANSWERED_WITHIN_S, MOVED_WITHIN_S, Health

LOOK_S = 2.0


def looked(health, began, seconds, offset, end):
    """Look at one partition every two seconds; the instant of the last look."""
    now = began
    while now < began + seconds:
        health.observe({0: offset}, {0: end}, now)
        now += LOOK_S
    return now - LOOK_S


def test_a_partition_that_stands_before_its_end_is_stuck():
    """There is something to read, and it is not read."""
    health = Health()
    last = looked(health, 0, MOVED_WITHIN_S + 2 * LOOK_S, 5, 9)
    assert health.stuck(last) == [0]
    assert not health.healthy(last)[0]


def test_a_partition_at_its_end_is_not():
    """However long it stands there."""
    health = Health()
    last = looked(health, 0, 10 * MOVED_WITHIN_S, 9, 9)
    assert health.stuck(last) == []


def test_one_that_moves_is_not():
    """However far it is behind."""
    health = Health()
    for now in range(0, 300, 2):
        health.observe({0: now}, {0: 10_000}, float(now))
    assert health.stuck(298.0) == []


def test_an_outage_of_the_brokers_is_not_held_against_it():
    """Records that were appended just before wait behind it: there was nobody to read them from."""
    health = Health()
    last = looked(health, 0, 10, 5, 5)
    back = last + 10 * MOVED_WITHIN_S
    health.observe({0: 5}, {0: 9}, back)
    assert health.stuck(back) == []
    last = looked(health, back + LOOK_S, MOVED_WITHIN_S + 2 * LOOK_S, 5, 9)
    assert health.stuck(last) == [0], "once they answer again it has to move"


def test_it_watches_only_while_brokers_answer():
    """Nothing is known of what happens meanwhile."""
    health = Health(restored=True, rebalancing=False)
    health.observe({0: 5}, {0: 5}, 100.0)
    assert health.ready(100.0 + ANSWERED_WITHIN_S)[0]
    assert not health.ready(100.1 + ANSWERED_WITHIN_S)[0]
    assert not Health(rebalancing=False).ready(0.0)[0]
