"""Instants and lengths of time as a dispatcher reads them. Only `alerting.texts` imports this."""

from __future__ import annotations

import math
from contextlib import suppress
from datetime import datetime, timedelta, tzinfo

from alerting.text import Language

_UNITS = {
    "zh": (" 天", " 小时", " 分", " 秒"),
    "en": (" d", " h", " min", " s"),
}
_UNDER_A_SECOND = {"zh": "不到 1 秒", "en": "less than 1 s"}


def shown(at: datetime, zone: tzinfo) -> str:
    """An aware instant on the wall of a zone, to the second: `2026-11-23 08:02:00`."""
    with suppress(OverflowError):  # within a day of the first or the last year there is: as it was told
        at = at.astimezone(zone)
    return at.isoformat(sep=" ", timespec="seconds")[:19]


def offset(at: datetime, zone: tzinfo) -> str:
    """How far that wall is from UTC then: `UTC+8`, `UTC-3:30`."""
    try:
        away = at.astimezone(zone).utcoffset()
    except OverflowError:
        away = at.utcoffset()
    minutes = (away or timedelta(0)) // timedelta(minutes=1)
    hours, minutes = divmod(abs(minutes), 60)
    sign = "-" if away is not None and away < timedelta(0) else "+"
    return f"UTC{sign}{hours}" + (f":{minutes:02}" if minutes else "")


def lasting(seconds: float, language: Language) -> str:
    """A length in words by its two largest units, rounded down: `3 min 20 s`; what is negative or no number is 0."""
    whole = int(seconds) if math.isfinite(seconds) else 0
    minutes, second = divmod(max(whole, 0), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    numbers = (days, hour, minute, second)
    first = next((place for place, number in enumerate(numbers) if number), None)
    if first is None:
        return _UNDER_A_SECOND[language]
    pair = [(numbers[place], place) for place in range(first, min(first + 2, len(numbers)))]
    return " ".join(f"{number}{_UNITS[language][place]}" for number, place in pair if number)
