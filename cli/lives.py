"""One life of a repair ticket, drawn at random: who takes it, passes it on, returns it, repairs, closes it.

It exists so that `cli/generate.py` has lives to tell: good ones, and ones with every trouble the rules know.
Only `cli/generate.py` imports it.
"""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

from cli.facts import (
    EARLY,
    GOOD,
    MINUTE,
    NATIONAL,
    PROVINCES,
    SECOND,
    TROUBLED,
    Fact,
    at_one_instant,
    between,
    level_of,
    local_unit,
    nameless,
    one_of,
    soon,
    source_of,
    told_twice,
    voided,
)

RISKS = ("injury", "public_order", "pollution", "important_customer", "public_opinion")
FAULTS = ("low_voltage", "low_voltage", "high_voltage", "power_quality", "customer_internal")
GROUNDS = ("not_our_area", "customer_info_wrong", "core_content_missing", "other")


class Way(NamedTuple):
    """How a ticket travels: the operating mode, through which province, at which paces."""

    mode: int
    province: str
    paces: tuple[str, ...]


def life(dice: Random, born: int, trouble: float) -> list[Fact]:
    """Draw one life that begins at `born` or a little later; with chance `trouble` something is wrong.

    The facts stand in the order of telling, not of time; one that stands there twice is told twice.
    """
    if dice.random() >= trouble:
        return _drawn(dice, born + EARLY, GOOD)
    facts = _drawn(dice, born + EARLY, TROUBLED)
    # In their own order: what is voided or told twice must not be struck out afterwards.
    for place in sorted(dice.sample(range(len(SPOILERS)), dice.choice((0, 1, 1, 2)))):
        SPOILERS[place](facts, dice)
    return facts


def _fact(at: int, what: str, unit: str, **told: Any) -> Fact:
    return Fact(at, f"repair.{what}", source_of(unit), {"unit": unit, "level": level_of(unit), **told})


def _passed(at: int, what: str, unit: str, to_unit: str, **told: Any) -> Fact:
    return _fact(at, what, unit, to_unit=to_unit, to_level=level_of(to_unit), **told)


