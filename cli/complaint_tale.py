"""A complaint while its life is drawn: what has been told so far, who has it, and how long everybody takes.

It exists because the way of a complaint (`cli.complaint_lives`), its replies and call-backs (`cli.complaint_replies`)
and its troubles (`cli.complaint_troubles`) go on from one another. Only those three import it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from cli.facts import GOOD, SECOND, Fact, between, level_of, source_of
from cli.office_days import DAY, HOUR, Office

GRADES = ("general", "important", "major", "special")


@dataclass(slots=True)
class Tale:
    """One complaint; `facts` stand in the order of telling.

    `way` are the units it went through, whoever took it first and whoever has it last; `local` is the city or county
    it is about.
    """

    dice: Random
    office: Office
    paces: tuple[str, ...]
    facts: list[Fact] = field(default_factory=list)
    grade: str = "general"
    local: str = ""
    way: list[str] = field(default_factory=list)
    taken_at: int = 0
    received_at: int = 0
    ready_at: int = 0
    answer_due: int = 0
    verdict: dict[str, Any] = field(default_factory=dict)
    approved: bool = False
    abandoned: bool = False

    @property
    def good(self) -> bool:
        """Whether everybody does what is asked."""
        return self.paces is GOOD

    @property
    def told(self) -> dict[str, Any]:
        """What was told when it was accepted."""
        return self.facts[0].data

    @property
    def handler(self) -> str:
        """The unit that answers the customer."""
        return self.way[-1]

    @property
    def silent(self) -> bool:
        """Whether nobody may get in touch with the customer."""
        return bool(self.told.get("anonymous") or self.told.get("confidential"))

    def chance(self, share: float) -> bool:
        """True in that share of the cases."""
        return self.dice.random() < share

    def amiss(self, share: float) -> bool:
        """True in that share of the lives that are in trouble."""
        return not self.good and self.dice.random() < share

    def tell(self, at: int, what: str, unit: str, **told: Any) -> Fact:
        """Add a fact: what a unit did."""
        data = {"unit": unit, "level": level_of(unit), **told}
        fact = Fact(at, f"complaint.{what}", source_of(unit), data)
        self.facts.append(fact)
        return fact

    def pass_on(self, at: int, what: str, unit: str, to_unit: str, **told: Any) -> Fact:
        """Add a fact that concerns another unit too."""
        return self.tell(at, what, unit, to_unit=to_unit, to_level=level_of(to_unit), **told)

    def done(self, since: int, due: int, latest: float = 0.9) -> int:
        """When somebody does in office hours what is due between two instants; `latest` is the usual latest share."""
        return self._at_a_pace(since, due, self.office.share(since, due, self._share(latest)))

    def done_any_hour(self, since: int, due: int) -> int:
        """The same in a place that never closes."""
        return self._at_a_pace(since, due, since + int((due - since) * self._share(0.9)))

    def _share(self, latest: float) -> float:
        return 0.05 + (latest - 0.05) * self.dice.random()

    def _at_a_pace(self, since: int, due: int, usual: int) -> int:
        pace = self.paces[0] if len(self.paces) == 1 else self.dice.choice(self.paces)
        if pace == "usual" or due <= since:
            return max(usual, since)
        if pace == "late":
            return due + between(self.dice, SECOND, min(3 * (due - since), 3 * DAY))
        return {"boundary": due, "past_boundary": due + 1, "instant": since}[pace]

    def a_while(self, hours: int) -> int:
        """From a minute to so many hours, for what nobody has to do by any time."""
        return between(self.dice, HOUR // 60, hours * HOUR)
