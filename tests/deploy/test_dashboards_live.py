"""What the dashboards ask is answered with data, by a real Prometheus over a running worker, notifier and canary."""

import math
import urllib.error
from datetime import timedelta

import pytest

from tests.alerting.live.process import NotifierProcess, Sink
from tests.alerting.live.stage import DeliveryStage
from tests.alerting.live.test_canary import RECEIVERS, ROUTES, CanaryProcess
from tests.deploy.dashboards import asked as asked_by
from tests.deploy.dashboards import dashboards
from tests.deploy.watching import asked, needed, watched
from tests.live.stage import wait_for
from tests.live.test_spine import event, now

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

SENT = {"to_unit": "3201", "to_level": "city"}
ALL = {name: asked_by(dashboard) for name, dashboard in dashboards().items()}


def one_in_time_one_owed(stage, number):
    """Two tickets: one is dispatched in time, of the other the dispatch runs out within seconds and is not done."""
    started = now() - timedelta(seconds=117)
    kept, missed = f"kept{number}", f"missed{number}"
    stage.produce(
        [event(ticket, 1, "repair.accepted", started, hung_up_at=started.isoformat()) for ticket in (kept, missed)]
    )
    stage.produce([event(kept, 2, "repair.dispatched", started + timedelta(seconds=30), **SENT)])


def answered(prometheus, one):
    """Whether Prometheus has a number for an expression; each series can be called as its legend wants."""
    try:
        found = asked(prometheus, one.expr)
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{one}: {error.read().decode()}") from error
    assert all(one.legend <= series.keys() for series, _ in found), f"{one}: {found}"
    return any(not math.isnan(value) for _, value in found)


def test_every_panel_has_data(stage, redis, tmp_path, monkeypatch):
    """After clocks in time and overdue, messages, an unreadable record and the alert about it."""
    needed()
    monkeypatch.chdir(tmp_path)
    worker = stage.worker().wait_watching()
    with (
        Sink() as sink,
        DeliveryStage(stage.bootstrap, redis, stage.prefix, stage.partitions) as delivery,
        CanaryProcess(stage, tmp_path) as canary,
    ):
        people = RECEIVERS.format(people=sink.url, port=canary.port, secret=canary.secret)
        telling = NotifierProcess(delivery, tmp_path).configure(people, ROUTES).start()
        telling.wait_for(lambda: "event=partition_served" in telling.said(), "it serves")
        canary.start()
        with watched(tmp_path, [worker.port], [telling.port], [canary.port]) as (prometheus, _):
            wait_for("all to be scraped", lambda: len(asked(prometheus, 'up{job=~"slawatch-.*"} == 1')) == 3)
            stage.produce([b"no event"], key=b"t")
            # Prometheus sees a counter grow only from its second look on: a unit has none before its first clock.
            for number in (1, 2):
                one_in_time_one_owed(stage, number)
                closed = f'sla_unit_clocks_closed_total{{unit="NCSC",outcome="%s"}} == {number}'
                for outcome in ("met", "breached"):
                    wait_for(f"{outcome} {number}", lambda asks=closed % outcome: asked(prometheus, asks))
            left = [one for every in ALL.values() for one in every]
            assert len(left) > 60

            def all_answered():
                left[:] = [one for one in left if not answered(prometheus, one)]
                return not left

            wait_for(left, all_answered)  # whose failure says what is left
            [owed] = [one for one in ALL["clauses-and-units"] if one.panel.startswith("Breached, still owed")]
            wait_for("both to be owed", lambda: asked(prometheus, owed.expr) == [({}, 2)])
