"""Writes docs/events.md from vocabulary, rules and bounds: `.venv/bin/python -m tests.docs.events_page`; a test compares."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from cli.rulebook_files import load
from cli.rulebook_words import NAMES_ZH
from sla import cloudevent, step
from sla.rule import Rule, Trigger
from sla.rulebook import Rulebook
from sla.ticket import EVENTS_MAX
from sla.vocabulary import EARLIEST, LATEST, Attribute, Business, Condition, Kind
from tests.docs.layouts import members, table

CANARY = "canary"
"""Sent by `slawatch canary` and by no source: docs/canary.md."""
ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "events.md"
WRITTEN = tomllib.loads((ROOT / "rulebooks" / "sgcc-2014" / "vocabulary.toml").read_text(encoding="utf-8"))
"""The vocabulary as it is written: its sets have an order there."""
RULEBOOKS = ("sgcc-2014", "sgcc-2014-extended")
"""Whose rules are looked through; the second adds repairs beyond the annexes at hand."""

HEAD = f"""# What a source sends

The events on `sla.ticket-events`: the envelope, the words of the 95598 rulebook, bounds, and what is refused. This page is
made from `rulebooks/sgcc-2014/vocabulary.toml`, the rules and the reader (`sla/cloudevent.py`); another rulebook has words
of its own ([rulebook.md](rulebook.md)), the rest holds for all. What comes back out is in [records.md](records.md).

```json
{{"specversion":"1.0","id":"e-81","source":"95598/ncsc","type":"repair.dispatched","subject":"2026112300017",
 "time":"2026-11-23T08:01:40+08:00","data":{{"unit":"NCSC","level":"national","to_unit":"3201","to_level":"city"}}}}
```

