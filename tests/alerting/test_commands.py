"""What people ask: commands that can be given, silences that fit, and links nobody can make up."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from prometheus_client import CollectorRegistry

from alerting.ack_link import VALID_FOR, LinkRefused, link, read
from alerting.command import SILENCE_MAX, Command, CommandUnreadable, Verb, decode, encode, faults, key
from alerting.metrics import Metrics
from alerting.office import Office
from alerting.stages.mute import Mute, Silence, in_force, muted
from tests.alerting.making import NOW, alert

HOUR = timedelta(hours=1)
KEY = b"sixteen bytes and more"


def silence(**fields):
    """A silence that can be given."""
    told = {"verb": Verb.SILENCE, "by": "Li", "name": "s", "reason": "works", "until": NOW + HOUR} | fields
    return Command(**told)


def test_a_command_is_read_as_it_was_given():
    """With all it says."""
    for told in (
        silence(rule="repair/*"),
        Command(verb=Verb.ACKNOWLEDGE, by="Wang", target="t1", reason="on my way"),
    ):
        assert decode(encode(told, NOW), NOW) == told


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"rule": ""}, "name a ticket"),
        ({"rule": "repair/*", "reason": " "}, "needs a reason"),
        ({"rule": "repair/*", "until": None}, "needs an end"),
        ({"rule": "repair/*", "until": NOW - HOUR}, "needs an end"),
        ({"rule": "repair/*", "until": NOW + SILENCE_MAX + HOUR}, "at most 7 days"),
        ({"rule": "repair/*", "by": ""}, "nobody is named"),
        ({"rule": "repair/*", "reason": "x" * 1000}, "500 characters"),
    ],
)
def test_a_silence_that_could_hide_too_much_is_not_given(wrong, says):
    """And says how to mend it."""
    told = silence(**wrong)
    assert any(says in fault for fault in faults(told, NOW))
    with pytest.raises(CommandUnreadable):
        decode(encode(told, NOW), NOW)


def test_a_command_is_judged_by_the_clock_of_the_brokers():
    """Not by that of whoever wrote it: a silence until 2099 is none."""
    later = NOW.replace(year=2099)
    raw = encode(silence(rule="repair/*", until=later + HOUR), later)
    with pytest.raises(CommandUnreadable, match="7 days"):
        decode(raw, NOW)


def test_an_instant_without_an_offset_is_refused():
    """It could mean any of 24 hours."""
    raw = encode(silence(rule="repair/*"), NOW)
    for stamp in (b"2026-11-23T00:00:00Z", b"2026-11-23T01:00:00Z"):
        assert stamp in raw
        with pytest.raises(CommandUnreadable):
            decode(raw.replace(stamp, stamp[:-1]), NOW)


def test_a_silence_that_was_ended_stays_ended_whatever_is_read_first():
    """Its end may lie in another partition."""
    told, ended = (silence(target="t1"), NOW), (Command(verb=Verb.UNSILENCE, by="Li", name="s"), NOW + HOUR / 4)
    for commands in ([told, ended], [ended, told]):
        assert in_force(commands, NOW + HOUR / 2) == []
        office = Office(None, frozenset(), HOUR, None, Metrics((), CollectorRegistry()), lambda: NOW)
        for command, at in commands:
            office.command(command, at)
        assert office.silences == {}
    assert key(told[0]) == key(ended[0])


@pytest.mark.parametrize("raw", [None, b"", b"{}", b"null", b"\xff", b"[" * 20_000])
def test_what_is_no_command_is_refused(raw):
    """Whatever it is."""
    with pytest.raises(CommandUnreadable):
        decode(raw, NOW)


@pytest.mark.parametrize(
    ("fields", "fits"),
    [
        ({"target": "t1"}, True),
        ({"target": alert("t1").alert_id}, True),
        ({"target": "t"}, False),
        ({"rule": "repair/dispatch"}, True),
        ({"rule": "repair/*"}, True),
        ({"rule": "complaint/*"}, False),
        ({"owner": "3201"}, True),
        ({"owner": "32"}, False),
        ({"owner": "3201", "level": "warning"}, False),
        ({"owner": "3201", "level": "breach", "rule": "repair/*", "target": "t1"}, True),
    ],
)
def test_a_silence_holds_for_what_fits_all_it_says(fields, fits):
    """And for nothing else."""
    found = muted(alert("t1"), [Silence(silence(**fields), NOW)], NOW, breached=False, too_old=False)
    assert (found is not None) is fits
    assert found is None or (found.why, found.until, found.by) == (Mute.SILENCED, NOW + HOUR, "s")


def test_a_silence_holds_from_its_beginning_to_its_end():
    """At its end it is over."""
    told = [Silence(silence(target="t1"), NOW)]
    at = {-1: None, 0: Mute.SILENCED, 3599: Mute.SILENCED, 3600: None}
    for seconds, why in at.items():
        found = muted(alert("t1"), told, NOW + timedelta(seconds=seconds), breached=False, too_old=False)
        assert (found and found.why) == why


@pytest.mark.parametrize(
    ("told", "flags", "why"),
    [
        (alert(historic=True), {}, Mute.HISTORIC),
        (alert(level="warning"), {}, Mute.SHORT_TERM),
        (alert(level="warning", term=timedelta(minutes=10)), {}, None),
        (alert(level="warning", term=timedelta(hours=2)), {"breached": True}, Mute.BREACHED),
        (alert(), {"breached": True}, None),
        (alert(), {"too_old": True}, Mute.TOO_OLD),
        (alert(), {}, None),
    ],
)
def test_what_nobody_is_told_of(told, flags, why):
    """By the first reason that holds."""
    found = muted(told, (), NOW, **({"breached": False, "too_old": False} | flags))
    assert (found and found.why) == why


def token() -> str:
    """The token of a link."""
    return parse_qs(urlsplit(link("https://sla.example/", KEY, "t1/清单", "desk", NOW)).query)["t"][0]


def test_a_link_names_its_alert_and_its_receiver_until_it_is_too_old():
    """And is an address under the one that was configured."""
    assert link("https://sla.example/", KEY, "t1", "desk", NOW).startswith("https://sla.example/ack?t=")
    told = read(token(), KEY, NOW + VALID_FOR)
    assert (told.target, told.receiver) == ("t1/清单", "desk")
    with pytest.raises(LinkRefused, match="too old"):
        read(token(), KEY, NOW + VALID_FOR + timedelta(seconds=2))


def test_a_link_that_was_changed_or_made_with_another_key_is_refused():
    """At every single place."""
    with pytest.raises(LinkRefused):
        read(token(), b"another key of some bytes", NOW)
    good = token()
    for place in range(len(good) - 1):  # the last sign of base64 holds spare bits
        other = "A" if good[place] != "A" else "B"
        with pytest.raises(LinkRefused):
            read(good[:place] + other + good[place + 1 :], KEY, NOW)
    for bad in ("", ".", "x", "." + good, good.partition(".")[0], "x" * 5000, "é.é"):
        with pytest.raises(LinkRefused):
            read(bad, KEY, NOW)
