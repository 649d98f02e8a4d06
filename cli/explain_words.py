"""The words of an explanation, in English and in Chinese. Used by `cli.explain_page` and `cli.explain_drawing`.

Names of the vocabulary and outcomes are said by `cli.rulebook_words`; here are the reasons and the sentences.
"""

from __future__ import annotations

from cli.rulebook_words import chosen

REASONS: dict[str, tuple[str, str]] = {
    "awaited": ("it is awaited, and not yet due", "尚未完成，未到期"),
    "in_time": ("it was done in time", "按时完成"),
    "before_start": ("it was done before the clock started", "起算之前已完成"),
    "after_due": ("it was done after it was due", "到期之后才完成"),
    "not_done": ("it was due and had not been done", "已到期，未完成"),
    "closed": ("the ticket was closed before it was due", "到期之前工单已办结"),
    "closed_after_due": ("the ticket was closed after it was due, without it", "到期之后办结，仍未完成"),
    "closed_without": ("the ticket was closed although this was owed", "未完成即办结"),
    "reopened_after_due": ("what was done in time was undone after it was due", "按时完成后又被退回，且已到期"),
    "start_withdrawn": ("its start was taken back: it counts as never started", "起算事件已撤销，视为从未起算"),
    "regraded": ("the rule binds the ticket no more", "规则不再适用于工单"),
    "merged": ("the ticket was merged", "工单已合并"),
    "superseded": ("a later event of the sort counts in its place", "被后一次取代"),
    "replied": ("the reply is back", "已回单"),
    "restored": ("power is back", "已恢复送电"),
    "reply_returned": ("the reply was sent back", "回单被退回"),
    "enough_attempts": ("the tries were enough", "尝试次数已够"),
    "over_quota": ("the sum is over the cap", "累计超过上限"),
    "contradiction": ("the facts contradict the clause", "事实与条款矛盾"),
    "put_right": ("it was put right", "已纠正"),
    "calendar_ends": ("the calendar ends before it would be due", "日历未覆盖到期日，无法确定"),
    "repeated": (
        "the incident came up too often: the next unit up has to step in",
        "同一事件投诉次数已满，上一级单位应介入",
    ),
    "taken_over": ("the next unit up has stepped in", "上一级单位已介入"),
    "window_over": ("the time in which it could come up too often has passed", "计数期限已过"),
}
"""Why a clock stands as it does."""

WHY: dict[str, tuple[str, str]] = {
    "around_the_clock": ("day and night", "昼夜连续计时"),
    "office_hours": ("office hours", "工作时间"),
    "working_day": ("working day", "工作日"),
    "make_up_day": ("make-up working day", "调休上班日"),
    "calendar_months": ("calendar months", "自然月"),
    "outside_office_hours": ("outside office hours", "非工作时间"),
    "weekend": ("weekend", "周末"),
    "holiday": ("holiday", "节假日"),
    "day_off": ("day off, so overridden", "日历另行规定的休息日"),
    "day_of_start": ("the day of the start does not count", "起算当日不计"),
    "rolled_start": ("counts as started then", "视为当日起算，当日不计"),
    "not_known": ("not known to the calendar", "日历未知"),
}
"""Why a stretch counts, or not."""

