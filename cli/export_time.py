"""The times of an export: text becomes an aware instant, or the reason why it cannot be one.

Everywhere else a time without its offset is refused; a converter alone may add a zone, because exports are
written in the local time of some office. What it may not do is guess: once a year a local time happens twice,
and once it never happens. Only `cli.mapping`, `cli.mapping_file` and `cli.conversion` import this.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNIX = {"unix": "seconds", "unix-ms": "milliseconds"}
_COUNT = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")
_DATE_ONLY = 10
"""An ISO text no longer than this holds a date alone."""


class Twice(StrEnum):
    """What to make of a local time that occurs twice, when the clocks go back."""

    REFUSE = "refuse"
    EARLIER = "earlier"
    LATER = "later"


class TimeFormat(msgspec.Struct, frozen=True):
    """How an export writes its times.

    `format` is `iso`, `unix`, `unix-ms` or a strptime pattern. `zone` is added to times that carry no offset;
    a time's own offset always wins.
    """

    format: str = "iso"
    zone: ZoneInfo | None = None
    twice: Twice = Twice.REFUSE

    @classmethod
    def problem(cls, format_: str, zone: str | None) -> str | None:
        """Why this format could never give an instant, with or without a zone; None when it can."""
        if format_ == "iso" or format_ in _UNIX:
            return None
        if "%" not in format_:
            return f"{format_!r} is no format of a time; it is iso, unix, unix-ms or as in '%d.%m.%Y %H:%M'"
        if "%Z" in format_:
            return "%Z reads names of zones, which are ambiguous; read an offset with %z, or give a zone"
        if "%z" not in format_ and zone is None:
            return 'the format has no offset (%z): say which zone is meant, as in zone = "Europe/Stockholm"'
        return None


def read_time(text: str, how: TimeFormat) -> tuple[datetime, bool]:
    """The instant, with its offset, and whether the mapping had to decide between two.

    Raises ValueError with what is wrong when the text is no time, has no offset and no zone is given, or
    names a local time that does not exist or (unless the mapping decides) exists twice.
    """
    if how.format in _UNIX:
        return _unix(text, _UNIX[how.format]), False
    time = _iso(text) if how.format == "iso" else _by_pattern(text, how.format)
    if time.tzinfo is not None:
        return time, False
    if how.zone is None:
        raise ValueError(f"the time {text!r} has no offset from UTC; give the mapping a zone under [time]")
    return _in_zone(time, how.zone, how.twice)


def _iso(text: str) -> datetime:
    if len(text) <= _DATE_ONLY:
        raise ValueError(f"{text!r} is no ISO 8601 time")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no ISO 8601 time") from None


def _by_pattern(text: str, pattern: str) -> datetime:
    try:
        return datetime.strptime(text, pattern)  # noqa: DTZ007 - the zone comes from the mapping
    except ValueError:
        raise ValueError(f"{text!r} is no time of the form {pattern!r}") from None


def _unix(text: str, unit: str) -> datetime:
    if not _COUNT.fullmatch(text):
        raise ValueError(f"{text!r} is no number of {unit}")
    try:
        # As whole microseconds, because a float of this size has none to spare.
        whole, _, part = text.lstrip("-").partition(".")
        digits = 6 if unit == "seconds" else 3
        count = int(whole) * 10**digits + int(part[:digits].ljust(digits, "0"))
        return _EPOCH + timedelta(microseconds=-count if text.startswith("-") else count)
    except OverflowError:
        raise ValueError(f"{text!r} {unit} lie beyond the calendar") from None


def _in_zone(naive: datetime, zone: ZoneInfo, twice: Twice) -> tuple[datetime, bool]:
    """Put a local time on the line of instants.

    clocks go forward:  01:59 -> 03:00   02:30 does not exist: both readings turn into another local time
    clocks go back:     02:59 -> 02:00   02:30 exists twice: fold 0 is the earlier instant
    """
    earlier, later = naive.replace(tzinfo=zone), naive.replace(tzinfo=zone, fold=1)
    if earlier.utcoffset() == later.utcoffset():
        return earlier, False
    if earlier.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != naive:
        raise ValueError(f"the local time {naive} does not exist in {zone.key}: the clocks went forward over it")
    if twice is Twice.REFUSE:
        raise ValueError(
            f"the local time {naive} exists twice in {zone.key}: the clocks went back over it; "
            'say ambiguous = "earlier" or "later" under [time]'
        )
    return (earlier if twice is Twice.EARLIER else later), True
