"""The words in which a rule is shown to a person, in English and in Chinese. Used by the other `cli.rulebook_*`.

What comes from the rulebook itself (titles, clauses, cases) is in its own languages already; here are the keys of a
rule file, the sentences about them, and the regulation's word for each name of the hotline's vocabulary.
"""

from __future__ import annotations

LANGS = ("en", "zh")

LABELS: dict[str, tuple[str, str]] = {
    "id": ("rule", "规则"),
    "clause": ("clause", "条款"),
    "also": ("also watches", "同时对应"),
    "says": ("asks", "要求"),
    "business": ("business", "业务"),
    "kind": ("kind", "类型"),
    "status": ("status", "状态"),
    "source": ("limit from", "时限出处"),
    "binds": ("binds", "适用"),
    "except": ("except", "除外"),
    "from": ("starts with", "起算"),
    "to": ("is done by", "完成"),
    "undo": ("reopens with", "恢复计时"),
    "cancel": ("is cancelled by", "取消"),
    "needs": ("only after", "须先有"),
    "lacks": ("only without", "须没有"),
    "superior": ("set anew by", "另定时限"),
    "quota": ("adds up", "累计"),
    "recurrence": ("counts", "计数"),
    "owner": ("owed by", "责任方"),
    "in_force": ("in force", "现行规定"),
    "case": ("worked cases", "算例"),
    "title": ("title", "标题"),
}
"""Each key of a rule file, and `status` for its switches."""

CASE_HEADS: dict[str, tuple[str, str]] = {
    "name": ("case", "算例"),
    "start": ("clock from", "起算事件"),
    "due": ("due", "到期"),
    "outcome": ("verdict", "结论"),
    "owner": ("owed by", "责任方"),
    "alerts": ("alerts", "告警"),
}

KINDS: dict[str, tuple[str, str]] = {
    "deadline": ("do one thing within a term of another", "在时限内完成"),
    "notice": ("tell somebody at once", "即时告知"),
    "report": ("report again and again while it is open", "未办结期间定期汇报"),
    "attempts": ("try often enough before giving up", "放弃之前尝试次数要够"),
    "recurrence": ("step in when one incident comes up too often", "同一事件反复投诉时上级介入"),
    "quota": ("keep a sum under a cap", "累计不超过上限"),
    "check": ("facts must not contradict a clause", "事实不得与条款矛盾"),
}

