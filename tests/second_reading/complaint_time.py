"""Working time as the second reading of the complaint rules counts it: day by day, window by window.

It exists apart from the product's calendar so that a fault in either shows. Only the second reading imports it.
"""

from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import chinese_calendar

HERE = ZoneInfo("Asia/Shanghai")
OFFICE = ((time(8, 30), time(12, 0)), (time(13, 30), time(17, 30)))
"""Nobody prescribes office hours; these are the assumed ones. Day limits end with them."""
DAY = timedelta(days=1)


def local_day(at: datetime) -> date:
    """Tell on which day it is here."""
    return at.astimezone(HERE).date()


def moment_of(day: date, clock: time) -> datetime:
    """Tell when it is that time here on that day."""
    return datetime.combine(day, clock, HERE)


@cache
def worked_on(day: date) -> bool | None:
    """Say whether the country works on that day; None where nobody has published it yet."""
    try:
        return chinese_calendar.is_workday(day)
    except NotImplementedError:
        return None


def after_working_days(start: datetime, count: int) -> datetime | None:
    """Give the close of business of the day that many working days after; the day of the start is not one of them."""
    day = local_day(start)
    while count:
        day += DAY
        works = worked_on(day)
        if works is None:
            return None
        count -= works
    return moment_of(day, OFFICE[-1][1])


def after_office_hours(start: datetime, owed: timedelta) -> datetime | None:
    """Give the instant by which so much office time has passed; outside the office the clock stands still."""
    day = local_day(start)
    while (works := worked_on(day)) is not None:
        for opens, closes in OFFICE:
            begins, ends = max(start, moment_of(day, opens)), moment_of(day, closes)
            if works and begins < ends:
                if begins + owed <= ends:
                    return begins + owed
                owed -= ends - begins
        day += DAY
    return None


def office_time(start: datetime, end: datetime) -> timedelta:
    """Give the office time between two instants, both within the calendar."""
    day, worked = local_day(start), timedelta(0)
    while day <= local_day(end):
        for opens, closes in OFFICE if worked_on(day) else ():
            worked += max(timedelta(0), min(end, moment_of(day, closes)) - max(start, moment_of(day, opens)))
        day += DAY
    return worked


def unknown_from(start: datetime) -> datetime:
    """Give the first instant, from the start on, of a day that the calendar does not know."""
    day = local_day(start)
    while worked_on(day) is not None:
        day += DAY
    return moment_of(day, time(0))


def certainly_before(start: datetime, count: int) -> datetime:
    """Give the first instant of the earliest day that may be so many working days after: the unknown might work."""
    day = local_day(start)
    while count:
        day += DAY
        count -= worked_on(day) is not False
    return moment_of(day, time(0))


def years_later(day: date, years: int) -> date:
    """Give the corresponding day; where the month has none, its last one."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