The value is a CloudEvent 1.0 in structured mode, as above, or in binary mode: headers `ce_specversion`, `ce_id`,
`ce_source`, `ce_type`, `ce_subject`, `ce_time`, and `data` as the value. At most {cloudevent.BYTES_MAX // 1024} KiB.

"""

ENVELOPE = [
    ("specversion", "`1.x`"),
    ("id", "names the event within its source; runs of digits order as numbers"),
    (
        "source",
        "who tells it: one name for each system, for ever the same; it goes into ids and metrics, so nobody's name",
    ),
    (
        "type",
        "one of the types below; another is counted (`sla_unknown_type_events_total`) and kept out of the clocks",
    ),
    ("subject", "the ticket id"),
]

AFTER = f"""
**The key** of the record is the `subject`, byte for byte; any partitioner will do that is the same for the whole topic
(`slawatch produce` has that of Java, murmur2).
A producer with `acks=all` and idempotence loses and repeats nothing; transactions are read committed. Give `grace` more than
the time from what happens to its append (`sla_source_delay_seconds` shows it).

**Order and repeats.** Events of a ticket count by (`time`, `id`, `source`), never by arrival: late, twice and shuffled they
make the same end. Events may come before the acceptance and count once it is there. `source` and `id` make an event: sent
again as it was it is a repeat, with other content it is refused. A ticket holds at most {EVENTS_MAX} events.

**Mending what was told.** `<business>.corrected` carries any attribute that the ticket keeps, as if known from the start;
`<business>.voided` takes back the event that its `event_id` and `event_source` name. Both are events with ids of their own.
What had been published is followed by a next revision.

**Forgetting.** A closed ticket is forgotten some time after its last event, by the time of events; what comes later is refused.
"""

TYPES = """
What rules look at in an event, those that are switched off too. Where the unit of one event has to be that of another, a
unit that is not told fits any; a condition on an attribute that is not told does not hold, so tell what you know. No rule
looks at the rest of the vocabulary.

"""

ATTRIBUTES = """
## Attributes

`data` is flat: texts, numbers, true and false. A code is a text of 1 to 256 characters, an instant RFC 3339 with its offset.
The ticket remembers some from whichever event told them last; the rest stay with their event. Of what is never kept
nothing leaves the record on the topic. What the vocabulary does not know is not kept either. null is the same as absent.

"""

REFUSED = """
## What is refused

A record that cannot be taken is on `sla.dead-letters`, as it came, with the reason, what to mend and its place in
[headers](records.md#dead-letters); `sla_dead_letters_total` counts them. All else goes on. Mended, it may be sent again.

"""

CRASHED = """
`crashed_us`: the program failed three times at this record, which is a fault of the program. Report it, and send it again to a
release in which that is mended.
"""


def envelope() -> str:
    """The fields and how long they may be."""
    rows = [(f"`{name}`", _length(name), says) for name, says in ENVELOPE]
    ahead = int(cloudevent.AHEAD_MAX.total_seconds() // 3600)
    years = f"{EARLIEST.year} to {LATEST.year - 1}"
    rows += [
        ("`time`", "", f"when it happened: RFC 3339 with an offset, years {years}, at most {ahead} h after the broker took it"),
        ("`data`", "", "attributes, below; may be absent"),
    ]  # fmt: skip
    return table(("field", "characters", ""), rows)


def _length(name: str) -> str:
    longest = cloudevent._LENGTHS.get(name)
    return f"1 to {longest}" if longest else ""


def read_of(rule: Rule) -> Iterator[tuple[str, str]]:
    """Each event type with an attribute that a rule looks at in it."""
    starts = {start.event for start in rule.starts}
    triggers: list[Trigger] = [*rule.starts, *rule.stops, *rule.undo, *rule.cancels, *rule.needs, *rule.lacks]
    triggers += [owner.of for owner in rule.owners if owner.of is not None]
    if rule.recurrence is not None:
        triggers += [*rule.recurrence.counts, *rule.recurrence.discounts]
    for trigger in triggers:
        for condition in (trigger.where, *trigger.unless):
            yield from ((trigger.event, name) for name, _ in condition.wanted)
    for start in rule.starts:
        if start.at:
            yield start.event, start.at
    for stop in (*rule.stops, *rule.undo, *rule.cancels):
        for mine, theirs in stop.match:
            yield stop.event, theirs
            yield from ((start, mine) for start in starts)
    for owner in rule.owners:
        for name in (owner.unit, owner.level_from):
            if name:
                yield from ((event, name) for event in ({owner.of.event} if owner.of else starts))
    if rule.superior is not None:
        yield rule.superior.event, rule.superior.at
    if rule.sum is not None:
        yield from ((event, rule.sum.amount) for event in (rule.sum.add, rule.sum.remove) if event)


def looked_at(rulebooks: list[Rulebook]) -> dict[str, set[str]]:
    """The attributes that rules, whether on or off, and excuses look at, by event type."""
    found: dict[str, set[str]] = defaultdict(set)
    for rulebook in rulebooks:
        for rule in rulebook.rules:
            for event, name in read_of(rule):
                found[event].add(name)
        for excuses in rulebook.excuses.values():
            for excuse in excuses:
                if excuse.event is not None:
                    conditions = (excuse.event.where, *excuse.event.unless, excuse.granted)
                    found[excuse.event.event] |= {name for one in conditions for name, _ in one.wanted}
        for attribute in rulebook.vocabulary.attributes.values():
            for inference in attribute.infer:
                found[inference.event] |= {name for name, _ in inference.where.wanted}
        for business in rulebook.vocabulary.businesses.values():
            found[business.voided] |= {"event_id", "event_source"}
    return found


def business_table(business: Business, asked: set[str], seen: dict[str, set[str]]) -> str:
    """The event types of one business."""
    marks = {business.accepted: "opens the ticket", **dict.fromkeys(business.closed, "closes it")}
    marks |= {business.corrected: "any attribute that the ticket keeps", business.voided: "takes an event back"}
    rows = []
    for type_ in WRITTEN["businesses"][business.name]["events"]:
        says = "; ".join(part for part in (marks.get(type_, ""), listed(seen.get(type_, ()))) if part)
        rows.append((f"`{type_}`", NAMES_ZH.get(type_.partition(".")[2], ""), says))
    days = business.forget_after.days
    return f"""### {business.name}

Forgotten {days} days after the last event of a closed ticket. Of the ticket rules ask, from whichever event told it:

{listed(asked)}

{table(("type", "", "looked at"), rows)}"""


def listed(names: Iterable[str]) -> str:
    """Attributes, in the order of the vocabulary."""
    return ", ".join(f"`{name}`" for name in WRITTEN["attributes"] if name in names)


def asked_of_tickets(rulebooks: list[Rulebook], business: str) -> set[str]:
    """The attributes that rules and excuses of a business ask of the ticket."""
    conditions: list[Condition] = []
    same: set[str] = set()
    for rulebook in rulebooks:
        for rule in (one for one in rulebook.rules if one.business == business):
            conditions += [*rule.binds, *rule.excepts, *(start.ticket for start in rule.starts)]
            conditions += [one.where for one in (*rule.in_force, *rule.owners)]
            same |= set(rule.recurrence.same) if rule.recurrence is not None else set()
        conditions += [excuse.ticket for excuse in rulebook.excuses.get(business, ())]
    return same | {name for condition in conditions for name, _ in condition.wanted}


def attributes(rulebook: Rulebook) -> str:
    """Every attribute: what it may hold, and what is kept of it."""
    rows = [
        (f"`{one.name}`", NAMES_ZH.get(one.name, ""), holds(one), kept(one), filled_in(one))
        for one in rulebook.vocabulary.attributes.values()
    ]
    return table(("attribute", "", "holds", "kept", "where nobody tells it"), rows)


def holds(attribute: Attribute) -> str:
    """What an attribute may hold, in words."""
    if attribute.kind is Kind.ENUM:
        return ", ".join(f"`{value}`" for value in WRITTEN["attributes"][attribute.name]["values"])
    words = {Kind.BOOLEAN: "true or false", Kind.INTEGER: "whole number", Kind.TEXT: "free text"}
    return words.get(attribute.kind, attribute.kind.value)


def kept(attribute: Attribute) -> str:
    """What becomes of an attribute."""
    if attribute.pseudonym:
        return "as a keyed hash, if there is a key"
    if not attribute.kept:
        return "never"
    if not attribute.remembered:
        return "with the event"
    return "by the ticket, from when it is told" if attribute.over_time else "by the ticket"


def filled_in(attribute: Attribute) -> str:
    """What is assumed of an attribute that nobody states."""
    said = []
    for inference in attribute.infer:
        conditions = " and ".join(
            f"`{name}` {' or '.join(sorted(map(str, values)))}" for name, values in inference.where.wanted
        )
        said.append(f"{inference.value} by a `{inference.event}` with {conditions}")
    if attribute.default is not None:
        said.append(f"{'else ' if said else ''}{attribute.default}")
    return "; ".join(said)


def page() -> str:
    """The page as it must be."""
    rulebooks = [load(name) for name in RULEBOOKS]
    base, seen = rulebooks[0], looked_at(rulebooks)
    businesses = {business.name: business for business in base.vocabulary.businesses.values()}
    del businesses[CANARY]
    tables = [business_table(one, asked_of_tickets(rulebooks, one.name), seen) for one in businesses.values()]
    return (
        HEAD
        + "## The envelope\n\n"
        + envelope()
        + AFTER
        + "\n## Types\n"
        + TYPES
        + "\n".join(tables)
        + ATTRIBUTES
        + attributes(base)
        + REFUSED
        + members(cloudevent.Fault)
        + "\nWhat is an event, and is kept out of its ticket:\n\n"
        + members(step.Refusal)
        + CRASHED
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
