"""`python -m tests.recount`: article 12 recounted over many incidents drawn at random (`make recount`).

Each incident is judged by the core and by the plain loops of `tests.second_reading.repeated`, in all four readings of the article, with its
events all at once and again one by one in disorder. It prints what was drawn and how it stands, and ends with 1 where
the two do not say the same.
"""

import argparse
import sys
from collections import Counter
from datetime import timedelta
from random import Random

from sla.watch import Watch
from tests.recount.core import READINGS, counted, facts_of, keys_of, rulebook
from tests.second_reading.incidents import incident
from tests.second_reading.repeated import BEIJING, MONTHS, stands, window_end

INCIDENTS_MAX = 1_000_000
TELL_EVERY = 10_000
TELL_MAX = 20
"""So many differing incidents are told one by one; they are counted all."""
SILENCE = (0, 1, 30, 90, 200, 400)
"""Days of silence after the last event."""


def readings_named(*names):
    """The watches of these readings, and how the second reading is told them."""
    secret = b"a secret"
    return {
        name: (Watch(rulebook(**READINGS[name][0]).keyed(secret)), READINGS[name][1]) for name in names or READINGS
    }


def differences(seed, number, readings, seen):
    """Where core and second reading differ about one incident: sentences. What it was made of is added to `seen`."""
    dice = Random(f"{seed}/{number}")
    events = incident(dice, number)
    until = max(event["time"] for event in events) + timedelta(days=dice.choice(SILENCE))
    seen.update(traits(events))
    watch = next(iter(readings.values()))[0]
    in_order, in_disorder = facts_of(events, watch), facts_of(events, watch, dice)
    found = []
    for name, (watch, reading) in readings.items():
        known = stands(events, until, **reading)
        keys = keys_of(known, watch.rulebook)
        expected = {keys[key]: levels for key, levels in known.items()}
        for how, judged in (
            ("all at once", counted(in_order, watch, until)),
            ("one by one", counted(in_disorder, watch, until, one_by_one=True)),
        ):
            for key in {*expected, *judged}:
                core, loops = judged.get(key, {}), expected.get(key, {})
                if core != loops:
                    found.append(f"{name}, {how}, {key}: the core says {core}, the loops {loops}")
        for levels in expected.values():
            seen.update(f"{name}: {level} {status}" for level, status in levels.items())
    return found


def traits(events):
    """What an incident has that makes it hard."""
    found = {f"complaints {len({event['subject'] for event in events})}"}
    types = {event["type"].partition(".")[2] for event in events}
    words = {
        "appealed": "an appeal",
        "corrected": "a correction",
        "voided": "a void",
        "taken_over": "a unit that stepped in",
    }
    found |= {word for type_, word in words.items() if type_ in types}
    first = min((event for event in events if event["type"] == "complaint.accepted"), key=lambda event: event["time"])
    closed = [e["time"] for e in events if e["type"] == "complaint.closed" and e["subject"] == first["subject"]]
    if not closed:
        return found | {"no first closing"}
    anchor = min(closed)
    months = MONTHS[first["data"]["category"]]
    ends_at, day = window_end(anchor, months), anchor + BEIJING
    last_day = ends_at + BEIJING - timedelta(days=1)
    if (day + timedelta(days=1)).day == 1:
        found.add("a first closing on the last day of a month")
    if last_day.day != day.day:
        found.add("a window cut short by a short month")
    if (last_day.month, last_day.day) == (2, 29) or (day.month, day.day) == (2, 29):
        found.add("a leap day at an end of the window")
    accepted = [event["time"] for event in events if event["type"] == "complaint.accepted"]
    if any(abs(at - ends_at) <= timedelta(seconds=1) for at in accepted):
        found.add("a complaint within a second of the end of the window")
    told = [e["time"] for e in events if e["type"] in ("complaint.replied", "complaint.judged", "complaint.appealed")]
    if any(at > ends_at for at in told):
        found.add("a judgement after the window")
    return found


def main(arguments=None):
    """Recount; 1 where something differs."""
    options, write = _options(arguments), sys.stdout.write
    readings, seen, differing = readings_named(), Counter(), 0
    for number in range(options.first, options.first + options.incidents):
        found = differences(options.seed, number, readings, seen)
        if found:
            differing += 1
            if differing <= TELL_MAX:
                write(f"--seed {options.seed} --first {number} --incidents 1: {found[0]}\n")
        if (number + 1 - options.first) % TELL_EVERY == 0:
            sys.stderr.write(f"{number + 1 - options.first} incidents, {differing} differ\n")
    write(f"{options.incidents} incidents from {options.first} on, seed {options.seed}, {len(readings)} readings\n")
    write("".join(f"{count:>9}  {name}\n" for name, count in sorted(seen.items())))
    write(f"{differing} incidents differ\n")
    return 1 if differing else 0


def _options(arguments):
    parser = argparse.ArgumentParser(
        prog="recount", description="Article 12 recounted over incidents drawn at random."
    )
    parser.add_argument("--incidents", type=int, default=2_000, help=f"how many, up to {INCIDENTS_MAX:,}")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first, to see one again alone")
    options = parser.parse_args(arguments)
    if not 1 <= options.incidents <= INCIDENTS_MAX:
        parser.error(f"--incidents: from 1 to {INCIDENTS_MAX}")
    if options.first < 0:
        parser.error("--first: 0 or more")
    return options


if __name__ == "__main__":
    sys.exit(main())
