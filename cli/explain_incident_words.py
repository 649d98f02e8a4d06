"""The words of an incident's explanation, in English and in Chinese. Used by `cli.explain_incident_page`."""

from __future__ import annotations

from cli.rulebook_words import chosen

STANDS: dict[str, tuple[str, str]] = {
    "awaited": ("too few count so far", "计数未满"),
    "repeated": ("it came up too often: the next unit up has to step in", "次数已满，上一级单位应介入"),
    "taken_over": ("the next unit up has stepped in", "上一级单位已介入"),
    "window_over": ("the time in which it could come up too often has passed", "计数期限已过，次数未满"),
}
"""Why the clock of an incident stands as it does, where it is not said as of a ticket's."""

TICKETS: dict[str, tuple[str, str]] = {
    "counts": ("counts", "计入"),
    "first": ("is the first, from whose closing on is counted", "首次投诉，自其办结起计数，本身不计入"),
    "before_closing": ("does not count: it came before the first was closed", "不计入：受理时首次投诉尚未办结"),
    "before_window": ("does not count: it came before the window", "不计入：早于计数期限"),
    "outside_window": ("does not count: it came after the window", "不计入：晚于计数期限"),
    "not_judged": ("does not count yet: nobody has said whether it is substantiated", "暂不计入：尚未认定是否属实"),
    "not_substantiated": ("does not count: it is not substantiated", "不计入：认定不属实"),
    "overturned": (
        "does not count any more: it was found substantiated, and that was overturned",
        "不再计入：原认定属实，已被推翻",
    ),
}
"""Why a complaint counts, or not."""

UNSTARTED: dict[str, tuple[str, str]] = {
    "first_not_closed": (
        "nothing is counted: {ticket}, the first, is not closed, and counting begins with that",
        "尚不计数：首次投诉 {ticket} 未办结，自其办结起计数",
    ),
    "before_in_force": (
        "nothing is counted: no term was in force when {ticket}, the first, was closed",
        "不计数：首次投诉 {ticket} 办结时没有适用的时限",
    ),
}
"""Why complaints have no clock."""

NO_ESCALATION: dict[str, tuple[str, str]] = {
    "too_few": ("only {count} of {times} count", "只有 {count} 次计入，应满 {times} 次"),
    "taken_back": (
        "it was raised and taken back: now only {count} of {times} count",
        "曾升级，已撤回：现只有 {count} 次计入，应满 {times} 次",
    ),
    "not_judged": (
        "{count} of {times} count; enough are filed, but not enough of them are judged",
        "{count} 次计入，应满 {times} 次；受理已满，认定未满",
    ),
    "taken_over_before": (
        "{count} of {times} count, but the next unit up had stepped in before that was known",
        "{count} 次计入（应满 {times} 次），但此前上一级单位已介入",
    ),
    "not_proven": (
        "{count} of {times} count, and silence is not proven so far: what overturns it may yet be in the log",
        "{count} 次计入（应满 {times} 次），静默尚未判定到此时：日志中可能还有推翻它的事件",
    ),
}
"""Why nobody is called in."""

CALLED: dict[str, tuple[str, str]] = {
    "listed": (
        "{to}: the unit above {of}, which had {ticket}, the last that counts (units.toml)",
        "{to}：{of} 的上一级单位；{of} 处理了最后一次计入的 {ticket}（units.toml）",
    ),
    "level_only": (
        "{to}: the level above {of}, which had {ticket}, the last that counts; units.toml does not say which unit",
        "{to}：{of} 的上一级；{of} 处理了最后一次计入的 {ticket}；units.toml 未列出具体单位",
    ),
    "nothing_above": (
        "nobody: nothing stands above {of}, which had {ticket}, the last that counts",
        "无：{of} 之上没有单位；{of} 处理了最后一次计入的 {ticket}",
    ),
    "not_told": (
        "not known: nobody told which unit had {ticket}, the last that counts",
        "未知：未提供最后一次计入的 {ticket} 由哪个单位处理",
    ),
    "none_counts": ("nobody so far: no complaint counts", "暂无：没有计入的投诉"),
}
"""Which unit is called in, and why."""

