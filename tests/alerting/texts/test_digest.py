"""A storm in one message: every id is in it, the worst first, and `holds` says how many fit."""

import re
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.message import Occasion
from alerting.text import Limits
from alerting.texts import compose, holds
from alerting.texts.digest import kept_free
from tests.alerting.texts.samples import (
    CHANNELS,
    DINGTALK,
    FEISHU,
    LINK,
    MAIL,
    NOW,
    SMS,
    SORTS,
    UNITS,
    WECOM,
    alert,
    incident,
    message,
    monitor,
    over,
    warning,
)

STORM = [alert(ticket=f"20261123{number:05}", urgency="general") for number in range(10_000)]


def digest(alerts, language="en", limits=FEISHU, **fields):
    """The text of a digest."""
    return compose(message(*alerts, occasion=Occasion.DIGEST, **fields), language, limits, UNITS, NOW)


@pytest.mark.parametrize(("channel", "messages_max"), [("dingtalk", 9), ("wecom", 45), ("feishu", 9), ("mail", 1)])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_ten_thousand_breaches_need_few_messages_and_every_id_is_there(channel, language, messages_max):
    """Part after part, each within its limits and each with the link."""
    limits, rest, listed, messages = CHANNELS[channel], STORM, [], 0
    while rest:
        number = holds(rest, language, limits, UNITS)
        text = digest(rest[:number], language, limits)
        assert len(text.body.encode()) <= limits.body_bytes
        assert LINK in text.body
        listed += re.findall(r"\b20261123\d{5}\b", text.body)
        rest, messages = rest[number:], messages + 1
    assert listed == [one.data.ticket for one in STORM]
    assert messages <= messages_max


def test_the_worst_comes_first():
    """Breaches of urgent repairs and of major complaints, then by level; what is over comes last."""
    alerts = [
        over(alert(), "resolved"),
        incident("notice"),
        warning(),
        alert(urgency="general"),
        incident("escalation"),
    ]
    lines = digest([*alerts, warning(level="breach"), alert()]).body.split("\n")
    assert lines[0] == "DIGEST of 7: 1 ESCALATION, 3 BREACH, 1 WARNING, 1 NOTICE, 1 RESOLVED BREACH"
    assert [line.partition(" · ")[0] for line in lines[2:9]] == [
        "BREACH (urgent/major)",
        "BREACH (urgent/major)",
        "ESCALATION",
        "BREACH",
        "WARNING (urgent/major)",
        "NOTICE",
        "RESOLVED BREACH (urgent/major)",
    ]


def test_a_ticket_is_listed_once_for_each_rule_and_level():
    """Two clocks of one rule on one ticket are counted as two."""
    lines = digest([alert(), alert(), alert(rule="repair/redispatch")]).body.split("\n")
    assert "BREACH (urgent/major) · Repair ticket not dispatched in time · 附件2 五(二)2 · 2: 2026112300017" in lines
    assert sum("2026112300017" in line for line in lines) == 2


def test_incidents_and_the_monitor_are_listed_by_what_they_are_about():
    """Where there is no ticket, the incident's key or the part of the monitor stands."""
    text = digest([incident("escalation"), monitor()]).body
    assert "5e1f0c77a9d2/INC-7/repeated-service" in text
    assert "slawatch/3" in text


def test_it_says_whose_turn_it_mostly_is_where_there_is_room():
    """The three units that owe most, by name."""
    alerts = [alert(), alert(ticket="2"), warning(), warning(owner="3209"), warning(owner="3210")]
    assert (
        "Whose turn: National centre, south (NCSC, national centre): 2; Nanjing Power (3201, city): 1; 3209 (city): 1"
        in (digest(alerts).body)
    )


def test_a_critical_or_doubtful_digest_says_so():
    """As a single alert does."""
    text = digest([alert(), alert(ticket="2")], "zh", critical=True, degraded=True)
    assert text.title.startswith("【特急·汇总】2 条告警：")
    assert "注意：本消息可能重复收到一次" in text.body