ABSENT: dict[str, tuple[str, str]] = {
    "not_accepted": ("the ticket is not accepted yet; {events} would do it", "工单尚未受理；待 {events}"),
    "rule_is_off": ("the rule is switched off", "规则已停用"),
    "does_not_bind": ("does not bind this ticket: {misfits}", "不适用于本工单：{misfits}"),
    "excepted": ("excepted: {misfits}", "除外：{misfits}"),
    "customer_bars": ("the customer bars it: {misfits}", "客户要求不联系：{misfits}"),
    "no_contradiction": ("nothing contradicts: {misfits}", "无矛盾：{misfits}"),
    "no_start": ("nothing started it; {events} would", "没有起算事件；应为 {events}"),
    "start_does_not_fit": ("{because} does not start it: {misfits}", "{because} 不能起算：{misfits}"),
    "start_voided": ("its start was voided: {because}", "起算事件已作废：{because}"),
    "before_in_force": ("{because} came before it was in force ({at})", "{because} 早于生效时间（{at}）"),
    "no_term": ("no term is in force for such a ticket: {misfits}", "没有适用的时限：{misfits}"),
    "done_before": ("it was done before: {because}", "此前已完成：{because}"),
    "needs": ("before it there was no {events}", "此前没有 {events}"),
    "lacks": ("{because} came before, so nothing contradicts", "此前已有 {because}，无矛盾"),
    "ended_before": ("it ended before the first round: {because}", "首轮之前已结束：{because}"),
    "lies_ahead": ("its first round begins at {at}", "首轮将于 {at} 开始"),
    "no_incident": ("it cannot be counted: {events} was not told", "无法计数：未提供 {events}"),
    "per_incident": (
        "its clock is the incident's: slawatch explain {incident}",
        "按同一事件计数：slawatch explain {incident}",
    ),
    "not_known": ("no reason found; please report this", "未能找到原因，请反馈"),
}
"""Why a rule put no clock on the ticket."""

LABELS: dict[str, tuple[str, str]] = {
    "clause": ("clause", "条款"),
    "asks": ("asks", "要求"),
    "stands": ("verdict", "结论"),
    "clock": ("clock", "时钟"),
    "start": ("started", "起算"),
    "granted": ("in force", "现行规定"),
    "due": ("due", "到期"),
    "time": ("time line", "时间线"),
    "passage": ("passage", "计时"),
    "counts": ("counts", "计入"),
    "stop": ("done by", "完成"),
    "cancel": ("ended by", "终止"),
    "reopened": ("reopened by", "恢复计时"),
    "awaits": ("awaited", "等待"),
    "owner": ("owed by", "责任方"),
    "facts": ("facts", "事实"),
    "counted": ("counted", "累计"),
    "keep": ("keep until", "保存至"),
    "warnings": ("alerts", "告警"),
    "told": ("published", "已发布"),
    "marks": ("mark", "标记"),
    "withdrawn": ("taken back", "已撤回"),
    "absences": ("Rules without a clock", "未起算的规则"),
    "first": ("first", "首次投诉"),
    "window": ("window", "计数期限"),
    "count": ("count", "计数"),
    "tickets": ("complaints", "投诉"),
    "taken_over": ("taken over", "已介入"),
    "called": ("next unit up", "上一级单位"),
    "no_escalation": ("no escalation", "未升级"),
    "unstarted": ("no clock", "未起算"),
    "elsewhere": ("elsewhere", "已不属于本事件"),
}
"""What stands at the beginning of a line."""