NEWS: dict[str, tuple[str, str]] = {
    "joined": ("it is about the incident", "属于本事件"),
    "left": ("it is not about the incident any more", "不再属于本事件"),
    "accepted_anew": ("it was accepted at another time", "受理时间变更"),
    "closed": ("it was closed", "办结"),
    "closing_withdrawn": ("its closing was taken back", "办结已撤销"),
    "judged_to_count": ("it is substantiated", "属实"),
    "judged_not_to_count": ("it is not substantiated", "不属实"),
    "judgement_withdrawn": ("it is not judged any more", "认定已撤销"),
    "taken_over": ("the next unit up stepped in", "上一级单位介入"),
    "handed_on": ("another unit has it", "处理单位变更"),
    "described": ("it is described otherwise", "描述变更"),
}
"""What a ticket said anew."""

SENTENCES: dict[str, tuple[str, str]] = {
    "incident": (
        "Incident {incident}, {tickets} complaints, judged by {rulebook} with silence until {horizon} ({zone})",
        "同一事件 {incident}，{tickets} 件投诉，依据 {rulebook}，静默判定至 {horizon}（{zone}）",
    ),
    "refused": ("kept out: {ticket} ({reason})", "未采用：{ticket}（{reason}）"),
    "first": ("{ticket}, closed: {event}", "{ticket} 办结：{event}"),
    "anchored": (
        "{times} within {term} of the first closing, since {since}",
        "首次办结后 {term} 内满 {times} 次，自 {since} 起",
    ),
    "rolling": (
        "{times} within any {term} after the first closing, since {since}",
        "首次办结后任意 {term} 内满 {times} 次，自 {since} 起",
    ),
    "first_counts": ("; the first is one of them", "；首次投诉计入"),
    "first_does_not": ("; the first is none of them", "；首次投诉不计入"),
    "warns": ("; a warning at {warn_at}", "；满 {warn_at} 次预警"),
    "window": (
        "{begins} - {ends}, 24:00 of the corresponding day",
        "{begins} - {ends}，至对应日二十四时",
    ),
    "count": ("{count} of {times}", "{count} 次，应满 {times} 次"),
    "accepted": ("{ticket}  accepted {at}  {reason}", "{ticket}  {at} 受理  {reason}"),
    "number": (" as number {number}, since {at}", "，第 {number} 次，自 {at} 起"),
    "judged": (" ({event})", "（{event}）"),
    "stop": ("{event}, of {ticket}", "{event}，{ticket}"),
    "unit": ("{unit} {level}", "{unit} {level}"),
    "missing": (
        "{missing} more substantiated, accepted by {at}",
        "再有 {missing} 次属实投诉，{at} 之前受理",
    ),
    "judgement": ("a judgement of {tickets}", "{tickets} 的认定"),
    "steps_in": ("{to} steps in: {event}", "{to} 介入：{event}"),
    "said": ("as {ticket} said: {news}", "{ticket}：{news}"),
    "said_event": ("as {ticket} said: {news}; {event}", "{ticket}：{news}；{event}"),
    "legend": (
        "{within} window  {outside} outside  {digit} counts  {barred} does not  {open} not judged  {end} end",
        "{within} 期限内  {outside} 期限外  {digit} 计入  {barred} 不计  {open} 未认定  {end} 期限届满",
    ),
    "stopped": ("^ stepped in", "^ 介入"),
    "judged_now": ("^ judged", "^ 判定"),
}
"""Sentences with blanks."""


def say(sentence: str, lang: str, **parts: object) -> str:
    """A sentence with its blanks filled in."""
    return chosen(SENTENCES[sentence], lang).format(**parts)
