"""What a shift hands over: which clocks are open at an instant, whichever order their verdicts come in."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.handover import OpenClocks, VerdictUnreadable, handover
from sla.alert_layout import Envelope, VerdictData

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def verdict(name="c", revision=1, outcome="running", reason="awaited", due=HOUR, stopped=None, about=None, **told):
    """A verdict of a clock that started four hours ago; `due` and `stopped` are told from AT on."""
    data = VerdictData(
        clock_id=name,
        ticket=f"t-{name}",
        revision=revision,
        outcome=outcome,
        reason=reason,
        clause="x",
        kind="repair",
        assumed=False,
        excused=False,
        **{
            "rule": "repair/dispatch",
            "limit_seconds": 60.0,
            "owner": "3201",
            "started_at": AT - 4 * HOUR,
            "due_at": None if due is None else AT + due,
            "stopped_at": None if stopped is None else AT + stopped,
            **told,
        },
    )
    time = msgspec.UNSET if about is None else AT + about
    envelope = Envelope(id=f"{name}:{revision}", type="sla.verdict.v1", subject=data.ticket, time=time, data=data)
    return msgspec.json.encode(envelope)


def listed(*values, at=AT, within=2 * HOUR, mine=None):
    """The list that verdicts make, as clock ids: overdue, due, later."""
    clocks = OpenClocks(at)
    for value in values:
        clocks.take(value)
    told = handover(clocks.clocks(), at, within, mine)
    return [[clock.clock_id for clock in part] for part in (told.overdue, told.due, told.later)]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, [[], ["c"], []]),
        ({"due": 3 * HOUR}, [[], [], ["c"]]),
        ({"due": 2 * HOUR}, [[], ["c"], []]),
        ({"due": timedelta(0)}, [[], ["c"], []]),
        ({"due": -HOUR}, [["c"], [], []]),
        ({"outcome": "breached", "reason": "not_done", "due": -HOUR}, [["c"], [], []]),
        ({"outcome": "breached", "reason": "reopened_after_due", "due": -HOUR}, [["c"], [], []]),
        ({"outcome": "unknown", "reason": "calendar_ends", "due": None, "limit_seconds": None}, [[], [], ["c"]]),
        ({"outcome": "breached", "reason": "closed_without", "due": -HOUR, "about": -HOUR}, [[], [], []]),
        ({"outcome": "breached", "reason": "contradiction", "due": -HOUR, "limit_seconds": None}, [[], [], []]),
        ({"outcome": "met", "reason": "in_time", "stopped": -HOUR}, [[], [], []]),
        ({"outcome": "late", "reason": "after_due", "due": -2 * HOUR, "stopped": -HOUR}, [[], [], []]),
        ({"outcome": "cancelled", "reason": "closed", "about": -HOUR}, [[], [], []]),
        ({"outcome": "cancelled", "reason": "start_withdrawn"}, [[], [], []]),
        ({"started_at": AT + HOUR}, [[], [], []]),
    ],
)  # fmt: skip
def test_which_clocks_are_handed_over(told, expected):
    """Those on which somebody still has something to do: overdue, due within the time asked for, or later."""
    assert listed(verdict(**told)) == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"outcome": "met", "reason": "in_time", "stopped": HOUR}, [[], ["c"], []]),
        ({"outcome": "late", "reason": "after_due", "due": -HOUR, "stopped": HOUR}, [["c"], [], []]),
        ({"outcome": "cancelled", "reason": "closed", "about": HOUR}, [[], ["c"], []]),
    ],
)
def test_the_list_of_a_shift_gone_by_can_be_written_again(told, expected):
    """What has ended since was open then."""
    assert listed(verdict(revision=2, **told)) == expected


@given(st.permutations([1, 2, 3, 4]), st.integers(1, 4))
def test_the_highest_revision_counts_in_whatever_order_they_come(order, last):
    """Repeats of older ones change nothing."""
    values = {
        1: verdict(),
        2: verdict(revision=2, outcome="met", reason="in_time", stopped=-HOUR),
        3: verdict(revision=3, due=-HOUR),
        4: verdict(revision=4, outcome="late", reason="after_due", due=-HOUR, stopped=-HOUR / 2),
    }
    chosen = [values[number] for number in order if number <= last]
    expected = {1: [[], ["c"], []], 2: [[], [], []], 3: [["c"], [], []], 4: [[], [], []]}
    assert listed(*chosen) == expected[last]
    assert listed(*chosen, *chosen) == expected[last]


def test_each_part_is_in_the_order_of_due_times():
    """What is unknown comes last."""
    values = [verdict("b", due=5 * HOUR), verdict("a", due=4 * HOUR), verdict("z", outcome="unknown", due=None)]
    assert listed(*values)[2] == ["a", "b", "z"]


def test_only_what_a_unit_owes():
    """The owner decides."""
    values = [verdict("a"), verdict("b", owner="3202")]
    assert listed(*values, mine=lambda owner: owner == "3202")[1] == ["b"]


def test_a_record_without_a_value_says_nothing():
    """A tombstone of a compacted topic is no verdict, and no fault."""
    assert listed(None) == [[], [], []]


@pytest.mark.parametrize("value", [b"{", b"{}", b'"x"', verdict().replace(b"sla.verdict.v1", b"sla.verdict.v9")])
def test_what_is_no_verdict_is_refused(value):
    """And nothing of its content is told."""
    with pytest.raises(VerdictUnreadable):
        OpenClocks(AT).take(value)


def test_a_canary_is_nobodys_to_take_over():
    """The monitor's own tickets are in no list."""
    assert listed(verdict("k", rule="canary/heard", due=-HOUR), verdict("c", due=-HOUR)) == [["c"], [], []]
