"""Alerts and channels that the tests of texts share: one of every sort, as the worker publishes them."""

from datetime import datetime, timedelta, timezone

from msgspec.structs import replace

from alerting.alert import Alert
from alerting.message import Message, Occasion
from alerting.text import Limits
from sla.alert_layout import AlertData

CHINA = timezone(timedelta(hours=8))
NOW = datetime(2026, 11, 23, 8, 5, 20, tzinfo=CHINA)
LINK = "https://sla.example.org/ack?t=eyJhIjoiMjAyNjExMjMwMDAxNyJ9.Zm9vYmFy-_4"

UNITS = {
    "NCSC": {"zh": "国网客服中心南方分中心", "en": "National centre, south"},
    "32": {"zh": "江苏省电力公司", "en": "Jiangsu Power"},
    "3201": {"zh": "南京供电公司", "en": "Nanjing Power"},
}

DINGTALK = Limits(title_bytes=200, body_bytes=20_000, markdown=True)
WECOM = Limits(title_bytes=0, body_bytes=4096, markdown=True)
WECOM_TEXT = Limits(title_bytes=0, body_bytes=2048)
FEISHU = Limits(title_bytes=200, body_bytes=20_000)
MAIL = Limits(title_bytes=200, body_bytes=1_000_000)
SMS = Limits(title_bytes=0, body_bytes=480)
CHANNELS = {
    "dingtalk": DINGTALK,
    "wecom": WECOM,
    "wecom-text": WECOM_TEXT,
    "feishu": FEISHU,
    "sms": SMS,
    "mail": MAIL,
}


def at(clock: str, on: str = "2026-11-23") -> datetime:
    """An instant in China."""
    return datetime.fromisoformat(f"{on}T{clock}+08:00")


def alert(moment: datetime | None = None, **fields) -> Alert:
    """The breach of a dispatch that was due at 08:02, with these fields changed."""
    told = {
        "alert_id": "2026112300017/repair~2Fdispatch/ncsc/e1/breach",
        "revision": 1,
        "status": "firing",
        "level": "breach",
        "rule": "repair/dispatch",
        "clause": "附件2 五(二)2",
        "title": {"zh": "故障报修派单超时", "en": "Repair ticket not dispatched in time"},
        "historic": False,
        "unverified": False,
        "assumed": False,
        "excused": False,
        "reason": "not_done",
        "ticket": "2026112300017",
        "kind": "repair",
        "mode": 1,
        "urgency": "urgent",
        "owner": "NCSC",
        "owner_level": "national",
        "clock_id": "2026112300017/repair~2Fdispatch/ncsc/e1",
        "started_at": at("08:00:00"),
        "due_at": at("08:02:00"),
        "evidence": ["e1"],
        "rulebook": "sgcc-2014@1f2e",
    } | fields
    data = AlertData(**told)
    moment = moment or data.due_at or data.started_at or NOW
    subject = data.ticket or data.incident or "slawatch/3"
    return Alert(f"{data.alert_id}:{data.revision}", subject, moment, data, moment, moment)


def warning(**fields) -> Alert:
    """A complaint that must be answered in 6 working days, 80 % of them used."""
    told = {
        "level": "warning",
        "rule": "complaint/answer",
        "clause": "附件1 七(一)",
        "title": {"zh": "投诉处理答复超时", "en": "Complaint not answered in time"},
        "reason": "awaited",
        "ticket": "2026111600042",
        "kind": "complaint",
        "mode": None,
        "urgency": None,
        "grade": "major",
        "category": "power_quality",
        "owner": "3201",
        "owner_level": "city",
        "started_at": at("09:12:00", "2026-11-16"),
        "due_at": at("17:30:00", "2026-11-24"),
        "evidence": ["c1", "c2"],
    } | fields
    return alert(at("08:00:00"), **told)


