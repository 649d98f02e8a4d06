"""Who is on duty at an instant: rotations, nights, dates, clocks that are put forward and back, and the change of shift."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.roster import on_duty, turn
from tests.alerting.folders import ROSTER, faults, folder

PEOPLE = '[people.li]\nreceivers = ["a"]\n[people.wang]\nreceivers = ["b"]\n[people.zhao]\nreceivers = ["c"]\n'
FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def team(text, **told):
    """The only team of a roster: its keys, then its tables."""
    keys = "".join(f"{key} = {value}\n" for key, value in told.items())
    routes = 'fallback = ["c"]\n[[route]]\nname = "x"\n[[route.steps]]\nto = ["duty:t"]\n'
    return folder(routes=routes, roster=f"{PEOPLE}[teams.t]\n{keys}{text}").teams["t"]


def shift(name, begins, ends, weeks, days=None):
    """A weekly shift."""
    chosen = f"days = {days}\n" if days else ""
    return f'[[teams.t.shifts]]\nname = "{name}"\nfrom = "{begins}"\nto = "{ends}"\nweeks = {weeks}\n{chosen}'


def dated(begins, ends, person):
    """A shift on a date."""
    return f'[[teams.t.dated]]\nfrom = {begins}\nto = {ends}\npeople = ["{person}"]\n'


def who(found, text):
    """The people on duty at an instant."""
    duty = on_duty(found, datetime.fromisoformat(text))
    return None if duty is None else list(duty.people)


DAY_AND_NIGHT = shift("day", "08:00", "20:00", '[["li"], ["wang"]]') + shift("night", "20:00", "08:00", '[["zhao"]]')


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-02T08:00:00+08:00", ["li"]),
        ("2026-11-02T07:59:59.999999+08:00", None),
        ("2026-11-02T19:59:59.999999+08:00", ["li"]),
        ("2026-11-02T20:00:00+08:00", ["zhao"]),
        ("2026-11-03T00:00:00+08:00", ["zhao"]),
        ("2026-11-03T07:59:59+08:00", ["zhao"]),
        ("2026-11-08T12:00:00+08:00", ["li"]),
        ("2026-11-09T12:00:00+08:00", ["wang"]),
        ("2026-11-16T12:00:00+08:00", ["li"]),
        ("2026-10-01T12:00:00+08:00", None),
    ],
)
def test_a_rotation_over_midnight(at, expected):
    """The last instant of a shift is the one before the next begins; before its first day the roster names nobody."""
    assert who(team(DAY_AND_NIGHT, since="2026-11-02"), at) == expected


def test_a_night_belongs_to_the_week_it_begins_in():
    """Whoever starts on Sunday evening stays until Monday morning."""
    found = team(shift("all", "20:00", "20:00", '[["li"], ["wang"]]'), since="2026-11-02")
    assert who(found, "2026-11-09T07:00:00+08:00") == ["li"]
    assert who(found, "2026-11-09T21:00:00+08:00") == ["wang"]


def test_a_dated_shift_goes_before_the_rotation():
    """A swap on a date; before and after it the rotation holds."""
    found = team(DAY_AND_NIGHT + dated("2026-11-02T20:00:00", "2026-11-03T08:00:00", "wang"), since="2026-11-02")
    assert [who(found, f"2026-11-0{at}:00+08:00") for at in ("2T19:59", "2T20:00", "3T07:59", "3T08:00")] == [
        ["li"], ["wang"], ["wang"], ["li"],
    ]  # fmt: skip


def test_a_roster_of_dates_alone_ends():
    """After its last date nobody is on duty."""
    found = team(
        dated("2026-11-02T08:00:00", "2026-11-02T20:00:00", "li")
        + dated("2026-11-02T20:00:00", "2026-11-03T08:00:00", "wang")
    )
    assert who(found, "2026-11-02T23:00:00+08:00") == ["wang"]
    assert who(found, "2026-11-03T08:00:00+08:00") is None
    assert found.ends_at == datetime.fromisoformat("2026-11-03T08:00:00+08:00")


HANDING_OVER_AT_HALF_PAST_TWO = shift("early", "02:30", "14:30", '[["li"]]') + shift(
    "late", "14:30", "02:30", '[["wang"]]'
)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-10-25T02:20:00+02:00", ["wang"]),
        ("2026-10-25T02:40:00+02:00", ["wang"]),
        ("2026-10-25T02:20:00+01:00", ["wang"]),
        ("2026-10-25T02:30:00+01:00", ["li"]),
        ("2026-03-29T01:59:59+01:00", ["wang"]),
        ("2026-03-29T03:00:00+02:00", ["li"]),
    ],
    ids=["first 02:20", "first 02:40", "second 02:20", "second 02:30", "before the jump", "after the jump"],
)
def test_where_clocks_change_each_shift_changes_once(at, expected):
    """A boundary shown twice is the second one, a boundary that is skipped is the jump."""
    found = team(HANDING_OVER_AT_HALF_PAST_TWO, zone='"Europe/Berlin"')
    assert who(found, at) == expected


@given(
    minutes=st.integers(0, 3 * 366 * 24 * 60),
    zone=st.sampled_from(["Europe/Berlin", "Asia/Shanghai", "Australia/Lord_Howe"]),
)
def test_a_roster_without_gaps_has_somebody_on_duty_at_every_instant(minutes, zone):
    """Whatever the clocks do."""
    found = team(HANDING_OVER_AT_HALF_PAST_TWO, zone=f'"{zone}"')
    assert on_duty(found, FIRST + timedelta(minutes=minutes)) is not None


@pytest.mark.parametrize(
    ("text", "keys", "expected"),
    [
        (shift("day", "08:00", "20:00", '[["li"]]'), {}, "nobody is on duty from mon 20:00 to tue 08:00"),
        (shift("week", "00:00", "24:00", '[["li"]]', '["mon", "tue", "wed", "thu", "fri", "sat"]'), {}, "from sun 00:00 to mon 00:00"),
        (shift("a", "08:00", "21:00", '[["li"]]') + shift("b", "20:00", "08:00", '[["wang"]]'), {}, "'a' and 'b' overlap from mon 20:00"),
        (shift("a", "00:00", "24:00", '[["li"]]') + shift("b", "23:00", "24:00", '[["li"]]', '["sun"]'), {}, "overlap from sun 23:00"),
        (shift("a", "00:00", "24:00", '[["li"], ["wang"]]'), {}, "in which week the rotation of 'a' is"),
        (shift("a", "00:00", "24:00", '[["lee"]]'), {}, "unknown person 'lee'"),
        (shift("a", "00:00", "24:00", "[[]]"), {}, "a shift that nobody does"),
        (shift("a", "00:00", "24:00", "[]"), {}, "0 weeks are out of range"),
        (shift("a", "8:00", "24:00", '[["li"]]'), {}, "'8:00' is no time of day"),
        (shift("a", "00:00", "24:00", '[["li"]]'), {"zone": '"Asia/Nanjing"'}, "unknown time zone"),
        (dated("2026-11-02T08:00:00", "2026-11-02T07:00:00", "li"), {}, "the shift ends before it begins"),
        (dated("2026-11-02T08:00:00+08:00", "2026-11-02T09:00:00", "li"), {}, "on the team's wall clock"),
        (
            dated("2026-11-02T09:00:00", "2026-11-02T12:00:00", "li") + dated("2026-11-02T08:00:00", "2026-11-02T10:00:00", "wang"),
            {}, "two dated shifts overlap from 2026-11-02 09:00",
        ),
        (
            dated("2026-11-02T08:00:00", "2026-11-02T10:00:00", "li") + dated("2026-11-02T11:00:00", "2026-11-02T12:00:00", "li"),
            {}, "nobody is on duty from 2026-11-02 10:00 to 2026-11-02 11:00",
        ),
        ("", {}, "team 't' is never on duty"),
        ("", {"gap": '"allowed"'}, "unknown field `gap`"),
    ],
)  # fmt: skip
def test_a_roster_that_cannot_be(text, keys, expected):
    """Gaps and overlaps are told with the days and times they lie at."""
    told = "".join(f"{key} = {value}\n" for key, value in keys.items())
    roster = f"{PEOPLE}[teams.t]\n{told}{text}"
    routes = 'fallback = ["c"]\n[[route]]\nname = "x"\n[[route.steps]]\nto = ["duty:t"]\n'
    found = faults(routes=routes, roster=roster)
    assert any(expected in fault and fault.startswith("roster.toml:") for fault in found), found


def test_a_person_who_cannot_be_reached():
    """Is a fault, and so is a receiver that is not there."""
    found = faults(roster=ROSTER.replace('["a"]', "[]").replace('["b", "c"]', '["z"]'))
    assert [fault.partition(": ")[2] for fault in found] == ["'li' cannot be reached", "unknown receiver 'z'"]


@pytest.mark.parametrize(
    ("at", "changes_at", "off", "on"),
    [
        ("2026-11-02T19:50:00+08:00", "2026-11-02T20:00:00+08:00", ("li",), ("zhao",)),
        ("2026-11-02T20:29:00+08:00", "2026-11-02T20:00:00+08:00", ("li",), ("zhao",)),
        ("2026-11-02T20:30:00+08:00", "2026-11-03T08:00:00+08:00", ("zhao",), ("li",)),
        ("2026-11-09T02:00:00+08:00", "2026-11-09T08:00:00+08:00", ("zhao",), ("wang",)),
    ],
)
def test_the_change_of_shift_that_is_handed_over(at, changes_at, off, on):
    """The one just gone by, else the next."""
    change = turn(team(DAY_AND_NIGHT, since="2026-11-02"), datetime.fromisoformat(at))
    assert (change.at, change.off, change.on) == (datetime.fromisoformat(changes_at), off, on)


def test_where_the_same_people_go_on_nothing_is_handed_over():
    """Two shifts of one person are no change."""
    found = team(shift("a", "00:00", "12:00", '[["li"]]') + shift("b", "12:00", "24:00", '[["li"]]'))
    assert turn(found, FIRST) is None
