"""Messages become texts: which text an occasion has, and its limits kept. Only `alerting.texts` imports this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from alerting.alert import Alert
from alerting.message import Message, Occasion
from alerting.text import Language, Limits, Text
from alerting.texts.cleaning import head, shortened
from alerting.texts.digest import Digest, kept_free, line_break
from alerting.texts.facts import facts_of
from alerting.texts.instants import offset, shown
from alerting.texts.room import Room, fitted
from alerting.texts.single import Reader, lines, mark, subject_line, told_as

ZONE: Final = ZoneInfo("Asia/Shanghai")
"""The zone of the shipped rulebook. Alerts hold instants in whatever offset, so it cannot be read off them."""


def compose(
    message: Message,
    language: Language,
    limits: Limits,
    unit_names: Mapping[str, Mapping[str, str]],
    now: datetime,
    *,
    zone: tzinfo = ZONE,
) -> Text:
    """The text of a message, never beyond the limits (title and body each on its own).

    `unit_names` gives the names of a unit by its code and then by language; a unit that is not there is told by its
    code. `now` is aware: the time left or overrun is that at `now`; instants are shown on the wall of `zone`. A
    digest of what `holds` allows lists every id; of more it says how many are missing. Raises ValueError for a
    message without an alert, unless it is a test.
    """
    reader = Reader(language, limits.markdown, unit_names, now, zone)
    parted = line_break(markdown=limits.markdown)
    if message.occasion is Occasion.TEST:
        told = [reader.say("test"), reader.say("test_says", at=shown(now, zone), offset=offset(now, zone))]
        return Text(head(told[0], limits.title_bytes), head(parted.join(told), limits.body_bytes))
    if not message.alerts:
        raise ValueError(f"the message {message.key!r} holds no alert")
    if message.occasion in (Occasion.DIGEST, Occasion.MIRROR):
        digest = Digest(reader, message.occasion, critical=message.critical)
        for alert in message.alerts:
            digest.add(alert)
        if digest.size <= limits.body_bytes or len(message.alerts) > 1:
            body = list(digest.lines(message, limits.body_bytes))
            return Text(shortened(body[0], limits.title_bytes), head(parted.join(body), limits.body_bytes))
        # One alert with an absurdly long id: told by itself, where even that is made to fit.
    facts = facts_of(message.alert, language)

    def written(room: Room) -> str:
        return parted.join(lines(message, facts, reader, room))

    marked = mark(facts, told_as(message, facts), reader, critical=message.critical)
    title = subject_line(facts, marked, reader, limits.title_bytes)
    return Text(title, fitted(written, limits.body_bytes))


def holds(
    alerts: Sequence[Alert], language: Language, limits: Limits, unit_names: Mapping[str, Mapping[str, str]]
) -> int:
    """How many of these alerts, from the first, one digest can list with every id whole; at least 1.

    More alerts never hold fewer. Room for a link to acknowledge is kept free: `kept_free` bytes. Names of units are
    told only where room is left, so they change nothing. An id too long for a digest of its own counts all the same,
    and `compose` then shortens the text. Raises ValueError without alerts.
    """
    if not alerts:
        raise ValueError("a digest needs an alert")
    digest = Digest(Reader(language, limits.markdown, unit_names, datetime.min.replace(tzinfo=UTC), UTC))
    limit = limits.body_bytes - kept_free(limits.body_bytes)
    for number, alert in enumerate(alerts):
        digest.add(alert)
        if digest.size > limit:
            return max(number, 1)
    return len(alerts)
