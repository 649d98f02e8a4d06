"""Explains every ticket of a file at one go, as `slawatch explain --json` does one of them. Only tests import this."""

import json

import msgspec

from cli.event_lines import lines, reading
from sla.cloudevent import read
from sla.explain.explained import explain
from sla.watch import Watch


def explain_all(path, rulebook):
    """Read a file of events and give the explanation of each ticket, read back from its JSON."""
    tickets = {}
    with reading(str(path)) as file:
        for _, raw in lines(file):
            subject, event = read(raw, rulebook.vocabulary)
            tickets.setdefault(subject, []).append(event)
    last_at = max(event.time for events in tickets.values() for event in events)
    watch = Watch(rulebook)
    return {s: json.loads(msgspec.json.encode(explain(watch, s, events, last_at))) for s, events in tickets.items()}