def incident(level: str, **fields) -> Alert:
    """Article 12: an incident with three more complaints filed, judged or substantiated."""
    told = {
        "level": level,
        "rule": "complaint/repeated-service",
        "clause": "附件1 十二(一)",
        "title": {
            "zh": "首次投诉办结后2个月内同一事件再有三次属实投诉，上一级单位应介入",
            "en": "Three more substantiated complaints about one event within two months of the first closing: "
            "the next unit up steps in",
        },
        "reason": "repeated" if level == "escalation" else "awaited",
        "ticket": None,
        "incident": "5e1f0c77a9d2/INC-7/repeated-service",
        "kind": "complaint",
        "mode": None,
        "urgency": None,
        "grade": "general",
        "category": "service",
        "owner": "32",
        "owner_level": "province",
        "started_at": at("10:00:00", "2026-10-08"),
        "due_at": at("00:00:00", "2026-12-09"),
        "evidence": [f"T{number}/e1" for number in range(1, 8)],
    } | fields
    return alert(at("08:01:00"), **told)


def contradiction(**fields) -> Alert:
    """A complaint that was graded too low."""
    told = {
        "level": "warning",
        "rule": "complaint/grade-special",
        "clause": "附件1 三(一)",
        "title": {
            "zh": "投诉级别低于规定(应为特殊)",
            "en": "Complaint graded lower than special, which the facts require",
        },
        "reason": "contradiction",
        "ticket": "2026112300031",
        "kind": "complaint",
        "mode": None,
        "urgency": None,
        "grade": "general",
        "category": "outage",
        "owner": None,
        "owner_level": "national",
        "started_at": at("07:50:00"),
        "due_at": at("07:50:00"),
        "evidence": ["k9"],
    } | fields
    return alert(**told)


def monitor(**fields) -> Alert:
    """An alert about the monitor itself."""
    told = {
        "level": "warning",
        "rule": "operator/silent_source",
        "clause": "",
        "title": {
            "zh": "数据源静默超过允许时间;其工单的违反告警标为未核实: 95598/ncsc",
            "en": "A source has told nothing for longer than it may be quiet; breaches of what it began are "
            "unverified: 95598/ncsc",
        },
        "reason": "silent_source",
        "ticket": None,
        "kind": None,
        "mode": None,
        "urgency": None,
        "owner": None,
        "owner_level": None,
        "clock_id": None,
        "started_at": at("08:00:00"),
        "due_at": None,
        "evidence": [],
    } | fields
    return alert(**told)


SORTS = {
    "notice of an incident": incident("notice"),
    "warning of an incident": incident("warning"),
    "warning of a complaint": warning(),
    "warning without a limit": contradiction(),
    "warning of the monitor": monitor(),
    "breach of a repair": alert(),
    "breach of a complaint": warning(
        level="breach", reason="closed_without", owner="3209", unverified=True, excused=True
    ),
    "escalation of an incident": incident("escalation"),
}
"""One of each level and of each sort of alert."""


def over(sort: Alert, status: str) -> Alert:
    """The same alert as it is told when it is over; what is taken back has no times and no owner, as published."""
    data = sort.data
    resolved, retracted = "after_due", "in_time"
    if data.incident:
        resolved, retracted = "taken_over", "awaited"
    elif data.kind is None:
        resolved = retracted = data.reason
    elif data.level == "warning":
        resolved, retracted = ("put_right" if data.reason == "contradiction" else "in_time"), "regraded"
    if status == "retracted":
        gone = dict.fromkeys(("owner", "owner_level", "started_at", "due_at", "grade", "urgency", "category"))
        data = replace(sort.data, status=status, reason=retracted, revision=2, evidence=[], **gone)
    else:
        late = 180.0 if resolved == "after_due" else None
        stopped = data.due_at + timedelta(seconds=late) if late else None if data.kind is None else NOW
        data = replace(data, status=status, reason=resolved, revision=2, stopped_at=stopped, overrun_seconds=late)
    return replace(sort, data=data)


def message(*alerts: Alert, occasion: Occasion = Occasion.RAISED, **fields) -> Message:
    """A message about these alerts, with a link unless told otherwise."""
    return Message(**({"key": "k-1", "occasion": occasion, "alerts": alerts, "ack_url": LINK} | fields))
