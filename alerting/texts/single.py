"""The text about one alert: its lines, in the order in which a dispatcher needs them.

Only `alerting.texts` imports this.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from typing import Final

import msgspec

from alerting.alert import Level, Status
from alerting.message import Message, Occasion
from alerting.text import Language
from alerting.texts.cleaning import foreign, link, middle_cut, shortened
from alerting.texts.facts import Facts, chosen
from alerting.texts.instants import lasting, offset, shown
from alerting.texts.next_steps import next_step
from alerting.texts.reasons import MONITOR_WELL, NOT_OWED, OBVIOUS, TOO_FEW, reason_words
from alerting.texts.room import Room
from alerting.texts.words import NAMES, level_word, say
from sla.duty import Reason

EVIDENCE_MAX: Final = 5
_WITHOUT_DEADLINE: Final = {Reason.CONTRADICTION, Reason.OVER_QUOTA, Reason.CLOSED_WITHOUT, Reason.REPEATED}
"""What was wrong from its first instant: no time runs there that could be overrun."""


class Reader(msgspec.Struct, frozen=True):
    """Who reads, when and where: language, whether markdown is rendered, names of units, `now`, and the zone."""

    language: Language
    markdown: bool
    unit_names: Mapping[str, Mapping[str, str]]
    now: datetime
    zone: tzinfo

    def clean(self, text: str, limit: int) -> str:
        """Foreign text, harmless and within so many bytes."""
        return shortened(foreign(text, markdown=self.markdown), limit)

    def id(self, text: str, limit: int) -> str:
        """The same for an id: both ends stay; `?` where nothing of it can be seen."""
        return middle_cut(foreign(text, markdown=self.markdown), limit) or "?"

    def say(self, sentence: str, **parts: object) -> str:
        """A sentence in the reader's language."""
        return say(sentence, self.language, **parts)

    def named(self, name: str, limit: int) -> str:
        """The word for a name of the vocabulary, else the name itself."""
        words = NAMES.get(name)
        return words[self.language] if words is not None else self.clean(name, limit)


def told_as(message: Message, facts: Facts) -> Occasion:
    """As what a reader hears it: an alert that is over by now is told as over, whatever it was sent for."""
    if message.occasion in (Occasion.RESOLVED, Occasion.RETRACTED):
        return message.occasion
    over = {Status.RESOLVED: Occasion.RESOLVED, Status.RETRACTED: Occasion.RETRACTED}
    return over.get(facts.status, message.occasion)


def mark(facts: Facts, occasion: Occasion, reader: Reader, *, critical: bool) -> str:
    """What kind of message it is: the level, and what has become of it."""
    level = level_word(facts.level, reader.language)
    if occasion in (Occasion.RESOLVED, Occasion.RETRACTED):
        return reader.say(occasion.value, level=level)
    if occasion in (Occasion.ESCALATED, Occasion.CHASED):
        level = reader.say(occasion.value, level=level)
    elif facts.incident and facts.level in (Level.NOTICE, Level.WARNING):
        level = reader.say("filed" if facts.level is Level.NOTICE else "near", level=level)
    elif facts.level is Level.WARNING and _deadline(facts) is not None and _left(facts, reader.now) > 0:
        level = reader.say("soon", level=level)
    return reader.say("critical", mark=level) if critical else level


def subject_line(facts: Facts, marked: str, reader: Reader, limit: int) -> str:
    """The title of a mail or a card within so many bytes: kind and id first, then what happened; ids are cut last."""
    identity = reader.id(facts.subject, limit)
    title = reader.clean(facts.title, limit)
    room = limit - len(reader.say("subject", mark=marked, subject=identity, title="").encode())
    if room < len(title.encode()):
        title = shortened(title, max(room, 24))
        room = limit - len(reader.say("subject", mark=marked, subject="", title=title).encode())
        identity = middle_cut(identity, max(room, 24))
    return shortened(reader.say("subject", mark=marked, subject=identity, title=title), limit)


def lines(message: Message, facts: Facts, reader: Reader, room: Room) -> Iterator[str]:
    """The lines of the body, the most important first; nothing in them breaks a line."""
    occasion = told_as(message, facts)
    over = occasion in (Occasion.RESOLVED, Occasion.RETRACTED)
    title = reader.clean(facts.title, room.title)
    marked = mark(facts, occasion, reader, critical=message.critical)
    yield reader.say("headline", mark=marked, title=title)
    yield _subject(facts, reader, room)
    yield from _state(facts, occasion, reader, room)
    yield from _owner(facts, occasion, reader, room)
    if room.step and not over:
        yield reader.say("step", step=next_step(facts.rule, facts.level, reader.language))
    if facts.clause:
        yield reader.say("clause", clause=reader.clean(facts.clause, room.clause))
    yield from link_line(message, reader, room)
    if occasion is not Occasion.RETRACTED:
        yield from _marks(facts, reader, room)
    if room.again and message.degraded:
        yield again(reader)
    if room.times:
        yield from _times(facts, reader)
    if room.evidence and facts.evidence:
        ids = [reader.id(name, 48) for name in facts.evidence[:EVIDENCE_MAX]]
        if len(facts.evidence) > EVIDENCE_MAX:
            ids.append(
                reader.say("others", number=len(facts.evidence) - (EVIDENCE_MAX if reader.language == "en" else 0))
            )
        yield reader.say("evidence", ids=reader.say("comma").join(ids))


