"""What can go wrong with a complaint beside dawdling: nobody acts, it is closed too early, corrected, taken back.

It exists so that drawn complaints tell the rules every trouble they know. Only `cli.complaint_lives` imports it.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from cli.complaint_tale import GRADES, Tale
from cli.facts import (
    MINUTE,
    NATIONAL,
    SECOND,
    Fact,
    at_one_instant,
    between,
    local_unit,
    nameless,
    one_of,
    soon,
    source_of,
    take_back,
    told_twice,
)
from cli.office_days import DAY, HOUR

DUTIES = (
    *("dispatched", "received", "received", "customer_contacted", "notified", "progress_reported", "returned"),
    *("replied", "reply_passed", "callback", "callback", "callback_waived"),
)
MISTAKES = (
    *("accepted", "graded", "dispatched", "received", "returned", "notified", "customer_contacted", "corrected"),
    *("replied", "reply_passed", "reply_returned", "callback", "deadline_set", "closed", "appealed"),
)


def spoil(tale: Tale) -> None:
    """Let none to three things go wrong."""
    dice = tale.dice
    # In their own order: what is voided or told twice must not be struck out afterwards.
    for place in sorted(dice.sample(range(len(SPOILERS)), dice.choice((0, 1, 1, 2, 3)))):
        SPOILERS[place](tale.facts, dice)


def left_undone(facts: list[Fact], dice: Random) -> None:
    """Somebody does nothing; what would have followed may happen all the same, or not."""
    undone = one_of(facts, dice, *DUTIES)
    if undone is not None:
        place = facts.index(undone)
        del facts[place : place + 1 if dice.random() < 0.6 else len(facts)]


def closed_early(facts: list[Fact], dice: Random) -> None:
    """The complaint is closed before everybody has done his part; often that is the end of it."""
    chosen = facts[between(dice, 0, len(facts))]
    at = chosen.at + soon(dice)
    if dice.random() < 0.7:
        facts[1:] = [fact for fact in facts[1:] if fact.at <= chosen.at]
    facts.append(
        Fact(at, "complaint.closed", facts[0].source, {"unit": facts[0].data["unit"], "reason": "duplicate"})
    )


def another_unit(facts: list[Fact], dice: Random) -> None:
    """Somebody acts who was not asked; whoever was may do so later."""
    answer = one_of(facts, dice, "received", "returned", "dispatched", "replied")
    if answer is not None:
        asked = answer.data.get("unit", NATIONAL)
        if dice.random() < 0.6:
            facts.append(Fact(answer.at + soon(dice), answer.type, answer.source, dict(answer.data)))
        answer.data["unit"] = f"{asked[:2]}99"


def reopened(facts: list[Fact], dice: Random) -> None:
    """What was closed is dispatched once more, and sometimes answered and closed again."""
    end = max(fact.at for fact in facts)
    unit, source = local_unit(dice, "32"), source_of(NATIONAL)
    data = {
        "unit": NATIONAL,
        "level": "national",
        "to_unit": unit,
        "to_level": "city" if len(unit) == 4 else "county",
    }
    facts.append(Fact(end + soon(dice), "complaint.dispatched", source, data))
    if dice.random() < 0.7:
        end += between(dice, HOUR, 4 * DAY)
        facts.append(Fact(end, "complaint.replied", source_of(unit), {"unit": unit, "substantiated": True}))
    if dice.random() < 0.5:
        facts.append(Fact(end + soon(dice), "complaint.closed", source, {"unit": NATIONAL, "level": "national"}))


def corrected(facts: list[Fact], dice: Random) -> None:
    """What was taken down turns out wrong, perhaps more than once."""
    first = facts[0]
    for _ in range(dice.choice((1, 1, 2))):
        at = first.at + dice.choice((between(dice, SECOND, HOUR), between(dice, SECOND, 10 * DAY)))
        told: dict[str, Any] = dice.choice(
            (
                {"hung_up_at": first.data.get("hung_up_at", first.at) + between(dice, -MINUTE, 5 * MINUTE)},
                {"grade": dice.choice(GRADES)},
                {"grade": dice.choice(GRADES), "quality_event": dice.choice((5, 6, 7, 8))},
                {"channel": dice.choice(("95598", "other"))},
                {dice.choice(("anonymous", "confidential", "callback_wanted")): dice.random() < 0.5},
                {"force_majeure": dice.random() < 0.8},
                {"substantiated": dice.random() < 0.5},
            )
        )
        data = {"unit": first.data["unit"], **told}
        facts.append(Fact(at, "complaint.corrected", first.source, data))


def mistaken(facts: list[Fact], dice: Random) -> None:
    """An entry is taken back; often it is made anew, and now and then the void itself was the mistake."""
    take_back(facts, dice, one_of(facts, dice, dice.choice(MISTAKES)))


SPOILERS: tuple[Callable[[list[Fact], Random], None], ...] = (
    left_undone,
    closed_early,
    another_unit,
    nameless,
    reopened,
    corrected,
    at_one_instant,
    mistaken,
    told_twice,
)
