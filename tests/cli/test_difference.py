"""What changes between two rulebooks, clock by clock and in sum, for any standings whatever."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cli.difference import Account, Breach, Change, Comparison
from cli.standing import Standing
from sla.duty import Outcome

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
RULES = ("repair/dispatch", "repair/redispatch", "complaint/contact")
LEVELS = ("breach", "warning-50", "warning-80")
SWAPPED = {
    Change.NEW: Change.GONE,
    Change.GONE: Change.NEW,
    Breach.COMES: Breach.VANISHES,
    Breach.VANISHES: Breach.COMES,
}


@st.composite
def clocks(draw):
    """Some clocks of one ticket as they stand: a clock's id holds its rule."""
    ids = draw(st.sets(st.tuples(st.sampled_from(RULES), st.integers(1, 3)), max_size=6))
    return {
        f"ticket/{rule}/desk/e{number}": Standing(
            rule=rule,
            clause=draw(st.sampled_from(("1", "2"))),
            outcome=draw(st.sampled_from(Outcome)),
            due_at=draw(st.none() | st.integers(0, 2).map(lambda minutes: MONDAY + timedelta(minutes=minutes))),
            owner=draw(st.sampled_from(("3201", "3202", None))),
            owner_level=draw(st.sampled_from(("city", None))),
            excused=draw(st.booleans()),
            raised=tuple(sorted(draw(st.sets(st.sampled_from(LEVELS))))),
        )
        for rule, number in sorted(ids)
    }


def compared(*tickets, rows=50):
    """A comparison that has seen these tickets, and all the differences it told."""
    comparison = Comparison(rows)
    return comparison, [differs for old, new in tickets for differs in comparison.take(old, new)]


@given(clocks())
def test_a_rulebook_held_against_itself_differs_in_nothing(stands):
    """The same standings twice: no difference, no breach that comes or vanishes, the same share kept."""
    comparison, found = compared((stands, dict(stands)))
    assert found == []
    total = comparison.total
    assert total.clocks == (len(stands), len(stands))
    assert total.shares[0] == total.shares[1]
    assert total.changes.total() == total.breaches[Breach.COMES] == total.breaches[Breach.VANISHES] == 0


@given(clocks(), clocks())
def test_swapping_the_rulebooks_swaps_what_is_told(old, new):
    """New becomes gone, a breach that comes one that vanishes, raised no longer raised; the same clocks are listed."""
    there, found = compared((old, new))
    back, again = compared((new, old))

    def told(differs, *, swapped):
        change, breach, sides = differs.change, differs.breach, (differs.old, differs.new)
        alerts = (differs.raised, differs.no_longer_raised)
        if swapped:
            change, breach = SWAPPED.get(change, change), SWAPPED.get(breach, breach)
            sides, alerts = sides[::-1], alerts[::-1]
        return change, breach, sides, alerts, differs.rank

    assert {d.clock_id: told(d, swapped=False) for d in found} == {d.clock_id: told(d, swapped=True) for d in again}
    assert there.differing == back.differing
    assert there.total.clocks == back.total.clocks[::-1]
    assert there.total.broken == back.total.broken[::-1]
    assert there.total.shares == back.total.shares[::-1]
    assert there.total.alerts == back.total.alerts[::-1]


@given(clocks(), clocks())
def test_each_differing_clock_is_told_once_as_what_it_is(old, new):
    """A clock differs if it is there once only, or if its outcome, due time, owner, excuse or alerts are others."""
    _, found = compared((old, new))
    assert Counter(differs.clock_id for differs in found).keys() == {
        id_
        for id_ in old.keys() | new.keys()
        if id_ not in old or id_ not in new or [*forms(old[id_])] != [*forms(new[id_])]
    }
    for differs in found:
        before, after = old.get(differs.clock_id), new.get(differs.clock_id)
        expected = Change.NEW if before is None else Change.GONE if after is None else None
        if expected is None:
            same_verdict = [*forms(before)][:-1] == [*forms(after)][:-1]
            expected = Change.ALERTS if same_verdict else Change.MOVED
        assert differs.change is expected
        assert (differs.old, differs.new, differs.rule) == (before, after, differs.clock_id[7:].partition("/desk")[0])


