"""Kind `report` by rounds: whatever the order of arrival, each round is judged by what was told within it or later.

What is expected is worked out from the clause alone: 2 hours after 2 hours, from 4 hours after the arrival on.
"""

from datetime import timedelta
from random import Random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.rulebook_files import load
from sla.publication import Channel
from sla.step import step
from sla.watch import Watch
from tests.sla.lives_of_events import SUBJECT, event, instant

WATCH = Watch(load("sgcc-2014-extended").only("repair/progress"))
ARRIVED, HALF_AN_HOUR = instant("08:00:00"), timedelta(minutes=30)


def at_half_hours(number):
    """The time so many half hours after the arrival, as a line tells it."""
    return (ARRIVED + number * HALF_AN_HOUR).strftime("%Y-%m-%dT%H:%M:%S")


def life(reports, end):
    """A repair with reports and an end (type and when, or None), in half hours after the arrival."""
    lines = [f"{at_half_hours(-1)} e1 accepted", f"{at_half_hours(0)} e2 arrived unit=3201-7 level=team"]
    lines += [f"{at_half_hours(at)} r{at} progress_reported" for at in sorted(reports)]
    if end is not None:
        lines.append(f"{at_half_hours(end[1])} z1 {end[0]}")
    return [event(line) for line in lines]


def rounds(deliveries):
    """What was last said of each round: the outcome, and the breach if it stands."""
    ticket, last = None, {}
    for events, horizon in deliveries:
        stepped = step(ticket, SUBJECT, events, WATCH, horizon)
        ticket = stepped.ticket
        for output in stepped.outputs:
            data = msgspec.json.decode(output.value)["data"]
            last[data["alert_id"] if output.channel is Channel.ALERTS else data["clock_id"]] = data
    verdicts = {id_: d for id_, d in last.items() if "outcome" in d and d["reason"] != "start_withdrawn"}
    breaches = {id_: last.get(f"{id_}/breach", {}).get("status") for id_ in verdicts}
    return {
        int(id_.rpartition("/")[2]): (data["outcome"], {"retracted": None}.get(breaches[id_], breaches[id_]))
        for id_, data in verdicts.items()
    }


def expected(reports, end, until):
    """Judge each round by hand; all in half hours after the arrival, silence proven up to `until`."""
    found = {}
    last = until if end is None else end[1]
    for number, begins in enumerate(range(8, int(last) + 1, 4), start=1):
        due = begins + 4
        told = min((at for at in reports if at > begins), default=None)
        if told is not None:
            found[number] = ("met", None) if told <= due else ("late", "resolved")
        elif end is not None:
            found[number] = ("cancelled", None) if end[1] <= due else ("breached", "resolved")
        elif begins < until:
            found[number] = ("breached", "firing") if until > due else ("running", None)
    return found


@settings(max_examples=200, deadline=None)
@given(
    st.frozensets(st.integers(1, 30), max_size=5),
    st.none() | st.tuples(st.sampled_from(("restored", "replied", "merged", "closed")), st.integers(1, 30)),
    st.integers(30, 40),
    st.integers(0, 2**32),
)
def test_each_round_comes_out_as_the_clause_has_it(reports, end, until, seed):
    """Told at once or shuffled, one by one, with silence in between: every round is as worked out by hand."""
    if end is not None:  # a quarter of an hour beside every report and every round; nothing is reported after it
        end = (end[0], end[1] + 0.5)
        reports = frozenset(at for at in reports if at < end[1])
    events, wanted = life(reports, end), expected(reports, end, until)
    silent = ARRIVED + until * HALF_AN_HOUR
    assert rounds([(events, None), ([], silent)]) == wanted
    dice = Random(seed)
    shuffled = dice.sample(events, len(events))
    horizons = sorted(ARRIVED + dice.uniform(0, until) * HALF_AN_HOUR for _ in shuffled)
    one_by_one = [([told], horizon) for told, horizon in zip(shuffled, horizons, strict=True)]
    assert rounds([*one_by_one, ([], silent)]) == wanted


def test_what_is_told_between_two_rounds_counts_for_the_one_that_ends():
    """A report at the very instant of a due time is in time, and the next round still wants its own."""
    assert expected({12}, None, 17) == {1: ("met", None), 2: ("breached", "firing"), 3: ("running", None)}
    events = life({12}, None)
    assert rounds([(events, ARRIVED + 17 * HALF_AN_HOUR)]) == expected({12}, None, 17)