def link_line(message: Message, reader: Reader, room: Room) -> Iterator[str]:
    """How to say "I am on it", where that is possible."""
    if not message.ack_url:
        return
    url = link(message.ack_url) if room.link else ""
    if not url:
        if room.marks:
            yield reader.say("link_left_out")
    elif reader.markdown:
        label, _, _ = reader.say("link", link="\0").rpartition("\0")
        yield f"[{label.rstrip('：: ')}]({url})"
    else:
        yield reader.say("link", link=url)


def again(reader: Reader) -> str:
    """That a second message may follow."""
    return reader.say("marks", marks=reader.say("again"))


def owner_of(code: str | None, level: str | None, reader: Reader, limit: int) -> str:
    """A unit by its name, code and level, as far as they are known; empty where nothing is."""
    level = reader.named(level, limit) if level else ""
    name = reader.clean(chosen(reader.unit_names.get(code or "", {}), reader.language), limit)
    if not code:
        return level
    code = reader.id(code, limit)
    if name:
        return reader.say("named" if level else "named_only", name=name, code=code, level=level)
    return reader.say("coded", code=code, level=level) if level else code


def _subject(facts: Facts, reader: Reader, room: Room) -> str:
    label = "monitor" if facts.operator else "incident" if facts.incident else "ticket"
    told = reader.say(label, subject=reader.id(facts.subject, room.subject))
    names = (facts.kind, facts.grade, facts.urgency, facts.category)
    details = [reader.named(name, 40) for name in names if name]
    if not details or not room.details:
        return told
    return told + reader.say("details", details=reader.say("dot").join(details))


def _state(facts: Facts, occasion: Occasion, reader: Reader, room: Room) -> Iterator[str]:
    """How it stands: late by how much, or what ended it, or why it was wrong; and that nobody has acknowledged."""
    reason = reason_words(facts.reason, reader.language)
    if facts.incident and facts.reason == Reason.AWAITED:
        reason = TOO_FEW[reader.language]
    if occasion is Occasion.RETRACTED:
        yield reader.say("wrong", reason=reason) if reason else reader.say("wrong_unsaid")
        return
    if occasion is Occasion.RESOLVED:
        if facts.reason == Reason.NOT_DONE:
            reason = NOT_OWED[reader.language]
        elif facts.operator:
            reason = MONITOR_WELL[reader.language]
        yield reader.say("ended", reason=reason) if reason else reader.say("ended_unsaid")
        if facts.overrun_seconds is not None:
            yield reader.say("was_late", length=lasting(facts.overrun_seconds, reader.language))
        return
    lateness = list(_lateness(facts, reader))
    yield from lateness
    if occasion in (Occasion.ESCALATED, Occasion.CHASED) and not (room.brief and lateness):
        deadline = _deadline(facts)
        sentence = "unheard_open" if deadline is None else "unheard" if deadline <= reader.now else "unheard_ahead"
        yield reader.say(sentence, since=shown(deadline or facts.at, reader.zone))
    if reason and room.marks and facts.reason not in OBVIOUS:
        yield reader.say("because", reason=reason)


def _lateness(facts: Facts, reader: Reader) -> Iterator[str]:
    """The time left, the time overrun, or, where no time runs, how long it has been so."""
    deadline = _deadline(facts)
    if deadline is None:
        if not facts.incident or facts.level is Level.ESCALATION:
            length = lasting((reader.now - facts.at).total_seconds(), reader.language)
            yield reader.say("lasts", length=length)
        return
    left = _left(facts, reader.now)
    if left > 0 and facts.level in (Level.NOTICE, Level.WARNING):
        yield reader.say("left", length=lasting(left, reader.language))
        return
    overrun = max(-left, facts.overrun_seconds or 0)
    yield reader.say("overdue", length=lasting(overrun, reader.language)) if overrun >= 1 else reader.say("just_due")


def _deadline(facts: Facts) -> datetime | None:
    """When it is due, where that is a moment that somebody must keep: the end of counting an incident is none."""
    if facts.incident or facts.operator or facts.reason in _WITHOUT_DEADLINE:
        return None
    return facts.due_at


def _left(facts: Facts, now: datetime) -> float:
    assert facts.due_at is not None
    return (facts.due_at - now).total_seconds()


def _owner(facts: Facts, occasion: Occasion, reader: Reader, room: Room) -> Iterator[str]:
    over = occasion in (Occasion.RESOLVED, Occasion.RETRACTED)
    if room.brief and facts.owner:
        owner = reader.id(facts.owner, room.unit)
    else:
        owner = owner_of(facts.owner, facts.owner_level, reader, room.unit)
    if not owner and over:
        return
    if not owner:
        owner = reader.say("engineer" if facts.operator else "nobody")
    yield reader.say("owner_then" if over else "owner", owner=owner)


def _marks(facts: Facts, reader: Reader, room: Room) -> Iterator[str]:
    """What one has to know to judge the alert."""
    marks = [name for name in ("unverified", "assumed", "excused", "historic") if getattr(facts, name)]
    if marks and room.marks:
        yield reader.say("marks", marks=reader.say("and").join(reader.say(name) for name in marks))


def _times(facts: Facts, reader: Reader) -> Iterator[str]:
    """When it started, is or was due, and was done; a day is said once."""
    due_at = None if facts.due_at == facts.started_at else facts.due_at
    told = (
        ("started", facts.started_at),
        ("until" if facts.incident else "due", due_at),
        ("stopped", facts.stopped_at),
    )
    parts, day = [], ""
    for sentence, at in told:
        if at is not None:
            on_wall = shown(at, reader.zone)
            parts.append(reader.say(sentence, at=on_wall.removeprefix(day)))
            day = on_wall[:11]
    if parts:
        first = next(at for _, at in told if at is not None)
        times = reader.say("comma").join(parts)
        yield reader.say("times", times=times, offset=offset(first, reader.zone))
