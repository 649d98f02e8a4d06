"""Whatever an alert holds: texts stay within limits, are valid, mention nobody, and keep what must never be lost."""

import re
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.message import Occasion
from alerting.text import Limits
from alerting.texts import compose
from tests.alerting.texts.samples import CHANNELS, LINK, NOW, SORTS, UNITS, alert, message, over

LANGUAGES = st.sampled_from(["zh", "en"])
OCCASIONS = st.sampled_from(
    [Occasion.RAISED, Occasion.ESCALATED, Occasion.CHASED, Occasion.RESOLVED, Occasion.RETRACTED]
)
HOSTILE = st.one_of(
    st.text(max_size=256),  # lone surrogates among them
    st.text(st.sampled_from("😀👩‍👩‍👧éक्षिشע\u0301\u0302\u202e\u2066\u200b\x00\x1b\n"), max_size=256),
    st.text(st.sampled_from("*_`[]()<>@#~|\\!&/:. a1"), max_size=256),
    st.sampled_from([
        '<at user_id="all"></at>',
        "[x](http://evil.example)",
        "![x](http://evil.example/a.png)",
        "<@all>",
        "@all",
        "**bold**",
        "`code`",
        "<font color='red'>x</font>",
        "</a><script>",
        "x\n# heading",
        "{title}{0}",
        "\u202egnp.exe",
    ]),
)  # fmt: skip
NAMES = {"NCSC": {"zh": "<@all> **中心**", "en": "[centre](http://evil.example)"}, "": {"zh": "x"}}


@st.composite
def hostile_alerts(draw):
    """An alert of any sort in which whatever a source or a rulebook writes may be anything."""
    sort = draw(st.sampled_from(list(SORTS.values())))
    fields = {
        name: draw(HOSTILE)
        for name in ("ticket", "rule", "clause", "owner", "owner_level", "kind", "grade", "urgency", "reason")
        if draw(st.booleans())
    }
    fields["title"] = draw(st.dictionaries(st.sampled_from(["zh", "en", "xx"]), HOSTILE, max_size=2))
    fields["evidence"] = draw(st.lists(HOSTILE, max_size=8))
    fields["overrun_seconds"] = draw(st.none() | st.floats())
    for name in ("assumed", "unverified", "historic", "excused"):
        fields[name] = draw(st.booleans())
    return alert(level=sort.data.level, **fields)


@st.composite
def hostile_messages(draw):
    """A message about such an alert."""
    url = draw(
        st.none() | HOSTILE | st.just(LINK) | st.integers(1, 480).map(lambda size: "https://x.cn/" + "a" * size)
    )
    return message(
        draw(hostile_alerts()),
        occasion=draw(OCCASIONS),
        critical=draw(st.booleans()),
        degraded=draw(st.booleans()),
        ack_url=url,
    )


@settings(max_examples=300, deadline=None)
@given(hostile_messages(), LANGUAGES, st.sampled_from(list(CHANNELS.values())))
def test_any_alert_gives_a_harmless_text_within_the_limits(told, language, limits):
    """Title and body are valid UTF-8 of their size, hold nothing invisible, no markup but ours, and mention nobody."""
    text = compose(told, language, limits, NAMES, NOW)
    assert len(text.title.encode()) <= limits.title_bytes
    assert 0 < len(text.body.encode()) <= limits.body_bytes
    assert "\n" not in text.title
    ours = re.sub(r"\[[^\]]*\]\(https?://[^()\s]*\)", "", text.body)
    for shown in (text.title, ours):
        assert not re.search(r"[<>@]", shown)
        assert all(char == "\n" or unicodedata.category(char) not in {"Cc", "Cf", "Cs"} for char in shown)
        if limits.markdown:
            assert not re.search(r"[*`\[\]~\\]", shown)
            assert "http" not in shown or "://" not in shown


@settings(max_examples=300, deadline=None)
@given(hostile_messages(), LANGUAGES, st.integers(0, 700), st.booleans())
def test_no_limit_is_too_small_to_be_kept(told, language, limit, markdown):
    """Down to nothing at all."""
    text = compose(told, language, Limits(limit // 4, limit, markdown), NAMES, NOW)
    assert len(text.title.encode()) <= limit // 4
    assert len(text.body.encode()) <= limit


ids = st.from_regex(r"[A-Z0-9]{1,13}([._/-][A-Z0-9]{1,8}){0,3}", fullmatch=True)
letters = st.text(st.sampled_from("派单超时重大投诉abc "), min_size=1, max_size=60).map(
    lambda text: " ".join(text.split())
)


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(list(SORTS.values())),
    st.sampled_from([Occasion.RAISED, Occasion.ESCALATED, Occasion.CHASED, Occasion.RESOLVED, Occasion.RETRACTED]),
    ids,
    letters.filter(bool),
    st.integers(13, 230),
    LANGUAGES,
    st.sampled_from(list(CHANNELS.values())),
    st.booleans(),
    st.booleans(),
)
def test_what_must_never_be_lost_is_in_every_text(
    sort, occasion, ticket, title, link_size, language, limits, critical, degraded
):
    """What happened, which ticket, whose turn, which clause, how late, and the link: also in a short message."""
    if occasion in (Occasion.RESOLVED, Occasion.RETRACTED):
        sort = over(sort, occasion.value)
    fields = {name: getattr(sort.data, name) for name in sort.data.__struct_fields__}
    subject = {"incident": ticket} if sort.data.incident else {"ticket": ticket} if sort.data.ticket else {}
    told = alert(sort.at, **(fields | subject | {"title": {language: title}, "unverified": True}))
    url = "https://x.example/" + "a" * (link_size - 13)
    text = compose(
        message(told, occasion=occasion, critical=critical, degraded=degraded, ack_url=url),
        language,
        limits,
        UNITS,
        NOW,
    )
    lines = text.body.replace("  \n  ", "\n").split("\n")
    assert title.encode()[:21].decode(errors="ignore") in lines[0]
    assert (ticket if subject else "slawatch/3") in lines[1]
    assert url in text.body
    if told.data.clause:
        assert any(told.data.clause[:7] in line for line in lines)
    if told.data.owner:
        assert any(told.data.owner in line for line in lines[2:])
    if occasion is Occasion.RETRACTED:
        assert re.search(r"有误，现予撤回|was wrong and is taken back", text.body)
    elif occasion is Occasion.RESOLVED:
        assert re.search(r"结果：.|How it ended: .", text.body)
    elif not sort.data.incident or sort.data.level == "escalation":
        assert re.search(
            r"超时 \d|还剩 \d|持续 \d|刚刚到期|verdue by \d|\d (s|min|h|d) left|For \d|Due just now", text.body
        )
    if occasion in (Occasion.ESCALATED, Occasion.CHASED):
        assert re.search(r"无人确认|仍未处理|NOBODY HAS ACKNOWLEDGED|STILL OPEN", lines[0])
    if limits.title_bytes:
        assert ticket in text.title or not subject
