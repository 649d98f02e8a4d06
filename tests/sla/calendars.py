"""Calendars for tests, written as an operator writes them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sla.calendar import Calendar
from sla.calendar_file import read_calendar
from sla.toml_file import Fault

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICE = """
days    = "china"
default = "office"

[profiles.office]
windows = ["08:30-12:00", "13:30-17:30"]

[profiles.centre]
all_day = true
levels  = ["national", "province"]
"""


def faults_of(text: str, override: str | None = None) -> list[Fault]:
    """Read a calendar and tell what is wrong with it."""
    faults: list[Fault] = []
    read = read_calendar(_files(text, override), SHANGHAI, faults)
    assert (read is None) == bool(faults)
    return faults


def calendar(text: str = OFFICE, override: str | None = None, zone: ZoneInfo = SHANGHAI) -> Calendar:
    """Read a calendar that has no fault."""
    faults: list[Fault] = []
    read = read_calendar(_files(text, override), zone, faults)
    assert faults == []
    assert read is not None
    return read


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    """Read an instant as the wall clock of a zone shows it; the first time where it shows it twice."""
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def shown(instant: datetime | None, zone: ZoneInfo = SHANGHAI) -> str | None:
    """Show an instant on the wall clock of a zone, to the minute."""
    return None if instant is None else instant.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def _files(text: str, override: str | None) -> dict[str, str]:
    return {"calendar.toml": text} | ({} if override is None else {"calendar-override.toml": override})