SENTENCES: dict[str, tuple[str, str]] = {
    "and": (", and ", "，且 "),
    "or": (" or ", " 或 "),
    "either": ("; or ", "；或 "),
    "is": ("{name} is {values}", "{name} 为 {values}"),
    "yes": ("yes", "是"),
    "no": ("no", "否"),
    "every_ticket": ("every ticket of {business}", "{business} 的全部工单"),
    "tickets": ("tickets of {business} where {where}", "{business} 工单中 {where} 的"),
    "not_tickets": ("not where {where}", "{where} 的不适用"),
    "each_event": ("each {event}", "每次 {event}"),
    "first_event": ("the first {event}", "首次 {event}"),
    "last_event": ("the last {event} before it is done", "完成之前最后一次 {event}"),
    "bound": ("the event from which the rule binds the ticket", "工单开始适用本规则的那一事件"),
    "where": (", where {where}", "，其中 {where}"),
    "unless": (", unless {where}", "，但 {where} 的除外"),
    "ticket": (", on a ticket where {where}", "，且工单 {where}"),
    "at": (", counted from {at} where it is told", "，有 {at} 的从其起算"),
    "match": (", its {theirs} being {mine} of the start", "，其 {theirs} 与起算事件的 {mine} 相同"),
    "because": (" (reason: {reason})", "（原因：{reason}）"),
    "closing_cancels": ("closing, while it is not yet due", "未到期时办结"),
    "unbound": ("its binding the ticket no more (reason: regraded)", "规则不再适用于工单（原因：级别变更）"),
    "owed_at_close": ("closing does not end it: what is owed then is broken", "办结不免除：办结时未完成即为违反"),
    "superior": ("{event}, to its {at}, unless due already", "{event}，改为其 {at}；已到期的不改"),
    "sum": ("{amount} of each {add}", "每次 {add} 的 {amount}"),
    "less": (", less that of each {remove}", "，减去每次 {remove} 的"),
    "owner_attribute": ("the {unit} told by the start", "起算事件的 {unit}"),
    "owner_of": ("the {unit} told by the last {event}", "最近一次 {event} 的 {unit}"),
    "level_attribute": ("level: its {level}", "层级：其 {level}"),
    "level_fixed": ("level: {level}", "层级：{level}"),
    "for": ("where {where}: ", "{where} 时："),
    "since": ("since {since}: ", "自 {since} 起："),
    "within": ("within {term}", "{term} 内"),
    "warned": ("; warning at {warn}", "；预警点 {warn}"),
    "lead": ("{term} before it is due", "到期前 {term}"),
    "share": ("{share} of the term", "时限的 {share}"),
    "daily": ("by {daily} every {each}", "每个{each} {daily} 之前"),
    "every": ("once every {every}, from {after} after the start on", "起算满 {after} 后，每 {every} 一次"),
    "calendar_day": ("calendar day", "自然日"),
    "working_day": ("working day", "工作日"),
    "attempts": ("{a_day} tries a day, {gap} apart; days: {days}", "不少于 {days} 天，每天 {a_day} 次，间隔 {gap}"),
    "tries": ("{tries} tries, {gap} apart, on whatever days", "不少于 {tries} 次，间隔 {gap}，不限日期"),
    "cap": ("no more than {cap}", "不超过 {cap}"),
    "keep": ("; kept {years} years after closing", "；办结后保存 {years} 年"),
    "same": ("tickets of the same {same} belong together", "{same} 相同的工单为同一事件"),
    "times": (
        "{times} of them within the term after the first closing are too many",
        "首次办结后的期限内满 {times} 次即升级",
    ),
    "warn_at": ("warning at {warn_at}", "满 {warn_at} 次预警"),
    "first_counts_yes": ("counting begins with the first ticket", "首次投诉计入"),
    "first_counts_no": ("counting begins after the first ticket", "首次投诉不计入"),
    "window_anchored": (
        "window anchored: the one stretch that begins with the first closing",
        "窗口 anchored：自首次办结起算",
    ),
    "window_rolling": (
        "window rolling: any stretch of that length after the first closing",
        "窗口 rolling：首次办结后任一同长期间",
    ),
    "counts": ("counts after {event}", "{event} 后计入"),
    "discounts": ("does not count after {event}", "{event} 后不计入"),
    "always": ("always", "始终有效"),
    "on": ("in force", "启用"),
    "off": ("off: not in force until rulebook.toml switches it on", "停用：rulebook.toml 启用后才生效"),
    "assumed": (
        "assumed: the limit is not in the text, it warns and never breaches",
        "假定：原文没有这一时限，只预警，不判违反",
    ),
    "verdict_only": ("verdicts only: nobody is alerted", "只出结论，不告警"),
    "assumed_mark": ("assumed", "假定"),
    "off_mark": ("off", "停用"),
}

UNITS_ZH = {
    "s": "秒",
    "min": "分钟",
    "h": "小时",
    "d": "天",
    "wh": "个工作小时",
    "wd": "个工作日",
    "mo": "个月",
}
UNITS_EN = {"wh": "working hour", "wd": "working day", "mo": "calendar month"}

