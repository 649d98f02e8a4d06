"""How `slawatch handover` shows the list, in English and Chinese. Only `cli.handover` imports this."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from alerting.handover import Clock, Handover
from alerting.roster import Turn
from alerting.unit_tree import called
from cli.explain_words import lasting
from sla.rulebook import Rulebook

HOUR_US = 3_600_000_000
SHOWN = 100
"""Clocks of each part that people are shown; `--json` tells all."""

WORDS = {
    "en": {
        "title": "Hand-over, {at}",
        "unit": "{unit} and the units beneath it",
        "overdue": "Overdue and not done: {count}",
        "due": "Due by {until}: {count}",
        "later": "Open, due later: {count}",
        "more": "... and {count} more (--json tells all)",
        "over": "{length} over",
        "left": "{length} left",
        "no_due": "due time not known",
        "nobody": "nobody named",
        "turn": "{team}, {at}: off {off}, on {on}",
        "no_turn": "{team}: no change of shift in the next two weeks",
        "none": "nobody",
        "and": ", ",
    },
    "zh": {
        "title": "交接班清单,{at}",
        "unit": "{unit}及下级单位",
        "overdue": "已超时未办:{count}",
        "due": "{until}前到期:{count}",
        "later": "在途,稍后到期:{count}",
        "more": "……另有 {count} 条(--json 列出全部)",
        "over": "已超 {length}",
        "left": "剩 {length}",
        "no_due": "到期时间未知",
        "nobody": "未指明责任单位",
        "turn": "{team},{at}:下班 {off},接班 {on}",
        "no_turn": "{team}:两周内无交接班",
        "none": "无人",
        "and": "、",
    },
}


class Page:
    """The list for people: times on the wall clock of the rulebook, rules and units by their names."""

    def __init__(self, rulebook: Rulebook, language: str) -> None:
        self._rulebook, self._language, self._words = rulebook, language, WORDS[language]

    def show(self, told: Handover, unit: str | None, turns: Mapping[str, Turn | None]) -> None:
        """Print it."""
        print(self._say("title", at=self._wall(told.at, "%Y-%m-%d %H:%M")))
        if unit is not None:
            print(self._say("unit", unit=called(self._rulebook.units, unit, self._language)))
        for team, change in turns.items():
            print(self._turn(team, change))
        for part, clocks in (("overdue", told.overdue), ("due", told.due), ("later", told.later)):
            print()
            print(self._say(part, count=len(clocks), until=self._wall(told.until, "%H:%M")))
            for clock in clocks[:SHOWN]:
                print(f"  {self._row(clock, told.at)}")
            if len(clocks) > SHOWN:
                print(f"  {self._say('more', count=len(clocks) - SHOWN)}")

    def _row(self, clock: Clock, at: datetime) -> str:
        about = self._rulebook.abouts.get(clock.rule)
        title = about.title.get(self._language) if about is not None else None
        if clock.owner is not None:
            owner = called(self._rulebook.units, clock.owner, self._language)
        else:
            owner = f"({clock.owner_level})" if clock.owner_level else self._say("nobody")
        if clock.due_at is None:
            when = self._say("no_due")
        else:
            way = "over" if clock.due_at < at else "left"
            when = (
                f"{self._wall(clock.due_at, '%m-%d %H:%M')}  {self._say(way, length=self._length(clock.due_at - at))}"
            )
        return f"{when}  {clock.ticket}  {title or clock.rule}  {owner}  {clock.clause}"

    def _turn(self, team: str, change: Turn | None) -> str:
        if change is None:
            return self._say("no_turn", team=team)
        off, on = (self._say("and").join(people) or self._say("none") for people in (change.off, change.on))
        return self._say("turn", team=team, at=self._wall(change.at, "%m-%d %H:%M"), off=off, on=on)

    def _length(self, length: timedelta) -> str:
        """To the second within an hour, to the minute beyond it."""
        us = abs(length) // timedelta(microseconds=1)
        return lasting(us - us % (1_000_000 if us < HOUR_US else 60_000_000), self._language)

    def _say(self, word: str, **told: object) -> str:
        return self._words[word].format(**told)

    def _wall(self, at: datetime, layout: str) -> str:
        return at.astimezone(self._rulebook.zone).strftime(layout)


def as_json(told: Handover, unit: str | None, turns: Mapping[str, Turn | None]) -> str:
    """The list for machines."""
    said = {"unit": unit, **msgspec.structs.asdict(told), "shifts": turns}
    return msgspec.json.format(msgspec.json.encode(said), indent=2).decode()