SENTENCES: dict[str, tuple[str, str]] = {
    "ticket": (
        "Ticket {ticket} ({business}), {events} events, judged by {rulebook} with silence until {horizon} ({zone})",
        "工单 {ticket}（{business}），{events} 个事件，依据 {rulebook}，静默判定至 {horizon}（{zone}）",
    ),
    "nothing_proven": ("nothing is proven", "未判定"),
    "no_business": ("the rulebook knows no event of it", "规则库不认识其事件"),
    "voided": ("voided: {events}", "已作废：{events}"),
    "corrected": ("corrected by {events}", "更正：{events}"),
    "refused": ("kept out: {event} ({reason})", "未采用：{event}（{reason}）"),
    "event": ("{type} {id} of {source}", "{type} {id}，来源 {source}"),
    "at": ("{event} at {at}", "{at} {event}"),
    "started_from": (", as its {attribute} says", "，依其 {attribute}"),
    "bound_by": (", from when the rule bound the ticket: {event}", "，规则自 {event} 起适用"),
    "since": ("{term}, since {since} ({rulebook})", "{term}，自 {since} 起（{rulebook}）"),
    "profile": (", hours of {profile}", "，适用 {profile} 时间"),
    "tries": ("{tries} tries, {gap} apart", "不少于 {tries} 次，间隔 {gap}"),
    "attempts": (
        "{a_day} tries a day on {days} days, {gap} apart",
        "不少于 {days} 天，每天 {a_day} 次，间隔 {gap}",
    ),
    "daily": ("by {daily} every {each}", "每个{each} {daily} 之前"),
    "every": ("every {every}, from {after} after the start on", "起算满 {after} 后，每 {every} 一次"),
    "calendar_day": ("calendar day", "自然日"),
    "working_day": ("working day", "工作日"),
    "cap": ("no more than {cap}", "不超过 {cap}"),
    "always": ("always", "始终有效"),
    "anew": ("{event} set {due}", "{event} 改为 {due}"),
    "by_term": ("{due} by the term", "按时限为 {due}"),
    "unknown": ("not known; certainly not before {at}", "无法确定；不早于 {at}"),
    "no_due": ("no due time", "无到期时间"),
    "counted": ("counts", "计入"),
    "not_counted": ("does not count", "不计"),
    "day": ("{why} {day}", "第 {day} 个{why}"),
    "holiday": ("{why} ({name})", "{why}（{name}）"),
    "total": ("{length} counted within {all}", "计入 {length}，历时 {all}"),
    "total_days": ("{days} counted within {all}", "计入 {days}，历时 {all}"),
    "because": ("{event}: {reason}", "{event}：{reason}"),
    "closed_without": ("closed without it at {at}", "{at} 未完成即办结"),
    "was_ended": (", it had been done at {at}", "，此前已于 {at} 完成"),
    "next": ("next by {owner}", "下一步责任方 {owner}"),
    "nobody": ("nobody is named", "未指明"),
    "try": ("{event}: counts", "{event}：计入"),
    "no_try": ("{event}: too soon after the last", "{event}：间隔不足，不计"),
    "sum": ("{event}: {total} in all", "{event}：累计 {total}"),
    "raised": ("{level} at {at}: {status}", "{level}，{at}：{status}"),
    "not_raised": ("not raised", "未触发"),
    "revision": ("{what} revision {revision}: {state}, {reason}", "{what} 第 {revision} 版：{state}，{reason}"),
    "verdict": ("verdict", "结论"),
    "now_is": ("{name} is now {value}", "{name} 改为 {value}"),
    "nothing": ("-", "-"),
    "after": ("after {event}", "收到 {event} 之后"),
    "silent": ("after silence through {at}", "静默至 {at}"),
    "firing": ("firing", "触发"),
    "resolved": ("resolved", "解除"),
    "retracted": ("retracted", "撤回"),
    "assumed": ("assumed: the limit is not in the text", "假定：原文没有这一时限"),
    "excused": ("excused", "免责"),
    "historic": ("historic: nobody was told", "历史：未通知任何人"),
    "estimated": ("on an estimated calendar", "依据估计的日历"),
    "value_is": ("{name} is {value}", "{name} 为 {value}"),
    "untold": ("{name} is not told", "未提供 {name}"),
    "not_wanted": ("{misfit}, not {wanted}", "{misfit}，应为 {wanted}"),
    "and": ("; ", "；"),
    "or": (" or ", " 或 "),
    "others": (" (the nearest of {number} alternatives)", "（{number} 种情形中最接近的）"),
    "where": (" where {where}", "（{where}）"),
    "unless": (" unless {where}", "（{where} 的除外）"),
    "yes": ("yes", "是"),
    "no": ("no", "否"),
    "legend": ("{counts} counts  {pause} does not  {late} past due", "{counts} 计入  {pause} 不计  {late} 已到期"),
    "now": ("judged", "判定"),
    "h": (" h", " 小时"),
    "min": (" min", " 分"),
    "s": (" s", " 秒"),
    "d": (" d", " 天"),
}


def say(sentence: str, lang: str, **parts: object) -> str:
    """A sentence with its blanks filled in."""
    return chosen(SENTENCES[sentence], lang).format(**parts)


def lasting(microseconds: int, lang: str) -> str:
    """A length as a person says it, nothing rounded away: `1 d 3 h 30 min`."""
    seconds, rest = divmod(microseconds, 1_000_000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    fraction = f"{seconds}.{rest:06d}".rstrip("0") if rest else str(seconds)
    parts = [(str(days), "d"), (str(hours), "h"), (str(minutes), "min"), (fraction, "s")]
    said = [number + say(unit, lang) for number, unit in parts if number != "0"]
    return " ".join(said) or "0" + say("s", lang)
