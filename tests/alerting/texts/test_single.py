"""What a text about one alert says, in which order, and what it leaves out when a channel is small."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from alerting.message import Message, Occasion
from alerting.text import Limits
from alerting.texts import compose
from tests.alerting.texts.samples import (
    DINGTALK,
    FEISHU,
    LINK,
    MAIL,
    NOW,
    SMS,
    UNITS,
    alert,
    at,
    contradiction,
    incident,
    message,
    monitor,
    over,
    warning,
)


def body(told, language="en", limits=FEISHU, now=NOW, **options):
    """The lines of a body."""
    return compose(told, language, limits, UNITS, now, **options).body.split("\n")


def test_the_most_important_comes_first():
    """What, which ticket, how late, whose turn, what to do, clause, link: in this order."""
    assert body(message(alert()), "zh")[:7] == [
        "【违反】故障报修派单超时",
        "工单：2026112300017（故障报修·紧急）",
        "已超时 3 分 20 秒",
        "责任单位：国网客服中心南方分中心（NCSC，国网客服中心）",
        "下一步：将工单派发至处理单位",
        "条款：附件2 五(二)2",
        f"我来处理：{LINK}",
    ]


@pytest.mark.parametrize(
    ("away", "said"),
    [
        (timedelta(seconds=-24), "24 s left"),
        (timedelta(days=-3, hours=-4, minutes=-5), "3 d 4 h left"),
        (timedelta(seconds=-0.4), "less than 1 s left"),
        (timedelta(0), "Due just now"),
        (timedelta(seconds=0.9), "Due just now"),
        (timedelta(seconds=1), "Overdue by 1 s"),
        (timedelta(hours=2), "Overdue by 2 h"),
        (timedelta(days=400, seconds=1), "Overdue by 400 d"),
    ],
)
def test_the_time_left_or_overrun_is_that_of_now(away, said):
    """Seconds count, rounded down, by the two largest units."""
    due_at = at("08:02:00")
    assert body(message(alert(level="warning")), now=due_at + away)[2] == said


def test_a_breach_is_never_said_to_have_time_left():
    """Whoever's clock is a little behind reads that it is due, not that there is time."""
    assert body(message(alert()), now=at("08:01:59"))[2] == "Due just now"


def test_an_overrun_that_was_told_is_not_belittled():
    """A clock that was started past due, read by somebody whose clock lags."""
    assert body(message(alert(overrun_seconds=900.0)), now=at("08:02:01"))[2] == "Overdue by 15 min"


def test_what_no_time_runs_for_is_not_overdue():
    """A contradiction, a closing without, an incident and the monitor say how long it has been so."""
    for told in (contradiction(), incident("escalation"), monitor(), alert(reason="closed_without", due_at=None)):
        assert body(message(told))[2].startswith("For ")
    assert not any(
        "verdue" in line for line in body(message(incident("escalation")), now=at("08:00:00", "2027-06-01"))
    )


def test_a_unit_that_is_not_listed_is_told_by_its_code():
    """Its level is said all the same; where only the level is known, that; where nothing is, the shift decides."""
    assert "Whose turn: 3209 (city)" in body(message(warning(owner="3209")))
    assert "Whose turn: 3209" in body(message(warning(owner="3209", owner_level=None)))
    assert "Whose turn: city" in body(message(warning(owner=None)))
    assert "Whose turn: nobody is named; the shift decides" in body(message(warning(owner=None, owner_level=None)))


def test_a_title_that_lacks_the_language_is_told_in_another():
    """And the rule's id stands where there is no title at all."""
    assert body(message(alert(title={"zh": "派单超时"})))[0] == "BREACH: 派单超时"
    assert body(message(alert(title={})))[0] == "BREACH: repair/dispatch"


def test_times_are_told_in_the_zone_that_is_asked_for():
    """China unless told otherwise, whatever offset the alert has; the offset stands there."""
    told = message(alert(started_at=at("08:00:00").astimezone(ZoneInfo("UTC"))))
    assert "Times: started 2026-11-23 08:00:00, due 08:02:00 (UTC+8)" in body(told)
    stockholm = body(told, zone=ZoneInfo("Europe/Stockholm"))
    assert "Times: started 2026-11-23 01:00:00, due 01:02:00 (UTC+1)" in stockholm


@pytest.mark.parametrize("occasion", [Occasion.ESCALATED, Occasion.CHASED])
def test_nobody_has_acknowledged_and_since_when(occasion):
    """What goes a step further says why it does."""
    lines = body(message(alert(), occasion=occasion))
    assert "Nobody has acknowledged this. It has been due since 2026-11-23 08:02:00" in lines
    assert "Nobody has acknowledged this since 2026-11-23 07:50:00" in body(
        message(contradiction(), occasion=occasion)
    )


def test_resolved_says_what_ended_it():
    """Who heard the breach learns that it was done, and how late; nobody is told to do it any more."""
    lines = body(message(over(alert(), "resolved"), occasion=Occasion.RESOLVED))
    assert lines[0].startswith("RESOLVED BREACH: ")
    assert lines[2:4] == ["How it ended: it was done, but too late", "It was 3 min late"]
    assert not any(line.startswith("Do now") for line in lines)


def test_what_was_never_done_is_not_told_as_if_it_had_been():
    """A reply sent back after a call-back was due: nobody has to make that call any more."""
    never = alert(status="resolved", reason="not_done", overrun_seconds=60.0)
    lines = body(message(never, occasion=Occasion.RESOLVED))
    assert lines[2] == "How it ended: it was not done by the due time, and is not owed any more"


