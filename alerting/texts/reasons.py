"""Why an alert stands as it does, in Chinese and English: each reads on after "ended:" and after "was wrong:".

Only `alerting.texts` imports this. A test holds it against `sla.duty.Reason`.
"""

from __future__ import annotations

from typing import Final

from alerting.text import Language
from sla.duty import Reason

REASONS: Final[dict[str, dict[Language, str]]] = {
    Reason.AWAITED: {"zh": "尚未到期", "en": "it is not due yet"},
    Reason.IN_TIME: {"zh": "已按时完成", "en": "it was done in time"},
    Reason.BEFORE_START: {"zh": "起算之前已完成", "en": "it was done before the clock started"},
    Reason.AFTER_DUE: {"zh": "已完成，但晚于时限", "en": "it was done, but too late"},
    Reason.NOT_DONE: {"zh": "到期未完成", "en": "it was due and has not been done"},
    Reason.CLOSED: {"zh": "工单已在到期之前办结", "en": "the ticket was closed before it was due"},
    Reason.CLOSED_AFTER_DUE: {
        "zh": "工单在到期之后办结，此项始终未完成",
        "en": "the ticket was closed after it was due, and this was never done",
    },
    Reason.CLOSED_WITHOUT: {
        "zh": "此项未完成，工单即已办结",
        "en": "the ticket was closed although this was still owed",
    },
    Reason.REOPENED_AFTER_DUE: {
        "zh": "按时完成后被退回，现已过期",
        "en": "it was done in time, then sent back, and is now past due",
    },
    Reason.START_WITHDRAWN: {"zh": "起算的事件已撤销", "en": "the event that started it was taken back"},
    Reason.REGRADED: {"zh": "工单已不适用本规则", "en": "the rule does not bind this ticket any more"},
    Reason.MERGED: {"zh": "工单已合并", "en": "the ticket was merged into another"},
    Reason.SUPERSEDED: {"zh": "以后一次为准", "en": "a later event counts in its place"},
    Reason.REPLIED: {"zh": "已回单", "en": "the reply is back"},
    Reason.RESTORED: {"zh": "已恢复送电", "en": "supply is back"},
    Reason.REPLY_RETURNED: {"zh": "回单已被退回", "en": "the reply was sent back"},
    Reason.ENOUGH_ATTEMPTS: {"zh": "尝试次数已够", "en": "the tries were enough"},
    Reason.OVER_QUOTA: {"zh": "累计超过上限", "en": "the sum is over the cap"},
    Reason.CONTRADICTION: {"zh": "所报事实与条款矛盾", "en": "what was reported contradicts the clause"},
    Reason.PUT_RIGHT: {"zh": "已纠正", "en": "it was put right"},
    Reason.CALENDAR_ENDS: {
        "zh": "工作日历未覆盖，到期时间无法确定",
        "en": "the working-day calendar ends too early to know when it is due",
    },
    Reason.REPEATED: {"zh": "属实投诉次数已满", "en": "the substantiated complaints have reached the number"},
    Reason.TAKEN_OVER: {"zh": "上一级单位已介入", "en": "the next unit up has stepped in"},
    Reason.WINDOW_OVER: {"zh": "计数期限已过", "en": "the time in which complaints count has passed"},
}

OBVIOUS: Final = frozenset({Reason.AWAITED.value, Reason.NOT_DONE.value})
"""What a firing alert need not say: its level says it already."""

TOO_FEW: Final[dict[Language, str]] = {"zh": "属实投诉次数不足", "en": "too few complaints count now"}
"""What `awaited` means of an incident whose alert is over: a finding was overturned."""

NOT_OWED: Final[dict[Language, str]] = {
    "zh": "到期时未完成，其后已无须完成",
    "en": "it was not done by the due time, and is not owed any more",
}
"""What `not_done` means of an alert that is over: something else ended the duty after it was due."""

MONITOR_WELL: Final[dict[Language, str]] = {"zh": "情况已恢复正常", "en": "all is as it should be again"}


def reason_words(reason: str, language: Language) -> str:
    """The words of a reason; empty for one that is none of `Reason` (a condition of the monitor)."""
    words = REASONS.get(reason)
    return words[language] if words is not None else ""
