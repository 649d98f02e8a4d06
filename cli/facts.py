"""What drawn lives are made of: facts, who acts, how fast, and what can go wrong in any business.

It is apart from the lives because repairs and complaints share it. Times are whole milliseconds here; ids and time
stamps are given out by `cli.generate`. Only that and the lives (`cli.lives`, `cli.complaint_*`) import it.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

SECOND = 1_000
MINUTE = 60 * SECOND
EARLY = 30 * SECOND
"""A ticket may be dispatched this long before it is accepted; so it is accepted that much after its birth."""

NATIONAL = "NCSC"
HEADQUARTERS = "SGCC"
PROVINCES = [str(code) for code in range(11, 66) if code % 10 in range(1, 6)]
LEVELS = {2: "province", 4: "city", 6: "county"}

GOOD = ("usual",)
TROUBLED = ("usual", "usual", "usual", "late", "boundary", "past_boundary", "instant")
"""Paces: within the limit, past it, exactly on it, one millisecond past it, in no time at all."""


@dataclass(slots=True, eq=False)
class Fact:
    """One thing that happens in a life, at milliseconds since the start.

    `number` makes its id once ids are given out (0: not yet). A void tells in `takes_back` what it is about.
    """

    at: int
    type: str
    source: str
    data: dict[str, Any]
    number: int = 0
    takes_back: Fact | None = None

    @property
    def what(self) -> str:
        """The type without the business."""
        return self.type.partition(".")[2]


def level_of(unit: str) -> str:
    """The level of a unit, by its code."""
    return {NATIONAL: "national", HEADQUARTERS: "hq"}.get(unit) or LEVELS.get(len(unit), "team")


def source_of(unit: str) -> str:
    """The ticket system that tells what a unit does: one for each province, and one for those above."""
    return f"95598/{ {NATIONAL: 'ncsc', HEADQUARTERS: 'hq'}.get(unit) or unit[:2] }"


def between(dice: Random, low: int, high: int) -> int:
    """A whole number from `low` up to, not including, `high`."""
    # Several times as fast as randint, which matters at millions of events.
    return low + int(dice.random() * (high - low))


def local_unit(dice: Random, province: str) -> str:
    """A city or a county of a province."""
    city = f"{province}{between(dice, 1, 14):02d}"
    return city if dice.random() < 0.6 else f"{city}{between(dice, 1, 12):02d}"


def one_of(facts: list[Fact], dice: Random, *what: str) -> Fact | None:
    """Any fact of these types; None if there is none."""
    found = [fact for fact in facts if fact.what in what]
    return dice.choice(found) if found else None


def soon(dice: Random) -> int:
    """A while that likes to fall on a limit, or one millisecond beside it."""
    limit = dice.choice((1, 2, 3)) * MINUTE
    return dice.choice((0, 1, limit, limit + 1, limit - 1, between(dice, SECOND, 10 * MINUTE)))


# What can go wrong in any business. Each takes the facts of one life and changes them in place.


def at_one_instant(facts: list[Fact], dice: Random) -> None:
    """A few things in a row carry the same time; only their ids tell them apart."""
    place = between(dice, 0, min(len(facts), 6))
    for fact in facts[place + 1 : place + between(dice, 2, 5)]:
        fact.at = facts[place].at


def nameless(facts: list[Fact], dice: Random) -> None:
    """The record does not say who, or to whom, or on which level."""
    silent = one_of(facts, dice, "dispatched", "returned", "received")
    if silent is not None:
        silent.data.pop(dice.choice(("unit", "to_unit", "level", "to_level")), None)


def voided(facts: list[Fact], dice: Random) -> None:
    """An entry is taken back; often it is made anew, and now and then the void itself was the mistake."""
    target = one_of(
        facts,
        dice,
        dice.choice(("accepted", "dispatched", "dispatched", "received", "returned", "closed", "corrected")),
    )
    take_back(facts, dice, target)


def take_back(facts: list[Fact], dice: Random, target: Fact | None) -> None:
    """Void a fact, in one of the ways that `voided` tells of; without one nothing happens."""
    fate = dice.random()
    while target is not None:
        # The national centre may take back what a province recorded.
        source = target.source if dice.random() < 0.7 else source_of(NATIONAL)
        void = Fact(target.at + soon(dice), f"{target.type.partition('.')[0]}.voided", source, {}, takes_back=target)
        facts.append(void)
        if 0.4 < fate < 0.8 and target.takes_back is None:
            facts.append(Fact(void.at + soon(dice), target.type, target.source, dict(target.data)))
        target, fate = (void if fate < 0.4 else None), dice.random()


def told_twice(facts: list[Fact], dice: Random) -> None:
    """The ticket system repeats itself, word for word."""
    facts.extend(dice.sample(facts, min(len(facts), 3)))
