"""Many values at once are counted as one by one, and told as the client library tells its own."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from streams.bulk_histogram import BulkHistogram

BUCKETS = (0.05, 0.1, 0.25, 1.0, 10.0)
Values = st.lists(st.one_of(st.floats(0, 100), st.sampled_from(BUCKETS)), max_size=50)


@given(st.lists(Values, max_size=5))
def test_it_tells_what_the_librarys_histogram_tells(portions):
    """Also of values exactly on a bound."""
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    bulk, single = (
        BulkHistogram("x_seconds", "X.", BUCKETS, ours),
        Histogram("x_seconds", "X.", buckets=BUCKETS, registry=theirs),
    )
    for values in portions:
        bulk.observe(values)
        for value in values:
            single.observe(value)

    def told(registry):
        lines = generate_latest(registry).decode().splitlines()
        pairs = [line.rpartition(" ")[::2] for line in lines if line and line[0] != "#" and "_created" not in line]
        return {name: round(float(value), 6) for name, value in pairs}

    assert told(ours) == told(theirs)
