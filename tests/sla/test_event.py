"""The one order among a ticket's events, and the fingerprint that tells a repeat from a contradiction."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sla.event import Event, fingerprint, insert, natural, order

AT = datetime(2026, 11, 23, 0, 0, 1, tzinfo=UTC)
IDS = st.text(alphabet="e-019.", min_size=1, max_size=8)


def told_at(id_, source="s", seconds=0):
    """Make an event that differs in nothing but what its order looks at."""
    return Event(AT + timedelta(seconds=seconds), id_, source, "repair.urged", {})


@given(st.text(alphabet="abc-", max_size=4), st.integers(0, 10**12), st.integers(0, 10**12))
def test_runs_of_digits_compare_as_numbers(prefix, one, other):
    """`e-9` comes before `e-10`."""
    assert (natural(f"{prefix}{one}") < natural(f"{prefix}{other}")) == (one < other)


@given(st.lists(st.tuples(IDS, st.sampled_from("ab"), st.integers(0, 1)), unique=True))
def test_the_order_of_events_is_one(told):
    """Two different events never tie, whatever their ids: there is one order, and time comes first in it."""
    events = [told_at(*each) for each in told]
    assert len({order(event) for event in events}) == len(events)
    backwards = events[::-1]
    assert sorted(events, key=order) == sorted(backwards, key=order)
    assert [event.time for event in sorted(events, key=order)] == sorted(event.time for event in events)


def test_the_order_is_time_then_id_then_source():
    """An id counts as a person counts, a source only among equal ids."""
    told = [("e-1", "a", 1), ("e-10", "a", 0), ("e-9", "b", 0), ("e-9", "a", 0), ("e-09", "a", 0)]
    ranked = [
        (event.id, event.source) for event in sorted((told_at(i, s, seconds=at) for i, s, at in told), key=order)
    ]
    assert ranked == [("e-09", "a"), ("e-9", "a"), ("e-9", "b"), ("e-10", "a"), ("e-1", "a")]


@given(st.dictionaries(st.text(max_size=5), st.one_of(st.booleans(), st.integers(-9, 9), st.text(max_size=5))))
def test_a_fingerprint_does_not_depend_on_the_order_of_attributes(data):
    """The same attributes written another way round are the same content."""
    other = dict(reversed(data.items()))
    assert fingerprint("t", AT, data) == fingerprint("t", AT, other)


@given(st.lists(st.tuples(IDS, st.sampled_from("ab"), st.integers(0, 1)), unique=True))
def test_an_event_is_put_where_it_belongs(told):
    """One by one, in whatever order they come, events end up in event order."""
    events = []
    for each in told:
        insert(events, told_at(*each))
    assert events == sorted(events, key=order)