def forms(stands):
    """What a standing says beside its clause."""
    yield from (stands.outcome, stands.due_at, stands.owner, stands.owner_level, stands.excused, stands.raised)


@given(st.lists(st.tuples(clocks(), clocks()), max_size=3))
def test_the_sums_are_those_of_the_clocks(tickets):
    """Clocks, breaches and alerts of each rule, counted again one by one."""
    comparison, _ = compared(*tickets)
    accounts = comparison.accounts(lambda cell: cell.rule)
    for rule in RULES:
        account = accounts.get(rule, Account())
        own = [{id_: s for id_, s in stands.items() if s.rule == rule} for pair in tickets for stands in pair]
        sides = own[::2], own[1::2]
        broken = [
            {(n, id_) for n, one in enumerate(side) for id_, s in one.items() if s.outcome in ("late", "breached")}
            for side in sides
        ]
        assert account.clocks == tuple(sum(map(len, side)) for side in sides)
        assert account.broken == tuple(map(len, broken))
        assert account.breaches[Breach.VANISHES] == len(broken[0] - broken[1])
        assert account.breaches[Breach.STAYS] == len(broken[0] & broken[1])
        assert account.breaches[Breach.COMES] == len(broken[1] - broken[0])
        raised = [
            {(n, id_, level) for n, one in enumerate(side) for id_, s in one.items() for level in s.raised}
            for side in sides
        ]
        assert account.alerts == (len(raised[0] - raised[1]), len(raised[1] - raised[0]))


def stands(outcome, minutes=0, owner="3201"):
    """A clock of one rule."""
    return Standing("repair/dispatch", "1", outcome, MONDAY + timedelta(minutes=minutes), owner, "city", False)


def test_what_matters_most_is_listed_whatever_the_order():
    """Of many clocks that only moved, the few rows kept are the breach that vanishes, then the lowest ids."""
    tickets = [({f"{n:04}": stands(Outcome.MET)}, {f"{n:04}": stands(Outcome.MET, 1)}) for n in range(900)]
    tickets.append(({"0999": stands(Outcome.LATE)}, {"0999": stands(Outcome.MET)}))
    for seed in range(10):
        random.Random(seed).shuffle(tickets)
        comparison, found = compared(*tickets, rows=3)
        assert [differs.clock_id for differs in comparison.listed("repair/dispatch")] == ["0999", "0000", "0001"]
        assert len(found) == comparison.differing["repair/dispatch"] == 901


def test_a_breach_counts_for_the_unit_that_owes_it():
    """What vanishes counts for the unit that had it, what comes or stays for the one that has it now."""
    late, met = Outcome.LATE, Outcome.MET
    pairs = {"vanishes": (late, met), "comes": (met, late), "stays": (late, late)}
    old = {name: stands(before, owner="3201") for name, (before, _) in pairs.items()}
    new = {name: stands(after, owner="3202") for name, (_, after) in pairs.items()}
    units = compared((old, new))[0].accounts(lambda cell: cell.who)
    assert units["3201"].breaches == Counter({Breach.VANISHES: 1})
    assert units["3202"].breaches == Counter({Breach.COMES: 1, Breach.STAYS: 1})
    assert (units["3201"].clocks, units["3202"].clocks) == ((3, 0), (0, 3))
    assert (units["3201"].broken, units["3202"].broken) == ((2, 0), (0, 2))


def test_what_never_ended_has_no_share():
    """Running, cancelled and unknown clocks are neither kept nor broken: without others there is no share."""
    unfinished = {str(n): stands(o) for n, o in enumerate((Outcome.RUNNING, Outcome.CANCELLED, Outcome.UNKNOWN))}
    ended = {"a": stands(Outcome.MET), "b": stands(Outcome.LATE), "c": stands(Outcome.BREACHED)}
    comparison, _ = compared((unfinished, {**unfinished, **ended}))
    assert comparison.total.shares == (None, 1 / 3)