def test_retracted_says_that_the_alert_was_wrong():
    """And why, and that nothing is to be done."""
    lines = body(message(over(alert(), "retracted"), occasion=Occasion.RETRACTED), "zh")
    assert lines[0].startswith("【撤回·违反】")
    assert lines[2] == "此前的告警有误，现予撤回：已按时完成。无需处理"


def test_an_incident_taken_back_does_not_say_that_something_is_not_due():
    """Its findings were overturned: too few count."""
    lines = body(message(over(incident("escalation"), "retracted"), occasion=Occasion.RETRACTED))
    assert lines[2] == "The alert was wrong and is taken back: too few complaints count now. Nothing to do"


@pytest.mark.parametrize("status", ["resolved", "retracted"])
def test_what_is_over_by_now_is_not_told_as_open(status):
    """An escalation that was sent for while the duty was being done says that it is over."""
    told = over(alert(), status)
    expected = body(message(told, occasion=Occasion(status)))
    assert body(message(told, occasion=Occasion.ESCALATED)) == expected


@pytest.mark.parametrize("field", ["assumed", "unverified", "historic", "excused"])
def test_what_one_must_know_to_judge_it_is_noted(field):
    """Assumed, unverified, historic and excused each have a word, and only where they hold."""
    assert not any(line.startswith("Note: ") for line in body(message(alert())))
    note = next(line for line in body(message(alert(**{field: True}))) if line.startswith("Note: "))
    assert field in note


def test_it_says_when_a_second_message_may_follow():
    """While duplicates cannot be told apart, the reader is warned."""
    again = "Note: this message may come a second time"
    assert again in body(message(alert(), degraded=True))
    assert again not in body(message(alert()))


def test_a_critical_message_says_so_in_title_and_body():
    """In a list of subjects it stands out."""
    text = compose(message(alert(), critical=True), "zh", MAIL, UNITS, NOW)
    assert text.title == "【特急·违反】2026112300017：故障报修派单超时"
    assert text.body.startswith("【特急·违反】")


def test_there_is_no_link_where_there_is_nothing_to_acknowledge():
    """Nor one that is no address."""
    for url in (None, "", "javascript:alert(1)"):
        assert "://" not in compose(message(alert(), ack_url=url), "en", FEISHU, UNITS, NOW).body


def test_markdown_shows_the_link_as_a_link():
    """And parts its lines so that robots do not run them together."""
    text = compose(message(alert()), "en", DINGTALK, UNITS, NOW)
    assert f"[I am on it]({LINK})  \n  " in text.body


def test_a_link_ends_where_it_ends():
    """Brackets and blanks in it cannot end it early or let something follow."""
    told = message(alert(), ack_url="https://x.example/a?t=a)b c\n<at>【")
    assert (
        "[I am on it](https://x.example/a?t=a%29b%20c%0A%3Cat%3E%E3%80%90)"
        in compose(told, "en", DINGTALK, UNITS, NOW).body
    )


def test_what_is_left_out_goes_in_the_stated_order():
    """Evidence, times, the repeat, details, the next step, the marks: each is gone before the next one goes."""
    told = message(alert(unverified=True), degraded=True)
    order = ["Events: ", "Times: ", "second time", "(repair, urgent)", "Do now: ", "unverified"]
    seen = set()
    for limit in range(700, 150, -1):
        text = compose(told, "en", Limits(0, limit), UNITS, NOW).body
        seen.add(tuple(part in text for part in order))
    assert seen == {tuple([False] * gone + [True] * (len(order) - gone)) for gone in range(len(order) + 1)}


def test_where_a_link_leaves_no_room_for_the_rest_it_goes():
    """Half a link leads nowhere; the ticket and whose turn it is matter more."""
    text = compose(message(alert(), ack_url="https://x.example/" + "a" * 482), "en", SMS, UNITS, NOW).body
    assert "x.example" not in text
    assert "The link to acknowledge is too long for this channel" in text
    assert "2026112300017" in text


def test_an_absurdly_long_id_keeps_both_ends():
    """Ids differ at the end, so the middle goes."""
    text = compose(message(alert(ticket="A" * 128 + "B" * 128)), "en", SMS, UNITS, NOW).body
    assert "Ticket: AAA" in text
    assert "BBB\n" in text


def test_a_test_says_that_it_is_one():
    """It needs no alert and says nothing of the one it has."""
    for told in (message(alert(), occasion=Occasion.TEST), Message("k", Occasion.TEST, ())):
        text = compose(told, "en", MAIL, UNITS, NOW)
        assert text.title == "TEST: this is a test message"
        assert "2026112300017" not in text.body
        assert "2026-11-23 08:05:20 (UTC+8)" in text.body


def test_a_message_without_an_alert_is_refused():
    """It names the message."""
    with pytest.raises(ValueError, match="'k'"):
        compose(Message("k", Occasion.RAISED, ()), "en", MAIL, UNITS, NOW)


def test_instants_at_the_edge_of_time_are_no_trouble():
    """A source that writes the year 9999 does not silence an alert."""
    far = at("23:59:59", "9999-12-31").replace(tzinfo=ZoneInfo("UTC"))
    assert "due 9999-12-31 23:59:59" in "".join(body(message(alert(level="warning", due_at=far))))
    assert body(message(replace(alert(), at=at("08:00:00", "0001-01-02"))))
