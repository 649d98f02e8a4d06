"""When a limit of the complaint rules warns before it is broken, and what must have been silent for an alert to be true.

The text names no instants; the agreed ones are half and four fifths of the term, counted as the term itself is
counted, and three minutes before the end where a centre that never closes has ten minutes or more. Only the second
reading imports it.
"""

from datetime import datetime, timedelta
from typing import Any

from tests.second_reading.complaint_time import after_office_hours, office_time, unknown_from

HALF, FOUR_FIFTHS = 0.5, 0.8
LEAD, LEAD_FROM = timedelta(minutes=3), timedelta(minutes=10)


def round_the_clock(start: datetime, due: datetime) -> dict[str, datetime]:
    """Warn at the shares of a term that never stops, and three minutes before the end of a long one."""
    shares = {"warning-50": start + (due - start) * HALF, "warning-80": start + (due - start) * FOUR_FIFTHS}
    return shares | ({"warning-3min": due - LEAD} if due - start >= LEAD_FROM else {})


def in_office_time(start: datetime, due: datetime | None) -> dict[str, datetime]:
    """Warn at the shares of the office time from start to end; where none of it is known nobody is warned."""
    if due is None or unknown_from(start) <= due or not (worked := office_time(start, due)):
        return {}
    shares = {"warning-50": HALF, "warning-80": FOUR_FIFTHS}
    return {name: after_office_hours(start, worked * share) for name, share in shares.items()}


def silence(at: datetime, *grounds: dict | None) -> dict[str, Any]:
    """Say what makes an alert true: nothing came through `at`, with all of `grounds` known."""
    return {"past": at, "known": [(event["source"], event["id"]) for event in grounds if event is not None]}
