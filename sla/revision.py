"""Which revisions of verdict and alerts a clock calls for: what differs from what was last published, and no more.

A ticket's clocks and an incident's are told alike. Only `sla.step` and `sla.incident` import this.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sla.duty import BREACH, Duty, Outcome, Reason, Status, alert_status, judge
from sla.publication import (
    About,
    Output,
    Subject,
    alert,
    alert_facts,
    verdict,
    verdict_facts,
    withdrawn_alert,
    withdrawn_verdict,
)
from sla.ticket import Published, Raised
from sla.turn import Turn, turn
from sla.watch import Watch


def revise(
    known: dict[str, Published],
    duty: Duty,
    horizon: datetime | None,
    about: About,
    subject: Subject,
    watch: Watch,
    outputs: list[Output],
    turns: list[Turn],
    *,
    silent: bool,
    proven: Collection[str] = (),
    each_by_its_instant: bool = False,
) -> bool:
    """Publish what changed about one clock: its verdict, then its alerts in order of time.

    Answers whether an alert that is not historic fires that did not, or by silence says something else.
    `known` is what was last published, by clock. `turns` takes how it turned, unless it is historic. `silent`: only
    silence through `horizon` was added since. `watch` says which alerts are historic, and which unverified. `proven`
    are levels that need no further silence to stand. `each_by_its_instant`: an alert is historic by when it came to
    hold, not by when its clock is due.
    """
    outcome, reason = judge(duty, horizon)
    said = verdict_facts(duty, outcome, subject)
    published = known.get(duty.clock_id)
    if published is None:
        published = known[duty.clock_id] = Published(0, "", "", b"", {})
    historic = watch.historic(duty.due_at or duty.started_at)
    if published.outcome != outcome or published.reason != reason or published.facts != said:
        if published.outcome != outcome and not historic:
            turns.append(turn(duty, published.outcome, outcome))
        published.revision += 1
        published.outcome, published.reason, published.facts = outcome, reason, said
        outputs.append(verdict(duty, published.revision, outcome, reason, subject, about))
    doubted = duty.start.source in watch.unverified
    unmoved = silent and duty.wakes_at is None  # what stands rests on events; only an excess waits for silence
    alerts, fires = published.alerts, False
    for level, at in duty.thresholds:
        raised = alerts.get(level)
        if unmoved and raised is not None and raised.status != Status.RETRACTED:
            continue
        standing = level in proven and duty.ended_at is None
        status = Status.FIRING if standing else alert_status(duty, at, horizon)
        if status is None:
            if raised is None or raised.status == Status.RETRACTED:
                continue
            status = Status.RETRACTED
        if raised is None:
            raised = alerts[level] = Raised(0, "", b"")
        facts = alert_facts(duty, level, at, status, outcome, subject)
        told = facts.fingerprint()
        if raised.status != status or raised.facts != told:
            if each_by_its_instant:
                historic = watch.historic(at)
            firing = status is Status.FIRING
            fires = fires or (firing and not historic and (silent or raised.status != Status.FIRING))
            raised.revision += 1
            raised.status, raised.facts, raised.historic = status, told, historic
            why = reason
            if firing and reason in _WHILE_OPEN:
                why = Reason.NOT_DONE if level == BREACH else Reason.AWAITED
            unverified = doubted and firing
            outputs.append(
                alert(
                    duty, level, raised.revision, status, why, facts, about, historic=historic, unverified=unverified
                )
            )
    if not unmoved:
        _retract_gone(duty, alerts, subject, about, reason, outputs)
    return fires


def _retract_gone(
    duty: Duty, alerts: dict[str, Raised], subject: Subject, about: About, reason: Reason, outputs: list[Output]
) -> None:
    """Take back the alerts of thresholds that the clock has no more."""
    levels = {level for level, _ in duty.thresholds}
    for level, raised in alerts.items():
        if level not in levels and raised.status != Status.RETRACTED:
            _retract(duty.clock_id, level, raised, subject, about, reason, outputs)


def withdraw(
    clock_id: str,
    published: Published,
    subject: Subject,
    about: About,
    outputs: list[Output],
    turns: list[Turn],
    *,
    historic: bool,
) -> None:
    """Take back a clock that has no ground any more: its start was voided or corrected away.

    `historic`: all that is known of its ticket or incident lies in the past that is not counted.
    """
    if not historic and not any(raised.historic for raised in published.alerts.values()):
        turns.append(Turn(about.rule, published.outcome, Outcome.CANCELLED))
    published.revision += 1
    published.outcome, published.reason = Outcome.CANCELLED, Reason.START_WITHDRAWN
    published.facts = b""
    outputs.append(withdrawn_verdict(clock_id, published.revision, subject, about))
    for level, raised in published.alerts.items():
        if raised.status != Status.RETRACTED:
            _retract(clock_id, level, raised, subject, about, Reason.START_WITHDRAWN, outputs)


def _retract(
    clock_id: str,
    level: str,
    raised: Raised,
    subject: Subject,
    about: About,
    reason: Reason,
    outputs: list[Output],
) -> None:
    raised.revision += 1
    raised.status, raised.facts = Status.RETRACTED, b""
    outputs.append(
        withdrawn_alert(clock_id, level, raised.revision, reason, subject, about, historic=raised.historic)
    )


_WHILE_OPEN = frozenset({Reason.AWAITED, Reason.NOT_DONE, Reason.CALENDAR_ENDS})
"""Reasons that tell nothing beyond the level of an alert that fires."""