NAMES_ZH: dict[str, str] = {
    # businesses and events, by the last word of their type
    "repair": "故障报修",
    "complaint": "投诉",
    "accepted": "受理",
    "graded": "定级",
    "dispatched": "派单",
    "returned": "退单",
    "reprocessed": "重新处理",
    "received": "接单",
    "notified": "告知",
    "reported_up": "上报",
    "taken_over": "上级介入",
    "customer_contacted": "联系客户",
    "progress_reported": "汇报进度",
    "urged": "催办",
    "deadline_set": "另定时限",
    "evidence_added": "增加证据",
    "evidence_removed": "移除证据",
    "replied": "回单",
    "reply_passed": "回单审核通过",
    "reply_returned": "回单退回",
    "callback": "回访",
    "callback_waived": "批准不再回访",
    "judged": "属实性认定",
    "appeal_filed": "提出申诉",
    "appealed": "申诉认定",
    "withdrawn": "撤诉",
    "crew_dispatched": "抢修派工",
    "arrived": "到达现场",
    "located": "确认故障点",
    "eta_given": "报预计送电时间",
    "restored": "恢复送电",
    "fed_back": "抢修反馈",
    "merged": "工单合并",
    "closed": "办结",
    "corrected": "更正",
    "voided": "作废",
    # attributes
    "unit": "单位",
    "level": "层级",
    "to_unit": "接收单位",
    "to_level": "接收层级",
    "hung_up_at": "挂断电话时间",
    "via": "途径",
    "fault": "故障类型",
    "into": "并入工单",
    "agreed_for": "约定回访时间",
    "satisfied": "满意",
    "force_majeure": "不可抗力",
    "by": "告知方式",
    "mode": "运行模式",
    "urgency": "紧急程度",
    "risk": "风险",
    "area": "区域",
    "grade": "级别",
    "channel": "渠道",
    "anonymous": "匿名",
    "confidential": "保密",
    "callback_wanted": "需要回访",
    "handling": "办理方式",
    "ground": "退单理由",
    "stage": "环节",
    "reached": "接通",
    "cause": "未接通原因",
    "about": "申诉事项",
    "granted": "成立",
    "bytes": "字节数",
    "due_at": "要求时限",
    "to": "告知对象",
    "unsubstantiated_reason": "不属实理由",
    "customer_answered": "已答复客户",
    "forwarded_by": "转办方",
    "collective": "群体",
    "supervised_by": "督办方",
    "media": "媒体",
    "quality_event": "质量事件",
    "will_go_public": "扬言曝光",
    # values
    "hq": "总部",
    "national": "国网客服中心",
    "province": "省",
    "city": "地市",
    "county": "县",
    "team": "班组",
    "special": "特殊",
    "major": "重大",
    "important": "重要",
    "general": "一般",
    "urgent": "紧急",
    "urban": "城区",
    "rural": "农村",
    "remote": "边远地区",
    "forward": "转派",
    "direct": "直接处理",
    "hq_marketing": "国网营销部",
    "province_csc": "省客服中心",
    "initial": "初次",
    "final": "最终",
    "centre": "客服中心",
    "other": "其他",
    # outcomes and reasons
    "running": "计时中",
    "met": "按时完成",
    "late": "超时完成",
    "breached": "违反",
    "cancelled": "已取消",
    "unknown": "无法确定",
    "regraded": "级别变更",
    "superseded": "被后一次取代",
    "calendar_ends": "日历未发布",
    "closed_without": "未完成即办结",
    "reopened_after_due": "到期后恢复计时",
    "over_quota": "超过上限",
    "contradiction": "事实矛盾",
    "put_right": "已纠正",
    "enough_attempts": "尝试次数已够",
}
"""The regulation's word for a name of the vocabulary, as in `docs/glossary.md`; other names are shown as they are."""


def chosen(entry: tuple[str, str], lang: str) -> str:
    """The one of the two languages."""
    return entry[LANGS.index(lang)]


def named(name: str, lang: str) -> str:
    """A name as it is, in Chinese with its word after it where there is one: `repair.dispatched（派单）`."""
    word = NAMES_ZH.get(name.rpartition(".")[2]) if lang == "zh" else None
    return name if word is None else f"{name}（{word}）"


def said(sentence: str, lang: str, **parts: str) -> str:
    """A sentence with its blanks filled in."""
    return chosen(SENTENCES[sentence], lang).format(**parts).replace("） ", "）")


def length(term: str, lang: str) -> str:
    """A term as a person says it: `6 wd` is 6 working days."""
    number, _, unit = term.strip().partition(" ")
    if lang == "zh":
        return f"{number} {UNITS_ZH[unit]}" if unit in UNITS_ZH else term
    return f"{number} {UNITS_EN[unit]}{'' if number == '1' else 's'}" if unit in UNITS_EN else term
