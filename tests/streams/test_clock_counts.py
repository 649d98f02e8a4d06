"""Counts of clocks: each when it comes out, by rule and by unit, and the share of its term."""

from collections import Counter

from prometheus_client import CollectorRegistry

from sla.duty import Outcome
from sla.turn import Turn
from streams.clock_counts import CLOSED, NO_UNIT, OTHER_UNITS, UNITS_MAX, ClockCounts

RULE = "repair/dispatch"


def counts(*turns, rules=(RULE,)):
    """A registry in which these turns are counted."""
    registry = CollectorRegistry()
    ClockCounts(rules, registry).count(turns)
    return registry


def closed(registry, name="sla_clocks_closed_total"):
    """How many came out how, without zeros."""
    found = {o.value: registry.get_sample_value(name, {"rule": RULE, "outcome": o}) for o in CLOSED}
    return {outcome: count for outcome, count in found.items() if count}


def retracted(registry):
    """How many of those no longer count, by what they were counted under, without zeros."""
    return closed(registry, "sla_clocks_retracted_total")


def test_rules_are_told_as_zero_before_there_is_any_clock():
    """So that the first breach shows as a rate."""
    registry = counts()
    for outcome in CLOSED:
        assert registry.get_sample_value("sla_clocks_closed_total", {"rule": RULE, "outcome": outcome}) == 0
    assert registry.get_sample_value("sla_clocks_open", {"rule": RULE, "state": "breached"}) == 0
    assert registry.get_sample_value("sla_clock_used_ratio_count", {"rule": RULE}) == 0


def test_a_clock_that_starts_is_not_closed():
    """Running and unknown are no way to come out."""
    assert closed(counts(Turn(RULE, "", Outcome.RUNNING), Turn(RULE, "", Outcome.UNKNOWN))) == {}


def test_a_breach_that_is_done_late_stays_one_breach():
    """It is counted when it breaks, and not again when it is stopped."""
    turns = Turn(RULE, "running", Outcome.BREACHED, "3201"), Turn(RULE, "breached", Outcome.LATE, "3201", 1.5)
    registry = counts(*turns)
    assert closed(registry) == {"breached": 1}
    assert retracted(registry) == {}


def test_what_was_late_before_anybody_knew_is_counted_late():
    """As after an outage, where stop and breach are read together."""
    assert closed(counts(Turn(RULE, "", Outcome.LATE, "3201", 1.5))) == {"late": 1}


def test_a_correction_that_changes_the_outcome_is_counted():
    """Met by what was first told, late by what is true."""
    registry = counts(Turn(RULE, "running", Outcome.MET), Turn(RULE, "met", Outcome.LATE))
    assert closed(registry) == {"met": 1, "late": 1}
    assert retracted(registry) == {"met": 1}


def test_a_breach_that_turns_out_met_is_taken_back_of_its_rule_and_its_unit():
    """So that one kept obligation shows as 100 %: what is left of the breach is nothing."""
    turns = Turn(RULE, "running", Outcome.BREACHED, "u"), Turn(RULE, "breached", Outcome.MET, "u", 0.5)
    registry = counts(*turns)
    assert closed(registry) == {"breached": 1, "met": 1}
    assert retracted(registry) == {"breached": 1}
    labels = {"unit": "u", "outcome": "breached"}
    assert registry.get_sample_value("sla_unit_clocks_retracted_total", labels) == 1


def test_a_clock_that_runs_again_is_taken_back_until_it_comes_out():
    """What stopped it was voided; done again, it is one clock all the same."""
    turns = [("running", Outcome.MET), ("met", Outcome.RUNNING), ("running", Outcome.MET)]
    registry = counts(*(Turn(RULE, before, outcome) for before, outcome in turns))
    assert closed(registry) == {"met": 2}
    assert retracted(registry) == {"met": 1}


def test_late_and_breached_are_one():
    """A breach whose late stop is voided is no second breach; met after all, both together are taken back once."""
    turns = [
        ("running", Outcome.BREACHED), ("breached", Outcome.LATE), ("late", Outcome.BREACHED),
        ("breached", Outcome.LATE), ("late", Outcome.MET),
    ]  # fmt: skip
    registry = counts(*(Turn(RULE, before, outcome) for before, outcome in turns))
    assert closed(registry) == {"breached": 1, "met": 1}
    assert retracted(registry) == {"late": 1}


def test_both_counts_of_a_unit_are_told_from_its_first_clock_on():
    """Where one of them had no series, nothing could be subtracted; that holds for what nobody owns too."""
    registry = counts(Turn(RULE, "", Outcome.RUNNING, "u"), Turn(RULE, "running", Outcome.MET))
    for unit in ("u", NO_UNIT):
        for name in ("sla_unit_clocks_closed_total", "sla_unit_clocks_retracted_total"):
            assert registry.get_sample_value(name, {"unit": unit, "outcome": "breached"}) == 0


def test_the_share_has_an_edge_at_exactly_the_due_time():
    """A stop at the due time is at most 1, one after it is not."""
    registry = counts(Turn(RULE, "running", Outcome.MET, "u", 1.0), Turn(RULE, "running", Outcome.LATE, "u", 1.0001))
    assert registry.get_sample_value("sla_clock_used_ratio_bucket", {"rule": RULE, "le": "1.0"}) == 1
    assert registry.get_sample_value("sla_clock_used_ratio_bucket", {"rule": RULE, "le": "1.1"}) == 2
    assert registry.get_sample_value("sla_clock_used_ratio_count", {"rule": RULE}) == 2


def test_units_are_counted_and_limited():
    """Each unit by its code; whoever comes after the limit is counted with the others, whom nobody owns with none."""
    turns = [Turn(RULE, "running", Outcome.MET, f"u{n}") for n in range(UNITS_MAX + 5)]
    registry = counts(*turns, Turn(RULE, "running", Outcome.MET))

    def met(unit):
        return registry.get_sample_value("sla_unit_clocks_closed_total", {"unit": unit, "outcome": "met"})

    assert [met("u0"), met(f"u{UNITS_MAX}"), met(OTHER_UNITS), met(NO_UNIT)] == [1, None, 5, 1]


def test_a_unit_is_told_as_zero_while_its_first_clock_runs():
    """A series that begins with 1 shows no increase: the first breach of a unit would be in no share."""
    registry = counts(Turn(RULE, "", Outcome.RUNNING, "u"))
    assert registry.get_sample_value("sla_unit_clocks_closed_total", {"unit": "u", "outcome": "breached"}) == 0


def test_what_is_too_long_for_a_code_is_no_label():
    """A source that puts a sentence there names nobody."""
    registry = counts(Turn(RULE, "running", Outcome.MET, "u" * 65))
    assert registry.get_sample_value("sla_unit_clocks_closed_total", {"unit": OTHER_UNITS, "outcome": "met"}) == 1


def test_open_clocks_are_summed_over_partitions_and_forgotten_with_them():
    """A partition that goes to another takes its clocks along."""
    registry = CollectorRegistry()
    clocks = ClockCounts([RULE], registry)
    clocks.stand("0", Counter({(RULE, "breached"): 2}))
    clocks.stand("1", Counter({(RULE, "breached"): 3}))
    assert registry.get_sample_value("sla_clocks_open", {"rule": RULE, "state": "breached"}) == 5
    clocks.forget("1")
    assert registry.get_sample_value("sla_clocks_open", {"rule": RULE, "state": "breached"}) == 2