def test_of_more_than_it_holds_it_says_how_many_are_missing():
    """Nothing is lost unnoticed, and no id is cut."""
    text = digest(STORM[:1000], limits=WECOM)
    shown = re.findall(r"\b20261123\d{5}\b", text.body)
    assert shown == [one.data.ticket for one in STORM[: len(shown)]]
    assert text.body.endswith(f"{1000 - len(shown)} more are not listed here")
    assert LINK in text.body
    assert len(text.body.encode()) <= WECOM.body_bytes


def test_one_alert_with_an_absurdly_long_id_is_told_by_itself():
    """A digest holds at least one, whatever its id."""
    huge = alert(ticket="A" * 800)
    assert holds([huge, alert()], "en", SMS, UNITS) == 1
    text = digest([huge], limits=SMS)
    assert "Ticket: AAA" in text.body
    assert len(text.body.encode()) <= SMS.body_bytes


def test_a_digest_of_nothing_is_refused():
    """There is nothing to hold."""
    with pytest.raises(ValueError, match="needs an alert"):
        holds([], "en", SMS, UNITS)


def test_room_for_the_link_is_kept():
    """As long as a link may be, and never more than a third of what there is."""
    assert kept_free(MAIL.body_bytes) == 600
    assert kept_free(SMS.body_bytes) == 160


words = st.text(st.characters(codec="utf-8"), max_size=40) | st.sampled_from(["", "<at>", "a_b_", "\u202e", "é" * 30])


@st.composite
def storms(draw):
    """Alerts of all sorts with ids that differ; some share a ticket."""
    numbers = count()

    def one():
        sort = draw(st.sampled_from(list(SORTS.values())))
        data = sort.data
        ticket = f"{draw(words)}-{next(numbers):04}#" if draw(st.booleans()) else f"T{draw(st.integers(0, 9))}#"
        fields = {
            "ticket": ticket,
            "rule": draw(st.sampled_from(["repair/dispatch", "complaint/answer", "x"])),
            "owner": draw(words),
            "title": {"zh": draw(words)},
            "clause": draw(words),
            "level": data.level,
            "status": draw(st.sampled_from(["firing", "resolved", "retracted"])),
        }
        return alert(**fields)

    return [one() for _ in range(draw(st.integers(1, 30)))]


@settings(max_examples=150, deadline=None)
@given(
    storms(),
    st.sampled_from(["zh", "en"]),
    st.sampled_from([DINGTALK, WECOM, FEISHU, SMS, Limits(60, 900, markdown=True), Limits(0, 300)]),
    st.sampled_from([None, LINK]),
    st.booleans(),
)
def test_a_digest_of_what_it_holds_lists_every_id_whole(alerts, language, limits, url, degraded):
    """Whatever the ids look like, and never beyond the limits; more alerts never hold fewer."""
    number = holds(alerts, language, limits, UNITS)
    assert 1 <= number <= len(alerts)
    assert holds(alerts[: len(alerts) // 2 + 1], language, limits, UNITS) == min(number, len(alerts) // 2 + 1)
    text = digest(alerts[:number], language, limits, ack_url=url, degraded=degraded)
    assert len(text.title.encode()) <= limits.title_bytes
    assert len(text.body.encode()) <= limits.body_bytes
    if number > 1:
        ends = {one.data.ticket[-6:] if "-" in one.data.ticket else one.data.ticket for one in alerts[:number]}
        assert all(end in text.body for end in ends)
        assert "not listed" not in text.body
        if url is not None and limits.body_bytes >= 480:
            assert LINK in text.body


@settings(max_examples=150, deadline=None)
@given(storms(), st.sampled_from(["zh", "en"]), st.integers(0, 2000), st.booleans())
def test_a_digest_never_goes_beyond_its_limit_whatever_it_is_given(alerts, language, limit, markdown):
    """Also where it was given more than it holds."""
    text = digest(alerts, language, Limits(limit // 10, limit, markdown))
    assert len(text.title.encode()) <= limit // 10
    assert len(text.body.encode()) <= limit
