"""'Clauses and units': for the supervisor, who keeps which clause and which unit does not. `deploy.grafana` only."""

from __future__ import annotations

from typing import Final

from deploy.grafana.expressions import CLAUSE_TARGET, RULE, UNIT, UNIT_TARGET, WORKER
from deploy.grafana.layout import Dashboard, Row, choice, dashboard
from deploy.grafana.panels import (
    ALARM,
    NONE_WANTED,
    Column,
    Panel,
    Query,
    at_least,
    bars,
    heat_map,
    series,
    stat,
    table,
)

OVERDUE: Final = 'outcome=~"late|breached"'
PER_HOUR: Final = "suffix: /h"


def made() -> Dashboard:
    """The dashboard as Grafana reads it."""
    return dashboard(
        "slawatch-clauses",
        "Clauses and units · 条款与单位",
        "Which obligations are kept, by clause, rule and unit. 各条款、规则、单位的履约情况。",
        [
            Row("Now · 当前", _now()),
            Row("Clauses · 条款", _clauses()),
            Row("Where it goes wrong · 超时分布", _where()),
            Row("How close · 用时", _how_close()),
            Row("Rules · 规则", [_rules()]),
        ],
        [
            choice(
                "rule", "Rule · 规则", 'label_values(sla_rule_info{job="slawatch-worker",rule!="canary/heard"}, rule)'
            ),
            choice(
                "unit",
                "Unit · 单位",
                'label_values(sla_unit_clocks_closed_total{job="slawatch-worker",unit!="canary"}, unit)',
            ),
        ],
        since="now-24h",
        refresh="1m",
    )


def _open(state: str) -> str:
    return f'sum(sla:clocks_open:sum{{state="{state}",{RULE}}})'


def _with_clause(expr: str) -> str:
    """The same by rule, with the clause of the rule and whether its limit is assumed."""
    return f"({expr}) * on (rule) group_left (clause, assumed) sla:rule_clause:info"


def _now() -> list[Panel]:
    came_out = "sla:clause_closed:increase1d"
    return [
        stat(
            "Running · 计时中",
            "Clocks that run and are not at risk. 正在计时、尚无预警的时限。",
            _open("running"),
        ),
        stat(
            "At risk · 即将超时",
            "Clocks that run and of which a warning fires. 已预警、尚未超时。",
            _open("at_risk"),
            steps=((None, "green"), (1, "orange")),
        ),
        stat(
            "Breached, still owed · 已超时未完成",
            "Clocks past due of which the deed is still owed. 已超时且仍未完成。",
            _open("breached"),
            steps=NONE_WANTED,
        ),
        stat(
            "Beyond the calendar · 超出日历",
            "Clocks whose due time lies beyond the working-day calendar. 到期日超出工作日历；见 docs/calendar.md.",
            _open("unknown"),
            steps=((None, "green"), (1, "orange")),
        ),
        stat(
            "In time, 24 h · 近24小时及时率",
            "Share in time of the clocks that came out in the last 24 hours, over all clauses whose limit is in the "
            f"text; the target is {CLAUSE_TARGET:.0%}. 近24小时各条款合计及时率。",
            f"sum(sla:clause_compliance:ratio1d * {came_out}) / sum({came_out} > 0)",
            unit="percentunit",
            steps=at_least(CLAUSE_TARGET),
        ),
        stat(
            "Overdue, 24 h · 近24小时超时",
            "Clocks that were breached, or done late, in the last 24 hours. Excused ones are counted. "
            "近24小时超时数，含事后免责的。",
            f"sum(sla:rule_closed:increase1d{{{RULE}}}) - sum(sla:rule_in_time:increase1d{{{RULE}}})",
            steps=NONE_WANTED,
        ),
    ]


def _clauses() -> list[Panel]:
    left = f"1 - (1 - sla:clause_compliance:ratio1d) / (1 - {CLAUSE_TARGET})"
    return [
        table(
            "Clauses, 24 h · 各条款近24小时",
            f"In time: the share of what came out in the last 24 hours; the target is {CLAUSE_TARGET:.0%}. Budget "
            "left: what is left of the misses that the target allows; below 0 the target is missed. Limits that are "
            "not in the text do not count. 及时率与剩余误差额度，条文未规定的时限不计。"
            "docs/alerts.md#slaclausekepttoorarely",
            {"clause": "Clause · 条款"},
            Column("In time · 及时率", "sla:clause_compliance:ratio1d", "percentunit", at_least(CLAUSE_TARGET)),
            Column("Budget left · 剩余额度", left, "percentunit", at_least(0)),
            Column("Came out · 已了结", "sla:clause_closed:increase1d > 0"),
            width=12,
        ),
        series(
            "In time by clause · 各条款及时率",
            f"At each moment the share of the 24 hours before; the dashed line is the target, {CLAUSE_TARGET:.0%}. "
            "每一时刻之前24小时的及时率，虚线为目标。",
            Query("sla:clause_compliance:ratio1d", "{{clause}}"),
            unit="percentunit",
            width=12,
            objective=at_least(CLAUSE_TARGET),
        ),
    ]


