"""The words of the demo, in English and in Chinese. Used by `cli.demo_play` and its screens."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Everything the demo says that does not come from the rulebook; braces are filled in."""

    starting: str
    watching: str
    storm: str
    of_minutes: str
    clocks: str
    latest: str
    delivered: str
    receiver: str
    alerts_told: str
    messages: str
    ends_told: str
    late: str
    again: str
    refused: str
    names: dict[str, str]
    signatures: str
    room: str
    ticket: str
    rule: str
    owner: str
    left: str
    at: str
    level: str
    status: str
    due: str
    warnings_counted: str
    room_reads: str
    none_yet: str
    held: str
    complaints: str
    silence: str
    held_done: str
    silence_now: str
    silence_done: str
    summary: str
    tickets: str
    clocks_by_outcome: str
    alerts: str
    delivery: str
    all_told: str
    over_before: str
    owed: str
    interrupted: str
    capped: str
    nothing_came: str
    terms: dict[str, str]


EN = Words(
    starting="starting broker, worker ...",
    watching="the worker watches; the storm begins ({seconds:.1f} s after the start)",
    storm="a storm of repairs, complaints between them, {speed:g} x as fast",
    of_minutes="minute {done:.0f} of {all:g}",
    clocks="clocks running out",
    latest="latest alerts",
    delivered="delivered, and › staged on purpose",
    receiver="receiver",
    alerts_told="alerts",
    messages="messages",
    ends_told="ends",
    late="late",
    again="again",
    refused="refused",
    names={"ticket-system": "webhook", "duty-room": "duty room"},
    signatures="{good} signatures good, {bad} refused",
    room="what the duty room reads",
    ticket="ticket",
    rule="what happens if it runs out",
    owner="owner",
    left="time left",
    at="at",
    level="level",
    status="status",
    due="due",
    warnings_counted="further warnings are counted, not printed",
    room_reads="the duty room reads (message {number}; printed when it names more tickets than any before):",
    none_yet="none yet",
    held="{count} dispatches held back: done in time, told too late",
    complaints="{count} complaints too: their minutes break, their days run on",
    silence="then silence: nothing is sent, one ticket still waits",
    held_done="told late: the breach of {ticket} is retracted",
    silence_now="silence: nothing is sent now, {ticket} still waits",
    silence_done="in silence: breach of {ticket}, {seconds:.2f} real s after due",
    summary="the storm is over",
    tickets="{tickets} tickets, {events} events",
    clocks_by_outcome="clocks",
    alerts="alerts",
    delivery=(
        "told to the {name}: {alerts} alerts and {ends} ends in {messages} messages, {digests} of them digests; "
        "{median:.2f} s late, at most {worst:.2f} s; {again} tried again, {refused} refused"
    ),
    all_told="breaches told to the {name}: {told} of {all}",
    over_before="{count} were over before their turn came",
    owed="{count} still wait",
    interrupted="interrupted; ending the worker and the broker",
    capped="the time allowed by --seconds is up",
    nothing_came="no alert came; the worker's log ends so:",
    terms={
        "running": "running", "met": "met", "late": "late", "breached": "breached", "cancelled": "cancelled",
        "unknown": "unknown", "notice": "notice", "warning": "warning", "breach": "breach",
        "escalation": "escalation", "firing": "firing", "resolved": "resolved", "retracted": "retracted",
        "events": "events", "clocks": "clocks",
    },
)  # fmt: skip

ZH = Words(
    starting="正在启动消息服务和监控进程 ...",
    watching="监控进程已就绪，风暴开始（启动后 {seconds:.1f} 秒）",
    storm="风暴中的报修与投诉工单，{speed:g} 倍速",
    of_minutes="第 {done:.0f} 分钟，共 {all:g} 分钟",
    clocks="即将到期的时限",
    latest="最新告警",
    delivered="通知情况，› 为特意安排的情形",
    receiver="接收方",
    alerts_told="告警",
    messages="消息",
    ends_told="结束",
    late="延迟",
    again="重试",
    refused="拒收",
    names={"ticket-system": "webhook", "duty-room": "值班群"},
    signatures="签名有效 {good} 条，拒绝 {bad} 条",
    room="值班群看到的消息",
    ticket="工单",
    rule="到期后果",
    owner="责任单位",
    left="剩余时间",
    at="时间",
    level="级别",
    status="状态",
    due="到期",
    warnings_counted="其余预警只计数，不逐条显示",
    room_reads="值班群看到的第 {number} 条消息（涉及工单比以前多才显示）：",
    none_yet="暂无",
    held="故意扣留 {count} 条派单事件：派单按时，消息迟到",
    complaints="报修之间有 {count} 件投诉：按分钟计的时限会超时，按工作日计的继续计时",
    silence="最后静默：不再发送任何事件，只剩一张工单等待",
    held_done="消息迟到：工单 {ticket} 的超时告警已撤回",
    silence_now="静默开始：不再发送任何事件，工单 {ticket} 仍在等待",
    silence_done="静默之中：工单 {ticket} 到期 {seconds:.2f} 秒（实际时间）后告警触发",
    summary="风暴结束",
    tickets="工单 {tickets} 张，事件 {events} 条",
    clocks_by_outcome="时限",
    alerts="告警",
    delivery=(
        "已通知 {name}：告警 {alerts} 条、结束 {ends} 条，共 {messages} 条消息，其中汇总 {digests} 条；"
        "延迟中位数 {median:.2f} 秒，最长 {worst:.2f} 秒；重试 {again} 次，拒收 {refused} 条"
    ),
    all_told="超时告警已通知 {name}：{told} / {all}",
    over_before="其中 {count} 条轮到之前已结束",
    owed="{count} 条仍在等待",
    interrupted="已中断，正在结束监控进程和消息服务",
    capped="已到 --seconds 规定的时间",
    nothing_came="没有收到任何告警；监控进程日志末尾：",
    terms={
        "running": "计时中", "met": "按时", "late": "迟到", "breached": "超时", "cancelled": "取消",
        "unknown": "未知", "notice": "提示", "warning": "预警", "breach": "超时",
        "escalation": "升级", "firing": "触发", "resolved": "解除", "retracted": "撤回",
        "events": "事件", "clocks": "时限",
    },
)  # fmt: skip

LANGUAGES = {"en": EN, "zh": ZH}