def _wait(dice: Random, minutes: int, paces: tuple[str, ...]) -> int:
    """How long somebody takes who has that many minutes."""
    limit = minutes * MINUTE
    pace = paces[0] if len(paces) == 1 else dice.choice(paces)
    if pace == "usual":
        return between(dice, limit // 20, limit * 9 // 10)
    if pace == "late":
        return limit + between(dice, SECOND, 3 * limit)
    return {"boundary": limit, "past_boundary": limit + 1, "instant": 0}[pace]


def _drawn(dice: Random, at: int, paces: tuple[str, ...]) -> list[Fact]:
    """One life from acceptance to closing, everybody keeping one of these paces."""
    way = Way(dice.choice((1, 1, 2, 2, 2, 3)), dice.choice(PROVINCES), paces)
    taker = way.province if way.mode == 3 else NATIONAL
    accepted = _fact(at, "accepted", taker, **_reported(dice, at))
    if dice.random() < 0.85:
        accepted.data["mode"] = way.mode
    facts = [accepted]
    at = accepted.data.get("hung_up_at", at) + _wait(dice, 2, paces)
    if way.mode == 2:
        at = _to_province(facts, dice, at, way)
    at = _to_local(facts, dice, at, way)
    return facts + _repaired(dice, at, facts[-1].data["unit"], taker)


def _reported(dice: Random, at: int) -> dict[str, Any]:
    """What the caller told; who reports on the web or in the app hangs up nowhere."""
    told: dict[str, Any] = {"via": dice.choice(("phone", "phone", "phone", "web", "app"))}
    told["customer"] = f"{between(dice, 0, 10**10):010d}"
    if told["via"] == "phone":
        told["hung_up_at"] = at + between(dice, 20 * SECOND, 120 * SECOND)
    told["urgency"] = "general"
    if dice.random() < 0.2:
        told["urgency"], told["risk"] = "urgent", dice.choice(RISKS)
    told["fault"], told["area"] = dice.choice(FAULTS), dice.choice(("urban", "urban", "rural", "remote"))
    return told


def _to_province(facts: list[Fact], dice: Random, at: int, way: Way) -> int:
    """From the national to the provincial centre, which accepts or forwards at once; when it forwards."""
    facts.append(_passed(at, "dispatched", NATIONAL, way.province))
    at += _wait(dice, 2, way.paces)
    if dice.random() < 0.4:
        facts.append(_fact(at, "received", way.province))
        at += _wait(dice, 1, way.paces)
    return at


def _to_local(facts: list[Fact], dice: Random, at: int, way: Way) -> int:
    """From a centre to the city or county that receives the ticket in the end, with returns on the way."""
    giver, unit = way.province if way.mode > 1 else NATIONAL, local_unit(dice, way.province)
    returns = int(dice.random() < 0.03) if way.paces is GOOD else dice.choice((0, 0, 0, 1, 2, 3))
    for _ in range(returns):
        facts.append(_passed(at, "dispatched", giver, unit))
        at += _wait(dice, 3, way.paces)
        facts.append(_passed(at, "returned", unit, giver, ground=dice.choice(GROUNDS)))
        at += _wait(dice, 3, way.paces)
        if way.mode == 2 and dice.random() < 0.4:
            facts.append(_passed(at, "returned", giver, NATIONAL, ground=dice.choice(GROUNDS)))
            at = _to_province(facts, dice, at + _wait(dice, 3, way.paces), way)
        # Half the time the same unit gets it again, and may well return it again.
        unit = unit if dice.random() < 0.5 else local_unit(dice, way.province)
    facts.append(_passed(at, "dispatched", giver, unit))
    at += _wait(dice, 3, way.paces)
    facts.append(_fact(at, "received", unit))
    return at


def _repaired(dice: Random, at: int, unit: str, taker: str) -> list[Fact]:
    """The work itself: nothing of it has a limit yet, and yet it is most of what a ticket tells."""
    crew = f"{unit}-{between(dice, 10, 99)}"
    facts = []
    for what, who, soonest, latest in (
        ("crew_dispatched", unit, 1, 10),
        ("arrived", crew, 10, 45),
        ("restored", crew, 15, 120),
        ("fed_back", crew, 1, 5),
        ("replied", unit, 2, 30),
        ("callback", taker, 5, 90),
        ("closed", taker, 1, 5),
    ):
        at += between(dice, soonest * MINUTE, latest * MINUTE)
        facts.append(_fact(at, what, who))
    facts[5].data.update(reached=True, satisfied=dice.random() < 0.95)
    return facts


# What can go wrong beside dawdling. Each takes the facts of one life and changes them in place.


def dispatched_early(facts: list[Fact], dice: Random) -> None:
    """The ticket goes out before the caller has hung up, now and then before it is fully taken down."""
    first = next((fact for fact in facts if fact.type == "repair.dispatched"), facts[0])
    if first is not facts[0]:
        first.at = min(first.at, facts[0].at + between(dice, -EARLY, 20 * SECOND))


def left_undone(facts: list[Fact], dice: Random) -> None:
    """Somebody does nothing; what would have followed may happen all the same, or not."""
    undone = one_of(facts, dice, "dispatched", "received", "received", "returned")
    if undone is not None:
        place = facts.index(undone)
        del facts[place : place + 1 if dice.random() < 0.4 else len(facts)]


def closed_early(facts: list[Fact], dice: Random) -> None:
    """The ticket is closed before everybody has done his part; often that is the end of it."""
    place = between(dice, 0, min(len(facts), 7))
    if dice.random() < 0.6:
        del facts[place + 1 :]
    facts.append(_fact(facts[place].at + soon(dice), "closed", facts[0].data["unit"], reason="duplicate"))


def another_unit(facts: list[Fact], dice: Random) -> None:
    """Somebody answers who was not asked; whoever was may answer later."""
    answer = one_of(facts, dice, "received", "returned")
    if answer is not None:
        asked = answer.data.get("unit", "3201")
        if dice.random() < 0.6:
            facts.append(_fact(answer.at + soon(dice), "received", asked))
        answer.data["unit"] = f"{asked[:2]}99"


def corrected(facts: list[Fact], dice: Random) -> None:
    """What was taken down turns out wrong, perhaps more than once."""
    first = facts[0]
    for _ in range(dice.choice((1, 1, 2))):
        at = first.at + between(dice, SECOND, 60 * MINUTE)
        told: dict[str, Any] = dice.choice(
            (
                {"hung_up_at": first.data.get("hung_up_at", first.at) + between(dice, -MINUTE, 2 * MINUTE)},
                {"mode": dice.choice((1, 2, 3))},
                {"urgency": "urgent", "risk": dice.choice(RISKS)},
            )
        )
        unit = first.data["unit"]
        facts.append(Fact(at, "repair.corrected", first.source, {"unit": unit, **told}))


def reopened(facts: list[Fact], dice: Random) -> None:
    """The lights go out again: the closed ticket is dispatched once more."""
    end = max(fact.at for fact in facts)
    unit, giver = local_unit(dice, "32"), facts[0].data["unit"]
    if dice.random() < 0.3:
        told = {**facts[0].data, "mode": dice.choice((1, 2, 3))}
        facts.append(Fact(end + SECOND, "repair.accepted", facts[0].source, told))
    facts.append(_passed(end + soon(dice), "dispatched", giver, unit))
    if dice.random() < 0.7:
        facts.append(_fact(facts[-1].at + soon(dice), "received", unit))
    if dice.random() < 0.5:
        facts.append(_fact(facts[-1].at + soon(dice), "closed", giver))


SPOILERS = (
    dispatched_early,
    left_undone,
    closed_early,
    another_unit,
    nameless,
    reopened,
    corrected,
    at_one_instant,
    voided,
    told_twice,
)