def _stood(clocks: str, by: str, narrowed: str) -> str:
    """How many were overdue in the time shown, less what was taken back since."""
    closed, taken_back = (
        f"sum by ({by}) (increase({clocks}_{what}_total{{{WORKER},{OVERDUE},{narrowed}}}[$__range]))"
        for what in ("closed", "retracted")
    )
    return f"({closed} - {taken_back}) > 0"


def _where() -> list[Panel]:
    by_rule = _stood("sla_clocks", "rule", RULE)
    by_unit = _stood("sla_unit_clocks", "unit", UNIT)
    return [
        bars(
            "Overdue by rule, top 10 · 超时最多的规则",
            "Clocks breached, or done late, in the time shown. 所选时段内超时最多的十条规则。",
            Query(f"sort_desc(topk(10, {_with_clause(by_rule)}))", "{{rule}} {{clause}}"),
            steps=((None, "red"),),
        ),
        bars(
            "Overdue by unit, top 10 · 超时最多的单位",
            "Clocks breached, or done late, in the time shown, by the unit that owed them; `none`: nobody is named. "
            "所选时段内超时最多的十个单位。",
            Query(f"sort_desc(topk(10, {by_unit}))", "{{unit}}"),
            steps=((None, "red"),),
        ),
        bars(
            "In time by unit, lowest 10, 24 h · 及时率最低的单位",
            f"Of units with clocks that came out in the last 24 hours; the target is {UNIT_TARGET:.0%}. "
            "近24小时及时率最低的十个单位。docs/alerts.md#slaunitintimetoorarely",
            Query(f"sort(bottomk(10, sla:unit_compliance:ratio1d{{{UNIT}}}))", "{{unit}}"),
            unit="percentunit",
            steps=at_least(UNIT_TARGET),
        ),
    ]


def _how_close() -> list[Panel]:
    used = f"sum by (le) (rate(sla_clock_used_ratio_bucket{{{WORKER},{RULE}}}[$__rate_interval])) * 3600"
    came_out = f"sum by (outcome) (rate(sla_clocks_closed_total{{{WORKER},{RULE}}}[$__rate_interval])) * 3600"
    return [
        heat_map(
            "Share of the term used · 时限使用率",
            "How much of its term a clock had used when the deed was done; 100 % is exactly the due time, above it "
            "the deed was late. 完成时已用时限的比例，100% 为恰好到期。",
            used,
            unit="percentunit",
            cells=PER_HOUR,
        ),
        series(
            "Outcomes · 了结情况",
            "Clocks an hour by how they came out. A breach counts when it happens, not when the deed is done. "
            "每小时了结的时限，按结果。",
            Query(came_out, "{{outcome}}"),
            unit=PER_HOUR,
            stacked=True,
        ),
        series(
            "Open clocks · 未了结的时限",
            "Clocks that are owed, by how they stand. 未了结的时限，按状态。",
            Query(f"sum by (state) (sla:clocks_open:sum{{{RULE}}})", "{{state}}"),
            stacked=True,
        ),
    ]


def _rules() -> Panel:
    overdue = f"sla:rule_closed:increase1d{{{RULE}}} - sla:rule_in_time:increase1d{{{RULE}}}"
    return table(
        "Rules · 各规则",
        "Every rule of the rulebook with its clause. Assumed: its limit is not in the text. Share and overdue are "
        "those of the last 24 hours; without a share nothing came out. 规则手册的全部规则，及时率与超时为近24小时。",
        {"rule": "Rule · 规则", "clause": "Clause · 条款", "assumed": "Assumed · 推定"},
        Column("Open · 未了结", _with_clause(f"sum by (rule) (sla:clocks_open:sum{{{RULE}}})")),
        Column(
            "At risk · 即将超时",
            _with_clause(f'sum by (rule) (sla:clocks_open:sum{{state="at_risk",{RULE}}})'),
            steps=((None, "text"), (1, "orange")),
        ),
        Column(
            "Breached now · 已超时",
            _with_clause(f'sum by (rule) (sla:clocks_open:sum{{state="breached",{RULE}}})'),
            steps=ALARM,
        ),
        Column("Overdue, 24 h · 超时", _with_clause(overdue), steps=ALARM),
        Column(
            "In time, 24 h · 及时率",
            _with_clause(f"sla:rule_compliance:ratio1d{{{RULE}}}"),
            "percentunit",
            at_least(CLAUSE_TARGET),
        ),
        height=14,
    )
