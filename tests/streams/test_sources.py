"""Sources are silent when they are quiet for longer than they may be, and only what is read proves it."""

from datetime import UTC, datetime, timedelta

from alerting.canary.tickets import SOURCE
from streams.sources import CANARY, SOURCES_MAX, Sources

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_a_source_is_silent_after_its_time() -> None:
    """At exactly that time it is not, a moment later it is, and with the next event it is not."""
    sources = Sources(15 * MINUTE)
    sources.hear("a", NOON, NOON)
    assert sources.silent(NOON + 15 * MINUTE) == frozenset()
    assert sources.silent(NOON + 16 * MINUTE) == {"a"}
    sources.hear("a", NOON, NOON + 16 * MINUTE)
    assert sources.silent(NOON + 16 * MINUTE) == frozenset()


def test_an_expected_source_that_never_tells_is_missed() -> None:
    """Its time runs from the start of the worker."""
    sources = Sources(15 * MINUTE, ["a", "b"], NOON)
    sources.hear("b", NOON, NOON + 10 * MINUTE)
    assert sources.silent(NOON + 20 * MINUTE) == {"a"}


def test_without_a_time_none_is_ever_silent() -> None:
    """A desk that closes at night must not call its sources silent unless it was told to."""
    sources = Sources(None, ["a"], NOON)
    assert sources.silent(NOON + timedelta(days=9)) == frozenset()


def test_an_event_told_late_is_heard_all_the_same() -> None:
    """What counts is when the broker took it, and an older record takes nothing back."""
    sources = Sources(15 * MINUTE)
    sources.hear("a", NOON - 60 * MINUTE, NOON)
    sources.hear("a", NOON - 90 * MINUTE, NOON - 30 * MINUTE)
    assert sources.silent(NOON + 15 * MINUTE) == frozenset()
    assert sources.delays() == {"a": 60 * MINUTE}
    assert sources.delays() == {"a": timedelta(0)}


def test_there_is_a_limit() -> None:
    """Whoever writes a new source into every event fills no memory."""
    sources = Sources(15 * MINUTE)
    for number in range(SOURCES_MAX + 10):
        sources.hear(f"s{number}", NOON, NOON)
    assert len(sources.heard) == SOURCES_MAX


def test_the_monitors_own_tickets_are_missed_by_nobody_on_call() -> None:
    """A canary that is stopped is no silent source, unless somebody expects it by name."""
    assert CANARY == SOURCE
    sources = Sources(15 * MINUTE)
    sources.hear(CANARY, NOON, NOON)
    assert sources.silent(NOON + 20 * MINUTE) == frozenset()
    expected = Sources(15 * MINUTE, [CANARY], NOON)
    assert expected.silent(NOON + 20 * MINUTE) == {CANARY}
