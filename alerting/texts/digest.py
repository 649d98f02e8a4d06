"""The text of a storm: many alerts in one message, every ticket's id in it, grouped by level and rule.

A digest is built by adding one alert after the other; its size is known exactly after each, which is how `holds`
counts in one pass. Only `alerting.texts` imports this.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

from alerting.alert import Alert, Level, Status
from alerting.message import Message, Occasion
from alerting.texts.cleaning import foreign, size
from alerting.texts.facts import Facts, facts_of, listed
from alerting.texts.room import Room
from alerting.texts.single import Reader, again, link_line, owner_of
from alerting.texts.words import level_word

LINK_ROOM_MAX: Final = 600
"""Bytes kept free for the link to acknowledge, but no more than a third of the body."""
SEPARATOR: Final = ", "
OWNERS_MAX: Final = 3

_LEVELS: Final = (Level.ESCALATION, Level.BREACH, Level.WARNING, Level.NOTICE)
_STATUSES: Final = (Status.FIRING, Status.RESOLVED, Status.RETRACTED)
_LEVEL_PLACES: Final[dict[str, int]] = {level: place for place, level in enumerate(_LEVELS)}
_STATUS_PLACES: Final[dict[str, int]] = {status: place for place, status in enumerate(_STATUSES)}
_LONGER: Final = frozenset(10**power for power in range(12))
"""The numbers that have one digit more than the one before (the first has one more than none)."""


class _Key(NamedTuple):
    """What one group has in common; groups stand in this order: critical first, then by level."""

    status: int
    not_critical: bool
    level: int
    not_grave: bool
    rule: str


class _Group:
    """Alerts of one rule and level: how many, and the ids of their tickets, each once, in the order they came."""

    def __init__(self, first: Facts, *, grave: bool) -> None:
        self.first = first
        self.grave = grave
        self.number = 0
        self.ids: dict[str, None] = {}


class Digest:
    """Alerts gathered into one text."""

    def __init__(self, reader: Reader, occasion: Occasion = Occasion.DIGEST, *, critical: bool = False) -> None:
        self._reader = reader
        mark = reader.say("mirror" if occasion is Occasion.MIRROR else "digest")
        self._title = reader.say("critical", mark=mark) if critical else mark
        self._groups: dict[_Key, _Group] = {}
        self._numbers: Counter[tuple[int, int]] = Counter()
        self._owners: Counter[tuple[str | None, str | None]] = Counter()
        self._number = 0
        # Bytes: of the headline and the groups' leads without their numbers, of these numbers, and of all ids.
        self._head_bytes = self._lead_bytes = self._digits = self._id_bytes = 0
        self._break = size(line_break(markdown=reader.markdown))

    @property
    def size(self) -> int:
        """Bytes of headline and groups, with the breaks between them; exact."""
        return self._head_bytes + self._lead_bytes + self._digits + self._id_bytes

    def add(self, alert: Alert) -> None:
        """Take one more alert in."""
        one = listed(alert)
        status, level = _STATUS_PLACES[one.status], _LEVEL_PLACES[one.level]
        key = _Key(status, not (one.grave and level <= 1), level, not one.grave, one.rule)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = _Group(facts_of(alert, self._reader.language), grave=one.grave)
            self._lead_bytes += size(self._lead(group, "")) + self._break
            self._numbers[status, level] += 0
            self._head_bytes = size(self._headline(numbered=False))
        group.number += 1
        self._number += 1
        self._numbers[status, level] += 1
        for number in (self._number, self._numbers[status, level], group.number):
            self._digits += number in _LONGER
        self._owners[one.owner, one.owner_level] += 1
        shown = foreign(one.subject, markdown=self._reader.markdown) or "?"
        if shown not in group.ids:
            self._id_bytes += size(shown) + (len(SEPARATOR) if group.ids else 0)
            group.ids[shown] = None

    def lines(self, message: Message, limit: int) -> Iterator[str]:
        """All of it, or as many whole ids as fit, and then how many are missing; what is optional where it fits."""
        left = limit - self.size
        full = left < 0
        if full:  # more than it holds: beside the ids there is only the link, in the room that is kept for it
            left = kept_free(limit)
        extras = {}
        for name, line in self._extras(message):
            needed = size(line) + self._break
            if needed <= left and (name == "link" or not full):
                extras[name] = line
                left -= needed
        yield self._headline()
        if "link" in extras:
            yield extras["link"]
            limit -= size(extras["link"]) + self._break
        yield from self._groups_within(limit) if full else self._all_groups()
        yield from (extras[name] for name in ("turns", "again") if name in extras)

    def _extras(self, message: Message) -> Iterator[tuple[str, str]]:
        """What is told where there is room, the most important first."""
        for line in link_line(message, self._reader, Room()):
            yield "link", line
        if message.degraded:
            yield "again", again(self._reader)
        told: list[str] = []
        for (code, level), number in self._owners.most_common():
            owner = owner_of(code, level, self._reader, 60)
            if owner:
                told.append(self._reader.say("turn", owner=owner, number=number))
            if len(told) == OWNERS_MAX:
                break
        if told:
            yield "turns", self._reader.say("turns", owners=self._reader.say("and").join(told))

    def _all_groups(self) -> Iterator[str]:
        for key in sorted(self._groups):
            group = self._groups[key]
            yield self._lead(group, group.number) + SEPARATOR.join(group.ids)

    def _groups_within(self, limit: int) -> Iterator[str]:
        """Of more than a digest holds, what fits, and how many do not: nothing is lost unnoticed."""
        reader, unlisted = self._reader, sum(len(group.ids) for group in self._groups.values())
        left = limit - size(self._headline()) - self._break - size(reader.say("unlisted", number=unlisted))
        for key in sorted(self._groups):
            group = self._groups[key]
            lead = self._lead(group, group.number)
            left -= size(lead) + self._break
            ids: list[str] = []
            for shown in group.ids:
                left -= size(shown) + (len(SEPARATOR) if ids else 0)
                if left < 0:
                    break
                ids.append(shown)
            if ids:
                yield lead + SEPARATOR.join(ids)
            unlisted -= len(ids)
            if left < 0:
                break
        yield reader.say("unlisted", number=unlisted)

    def _headline(self, *, numbered: bool = True) -> str:
        """How many of which level, the worst first."""
        counts = [
            self._reader.say(
                "count", mark=self._mark(_STATUSES[status], _LEVELS[level]), number=number if numbered else ""
            )
            for (status, level), number in sorted(self._numbers.items())
        ]
        number = self._number if numbered else ""
        return self._reader.say(
            "many", mark=self._title, number=number, counts=self._reader.say("comma").join(counts)
        )

    def _mark(self, status: Status, level: Level) -> str:
        word = level_word(level, self._reader.language)
        return word if status is Status.FIRING else self._reader.say(status.value, level=word)

    def _lead(self, group: _Group, number: object) -> str:
        """What stands before the ids."""
        reader, first = self._reader, group.first
        marked = self._mark(first.status, first.level)
        clause = reader.clean(first.clause, 60)
        return reader.say(
            "group",
            mark=reader.say("grave", mark=marked) if group.grave else marked,
            title=reader.clean(first.title, 120),
            clause=reader.say("group_clause", clause=clause) if clause else "",
            number=number,
        )


def line_break(*, markdown: bool) -> str:
    """What parts two lines: markdown wants two blanks around it (DingTalk's advice), or it runs them together."""
    return "  \n  " if markdown else "\n"


def kept_free(limit: int) -> int:
    """Bytes of a digest that are not for ids: the link, which is not known when they are counted."""
    return min(LINK_ROOM_MAX, limit // 3)
