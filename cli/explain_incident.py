"""`slawatch explain INCIDENT`, or the clock or alert of one: who complained how often, and who has to step in.

Used by `cli.explain`, which tells by the id that an incident is meant.
"""

from __future__ import annotations

import argparse
import sys
from datetime import datetime

import msgspec
from rich.console import Console

from cli.explain_incident_page import show
from cli.explain_incident_source import Heard, of_events, of_facts
from cli.explain_kafka import UnreadableError, records_of
from cli.explain_source import of_file, tell_left_out
from sla.explain.incident import explain_incident, rule_of
from sla.explain.incident_explanation import IncidentExplanation
from sla.watch import Watch
from streams.matter import Incidents
from streams.settings import Settings


def explained(
    options: argparse.Namespace,
    settings: Settings,
    watch: Watch,
    key: str,
    since: datetime,
    until: datetime | None,
    now: datetime,
) -> int:
    """Explain the incident of this key, or the clock of it that was asked for; answers with the exit code."""
    rule = rule_of(watch.rulebook, key)
    assert rule is not None
    if rule.off:
        where = f"{rule.id} is off in {watch.rulebook.name}, so no incident is counted"
        print(f"{where}; name a rulebook that has it in switch_on (--rulebook)", file=sys.stderr)
        return 1
    topic = f"{settings.own_prefix}{Incidents.source}"
    place = options.events or f"{topic} since {since.isoformat(timespec='seconds')}"
    try:
        with Console(stderr=True).status(f"reading {place}"):
            if options.events:
                heard = of_events(of_file(options.events), watch, rule, key)
            else:
                heard = of_facts(records_of(settings.client(), topic, {key.encode()}, since), settings.own_id)
    except (OSError, UnreadableError) as error:
        print(error if isinstance(error, UnreadableError) else f"{place}: {error.strerror}", file=sys.stderr)
        return 2
    tell_left_out(heard.refused, heard.unknown)
    horizon = until or (heard.last_at if options.events else now)
    explanation = explain_incident(watch, key, heard.said, horizon)
    if explanation is None:
        return _not_found(key, place, heard)
    ids = [clock.clock_id for clock in explanation.clocks] + [one.clock_id for one in explanation.withdrawn]
    if options.asked != key and not _only(explanation, options.asked):
        print(f"incident {key!r} has no clock {options.asked!r}; it has {', '.join(ids) or 'none'}", file=sys.stderr)
        return 1
    if options.json:
        print(msgspec.json.format(msgspec.json.encode(explanation), indent=2).decode())
    else:
        show(explanation, watch.rulebook.zone, options.lang)
    return 0


def _only(explanation: IncidentExplanation, asked: str) -> bool:
    """Leave only the clock that was asked for, or whose alert was; False where there is none."""
    explanation.clocks = [c for c in explanation.clocks if f"{asked}/".startswith(f"{c.clock_id}/")]
    explanation.withdrawn = [c for c in explanation.withdrawn if f"{asked}/".startswith(f"{c.clock_id}/")]
    explanation.unstarted = []
    return bool(explanation.clocks or explanation.withdrawn)


def _not_found(key: str, place: str, heard: Heard) -> int:
    print(f"nothing is said of the incident {key!r} in {place}", file=sys.stderr)
    if heard.near:
        print(f"did you mean {', '.join(heard.near)}?", file=sys.stderr)
    print("customers' names hang on the key: give the workers' customer_key_file", file=sys.stderr)
    return 1
