"""The words of the texts, in Chinese and English: levels, names, labels and sentences.

A name of the vocabulary that has no word here is said as it is. Only `alerting.texts` imports this.
"""

from __future__ import annotations

from typing import Final

from alerting.text import Language

Words = dict[Language, str]

LEVELS: Final[dict[str, Words]] = {
    "escalation": {"zh": "升级", "en": "ESCALATION"},
    "breach": {"zh": "违反", "en": "BREACH"},
    "warning": {"zh": "预警", "en": "WARNING"},
    "notice": {"zh": "提示", "en": "NOTICE"},
}

NAMES: Final[dict[str, Words]] = {
    "repair": {"zh": "故障报修", "en": "repair"},
    "complaint": {"zh": "投诉", "en": "complaint"},
    "hq": {"zh": "总部", "en": "head office"},
    "national": {"zh": "国网客服中心", "en": "national centre"},
    "province": {"zh": "省级", "en": "province"},
    "city": {"zh": "地市级", "en": "city"},
    "county": {"zh": "县级", "en": "county"},
    "team": {"zh": "班组", "en": "team"},
    "special": {"zh": "特殊", "en": "special"},
    "major": {"zh": "重大", "en": "major"},
    "important": {"zh": "重要", "en": "important"},
    "general": {"zh": "一般", "en": "general"},
    "urgent": {"zh": "紧急", "en": "urgent"},
    "service": {"zh": "服务", "en": "service"},
    "business": {"zh": "营业", "en": "business"},
    "outage": {"zh": "停送电", "en": "outage"},
    "power_quality": {"zh": "供电质量", "en": "power quality"},
    "grid_construction": {"zh": "电网建设", "en": "grid construction"},
}

