"""Timers come in order of time, whatever the order in which they were set, and none is lost."""

from hypothesis import given
from hypothesis import strategies as st

from streams.timers import SECOND_US, Timers

AT = st.integers(0, 5 * SECOND_US)
SET = st.tuples(st.just("set"), AT)
POP = st.tuples(st.just("pop"), AT)


@given(st.lists(AT), st.lists(st.one_of(SET, POP), max_size=60))
def test_entries_come_in_order_of_time(first: list[int], acts: list[tuple[str, int]]) -> None:
    """Setting and taking in any order gives what a sorted list gives, before every horizon."""
    waiting = sorted((at, str(number).encode()) for number, at in enumerate(first))
    timers = Timers(reversed(waiting))
    for number, (act, at) in enumerate(acts):
        if act == "set":
            entry = (at, f"later-{number}".encode())
            timers.push(*entry)
            waiting = sorted([*waiting, entry])
        else:
            expected = waiting.pop(0) if waiting and waiting[0][0] < at else None
            assert timers.pop_before(at) == expected
        assert len(timers) == len(waiting)
        assert timers.next_us() == (waiting[0][0] if waiting else None)


def test_a_herd_of_one_second_is_taken_piece_by_piece() -> None:
    """A horizon within a second leaves the rest of it, and what is set into it meanwhile comes in its place."""
    timers = Timers((at, b"herd") for at in (300, 100, 200, 400))
    assert [timers.pop_before(250) for _ in range(3)] == [(100, b"herd"), (200, b"herd"), None]
    timers.push(50, b"late")
    timers.push(350, b"late")
    taken = [timers.pop_before(SECOND_US) for _ in range(5)]
    assert taken == [(50, b"late"), (300, b"herd"), (350, b"late"), (400, b"herd"), None]
