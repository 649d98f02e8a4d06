"""How many clocks are open, and how the others came out: counted in plain numbers, told when somebody asks.

A worker turns many thousand clocks a second; counting one is an addition here, without the locks and look-ups of the
client library. What is open is counted from the states in portions (`agents.count_open`), so it can neither drift nor
cost the events anything. Everything runs in the worker's event loop, the telling too. `streams` and `agents` only.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from sla.duty import Outcome
from sla.open_clocks import State
from sla.turn import Turn

USED_BUCKETS: Final = (0.1, 0.25, 0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 5.0)
"""Shares of a term. 1 is an edge, so what was in time is counted exactly."""

UNITS_MAX: Final = 300
UNIT_LENGTH_MAX: Final = 64
"""A code is shorter; what is longer is no code and no label."""
OTHER_UNITS: Final = "other"
"""Where units beyond the first `UNITS_MAX` are counted together; who has more asks the verdicts."""
NO_UNIT: Final = "none"

CLOSED: Final = (Outcome.MET, Outcome.LATE, Outcome.BREACHED, Outcome.CANCELLED)
_STOPPED = frozenset({Outcome.MET.value, Outcome.LATE.value})
_OVERDUE = frozenset({Outcome.LATE.value, Outcome.BREACHED.value})
_COUNTED = frozenset(outcome.value for outcome in CLOSED)
_RUNNING, _UNKNOWN = Outcome.RUNNING, Outcome.UNKNOWN


class ClockCounts(Collector):
    """The counts of one worker, registered under six names. `labels` tells the labels of each name."""

    labels: Final[Mapping[str, tuple[str, ...]]] = {
        "sla_clocks_open": ("rule", "state"),
        "sla_clocks_closed": ("rule", "outcome"),
        "sla_unit_clocks_closed": ("unit", "outcome"),
        "sla_clocks_retracted": ("rule", "outcome"),
        "sla_unit_clocks_retracted": ("unit", "outcome"),
        "sla_clock_used_ratio": ("rule",),
    }

    def __init__(self, rules: Iterable[str], registry: CollectorRegistry) -> None:
        """The clocks of `rules` are told as zero until there are any."""
        self._closed: Counter[tuple[str, str]] = Counter({(rule, outcome): 0 for rule in rules for outcome in CLOSED})
        self._by_unit: Counter[tuple[str, str]] = Counter()
        self._retracted: Counter[tuple[str, str]] = Counter(dict.fromkeys(self._closed, 0))
        self._retracted_by_unit: Counter[tuple[str, str]] = Counter()
        self._units: set[str] = set()
        self._used = {rule: _Shares() for rule in rules}
        self._open: dict[str, Counter[tuple[str, str]]] = {}
        self._rules = tuple(rules)
        registry.register(self)

    def count(self, turns: Iterable[Turn]) -> None:
        """Count clocks that turned.

        Each is counted when it comes out. What is told later may make it come out differently, or not yet: then it is
        taken back under the outcome it had, and counted under the one it has. Late and breached are one here: a clock
        that passes from one to the other stays counted as it was.
        """
        for turn in turns:
            before, outcome = turn.before, turn.outcome
            still_overdue = before in _OVERDUE and outcome in _OVERDUE
            if before in _COUNTED and not still_overdue:
                self._retracted[turn.rule, before] += 1
                self._retracted_by_unit[self._unit(turn.unit), before] += 1
            if outcome is _RUNNING or outcome is _UNKNOWN:
                self._unit(turn.unit)  # told as zero while its first clock runs, or Prometheus would miss that one
                continue
            if not still_overdue:
                self._closed[turn.rule, outcome] += 1
                self._by_unit[self._unit(turn.unit), outcome] += 1
            if turn.used is not None and turn.before not in _STOPPED:
                shares = self._used.get(turn.rule)
                if shares is None:
                    shares = self._used[turn.rule] = _Shares()
                shares.add(turn.used)

    def stand(self, partition: str, found: Counter[tuple[str, str]]) -> None:
        """Take what is open in a partition, by rule and state."""
        self._open[partition] = found

    def forget(self, partition: str) -> None:
        """A partition is no longer ours."""
        self._open.pop(partition, None)

    def _unit(self, unit: str | None) -> str:
        if unit is None:
            return self._told(NO_UNIT)
        if unit in self._units:
            return unit
        if len(self._units) >= UNITS_MAX or len(unit) > UNIT_LENGTH_MAX:
            return self._told(OTHER_UNITS)
        self._units.add(unit)
        return self._told(unit)

    def _told(self, label: str) -> str:
        """Tell a unit as zero in both counts, so that one can be taken from the other."""
        if (label, Outcome.MET) not in self._by_unit:
            for outcome in CLOSED:
                self._by_unit[label, outcome] = self._retracted_by_unit[label, outcome] = 0
        return label

    def describe(self) -> Iterable[Metric]:
        """The metrics without their values."""
        return [
            GaugeMetricFamily(
                "sla_clocks_open",
                "Clocks that are still owed, by rule and how they stand; counted anew every few seconds.",
                labels=self.labels["sla_clocks_open"],
            ),
            CounterMetricFamily(
                "sla_clocks_closed",
                "Clocks by rule and how they came out; a breach stays one when it is done late. No historic ones.",
                labels=self.labels["sla_clocks_closed"],
            ),
            CounterMetricFamily(
                "sla_unit_clocks_closed",
                "Clocks by the unit that owes them and how they came out; units beyond the first 300 are `other`.",
                labels=self.labels["sla_unit_clocks_closed"],
            ),
            CounterMetricFamily(
                "sla_clocks_retracted",
                "Clocks by rule and the outcome they were counted under (`late`: or breached) and no longer have.",
                labels=self.labels["sla_clocks_retracted"],
            ),
            CounterMetricFamily(
                "sla_unit_clocks_retracted",
                "As sla_clocks_retracted_total, by the unit that owes the clock; `none` where its start is gone.",
                labels=self.labels["sla_unit_clocks_retracted"],
            ),
            HistogramMetricFamily(
                "sla_clock_used_ratio",
                "Share of the term that was used when a clock was stopped; 1 is exactly the due time.",
                labels=self.labels["sla_clock_used_ratio"],
            ),
        ]

    def collect(self) -> Iterable[Metric]:
        """The metrics with their values."""
        open_, closed, by_unit, retracted, retracted_by_unit, used = self.describe()
        found = Counter({(rule, state.value): 0 for rule in self._rules for state in State})
        for one in self._open.values():
            found.update(one)
        for (rule, state), count in found.items():
            open_.add_sample(open_.name, {"rule": rule, "state": state}, count)
        for family, counts in ((closed, self._closed), (retracted, self._retracted)):
            for (rule, outcome), count in counts.items():
                family.add_sample(f"{family.name}_total", {"rule": rule, "outcome": outcome}, count)
        for family, counts in ((by_unit, self._by_unit), (retracted_by_unit, self._retracted_by_unit)):
            for (unit, outcome), count in counts.items():
                family.add_sample(f"{family.name}_total", {"unit": unit, "outcome": outcome}, count)
        if isinstance(used, HistogramMetricFamily):
            for rule, shares in self._used.items():
                used.add_metric([rule], shares.buckets(), shares.sum)
        return open_, closed, by_unit, retracted, retracted_by_unit, used


class _Shares:
    """A histogram of shares of one rule's term."""

    __slots__ = ("_counts", "sum")

    def __init__(self) -> None:
        self._counts = [0] * (len(USED_BUCKETS) + 1)
        self.sum = 0.0

    def add(self, share: float) -> None:
        """Count one."""
        self._counts[bisect_left(USED_BUCKETS, share)] += 1
        self.sum += share

    def buckets(self) -> list[tuple[str, float]]:
        """How many were at most each edge, as the exposition wants it."""
        total = 0
        found = []
        for edge, count in zip((*USED_BUCKETS, "+Inf"), self._counts, strict=True):
            total += count
            found.append((str(edge), float(total)))
        return found