SENTENCES: Final[dict[str, Words]] = {
    # the headline: what kind of message, then what happened
    "headline": {"zh": "【{mark}】{title}", "en": "{mark}: {title}"},
    "critical": {"zh": "特急·{mark}", "en": "CRITICAL {mark}"},
    "soon": {"zh": "{level}·即将发生", "en": "{level}, about to happen"},
    "filed": {"zh": "{level}·已受理满次数，尚未全部认定", "en": "{level}, enough filed, not all judged yet"},
    "near": {"zh": "{level}·接近规定次数", "en": "{level}, close to the number"},
    "escalated": {"zh": "{level}·无人确认", "en": "{level}, NOBODY HAS ACKNOWLEDGED"},
    "chased": {"zh": "{level}·仍未处理", "en": "{level}, STILL OPEN"},
    "resolved": {"zh": "已解除·{level}", "en": "RESOLVED {level}"},
    "retracted": {"zh": "撤回·{level}", "en": "TAKEN BACK {level}"},
    "subject": {"zh": "【{mark}】{subject}：{title}", "en": "{mark} · {subject} · {title}"},
    # the lines
    "ticket": {"zh": "工单：{subject}", "en": "Ticket: {subject}"},
    "incident": {"zh": "事件：{subject}", "en": "Incident: {subject}"},
    "monitor": {"zh": "监控对象：{subject}", "en": "Part of the monitor: {subject}"},
    "details": {"zh": "（{details}）", "en": " ({details})"},
    "overdue": {"zh": "已超时 {length}", "en": "Overdue by {length}"},
    "just_due": {"zh": "刚刚到期", "en": "Due just now"},
    "left": {"zh": "还剩 {length}", "en": "{length} left"},
    "was_late": {"zh": "共超时 {length}", "en": "It was {length} late"},
    "lasts": {"zh": "已持续 {length}", "en": "For {length} now"},
    "because": {"zh": "原因：{reason}", "en": "Why: {reason}"},
    "ended": {"zh": "结果：{reason}", "en": "How it ended: {reason}"},
    "ended_unsaid": {"zh": "结果：已结束", "en": "How it ended: it is over"},
    "wrong": {
        "zh": "此前的告警有误，现予撤回：{reason}。无需处理",
        "en": "The alert was wrong and is taken back: {reason}. Nothing to do",
    },
    "wrong_unsaid": {
        "zh": "此前的告警有误，现予撤回。无需处理",
        "en": "The alert was wrong and is taken back. Nothing to do",
    },
    "unheard": {
        "zh": "至今无人确认，到期于 {since}",
        "en": "Nobody has acknowledged this. It has been due since {since}",
    },
    "unheard_ahead": {
        "zh": "至今无人确认，将于 {since} 到期",
        "en": "Nobody has acknowledged this. It is due at {since}",
    },
    "unheard_open": {"zh": "至今无人确认，始于 {since}", "en": "Nobody has acknowledged this since {since}"},
    "owner": {"zh": "责任单位：{owner}", "en": "Whose turn: {owner}"},
    "owner_then": {"zh": "责任单位：{owner}", "en": "Owed by: {owner}"},
    "named": {"zh": "{name}（{code}，{level}）", "en": "{name} ({code}, {level})"},
    "coded": {"zh": "{code}（{level}）", "en": "{code} ({level})"},
    "named_only": {"zh": "{name}（{code}）", "en": "{name} ({code})"},
    "nobody": {"zh": "未指明，请值班员判断", "en": "nobody is named; the shift decides"},
    "engineer": {"zh": "监控系统值班工程师", "en": "the engineer on call for the monitor"},
    "step": {"zh": "下一步：{step}", "en": "Do now: {step}"},
    "clause": {"zh": "条款：{clause}", "en": "Clause: {clause}"},
    "link": {"zh": "我来处理：{link}", "en": "I am on it: {link}"},
    "link_left_out": {"zh": "确认链接过长，未附上", "en": "The link to acknowledge is too long for this channel"},
    "due": {"zh": "到期 {at}", "en": "due {at}"},
    "started": {"zh": "起算 {at}", "en": "started {at}"},
    "stopped": {"zh": "完成 {at}", "en": "done {at}"},
    "until": {"zh": "计数至 {at}", "en": "counting until {at}"},
    "times": {"zh": "时间：{times}（{offset}）", "en": "Times: {times} ({offset})"},
    "marks": {"zh": "注意：{marks}", "en": "Note: {marks}"},
    "assumed": {"zh": "时限为假定，原文没有这一时限", "en": "the limit is assumed, the text has none"},
    "unverified": {"zh": "未核实，数据源长时间无消息", "en": "unverified, its source has been silent"},
    "historic": {"zh": "历史数据，到期早于启用时间", "en": "historic, it was due before monitoring began"},
    "excused": {"zh": "已免责", "en": "excused"},
    "again": {"zh": "本消息可能重复收到一次", "en": "this message may come a second time"},
    "evidence": {"zh": "依据事件：{ids}", "en": "Events: {ids}"},
    "test": {"zh": "【测试】这是一条测试消息", "en": "TEST: this is a test message"},
    "test_says": {
        "zh": "{at}（{offset}）发出。能看到它，说明告警能送达这里。无需处理",
        "en": "Sent {at} ({offset}). Seeing it means that alerts arrive here. Nothing to do",
    },
    # the digest
    "digest": {"zh": "汇总", "en": "DIGEST"},
    "mirror": {"zh": "现状", "en": "STANDING"},
    "many": {"zh": "【{mark}】{number} 条告警：{counts}", "en": "{mark} of {number}: {counts}"},
    "count": {"zh": "{mark} {number}", "en": "{number} {mark}"},
    "group": {"zh": "{mark} · {title} · {clause}{number} 条：", "en": "{mark} · {title} · {clause}{number}: "},
    "group_clause": {"zh": "{clause} · ", "en": "{clause} · "},
    "grave": {"zh": "{mark}（紧急/重大）", "en": "{mark} (urgent/major)"},
    "unlisted": {"zh": "另有 {number} 条列不下", "en": "{number} more are not listed here"},
    "turns": {"zh": "责任单位：{owners}", "en": "Whose turn: {owners}"},
    "turn": {"zh": "{owner} {number} 条", "en": "{owner}: {number}"},
    "and": {"zh": "；", "en": "; "},
    "comma": {"zh": "，", "en": ", "},
    "dot": {"zh": "·", "en": ", "},
    "others": {"zh": "等 {number} 个", "en": "and {number} more"},
}  # fmt: skip


def say(sentence: str, language: Language, **parts: object) -> str:
    """A sentence with its blanks filled in."""
    return SENTENCES[sentence][language].format(**parts)


def level_word(level: str, language: Language) -> str:
    """The word of a level of an alert."""
    return LEVELS[level][language]
