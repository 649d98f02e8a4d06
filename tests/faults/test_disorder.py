"""Disorder in the source: repeats, shuffles, wrong source clocks, stops told at the very instant a breach may fire."""

import random
from datetime import timedelta

import pytest

from tests.faults.load import Event, Load
from tests.faults.settle import settle
from tests.faults.sizes import SIZES
from tests.faults.witness import Witness
from tests.live.stage import Stage, wait_for
from tests.live.test_spine import event, now

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(400)]

HOUR = timedelta(hours=1)
TERM = timedelta(minutes=2)
TOLD_AFTER_MS = (0, 150, 195, 200, 205, 250, 1500)


def shuffled(events: list[Event], window: int, dice: random.Random) -> list[Event]:
    """Each event one to three times, shuffled within windows."""
    repeated = [told for told in events for _ in range(dice.choice((1, 1, 2, 3)))]
    for start in range(0, len(repeated), window):
        part = repeated[start : start + window]
        dice.shuffle(part)
        repeated[start : start + window] = part
    return repeated


@pytest.mark.parametrize("window", [10, 1000])
def test_repeated_and_shuffled(stage: Stage, witness: Witness, window: int) -> None:
    """Repeats and bounded disorder under load end where the events in order end."""
    dice = random.Random(window)
    stage.worker().wait_watching()
    with Load(stage, seed=50 + window, bend=lambda events: shuffled(events, window, dice)) as load:
        over = now() + timedelta(seconds=SIZES.disorder_s)
        wait_for("enough", lambda: now() > over, SIZES.disorder_s + 10)
        load.finish()
        load.check_rate()
        settle(stage, load, witness)


def test_source_clocks_an_hour_off(stage: Stage, witness: Witness) -> None:
    """Tickets of centres whose clocks run an hour ahead or behind: nothing early, nothing false, the end is right."""
    stage.worker().wait_watching()
    dice = random.Random(60)
    with Load(stage, seed=60) as load:
        for number in range(60):
            off = dice.choice((HOUR, -HOUR))
            ticket = f"skewed-{number}"
            at = now() + off
            sent = [event(ticket, 1, "repair.accepted", at)]
            if number % 3:
                done = at + timedelta(seconds=1)
                sent.append(event(ticket, 2, "repair.dispatched", done, to_unit="3201", to_level="city"))
                sent.append(event(ticket, 3, "repair.closed", done, reason="done"))
            load.send(sent)
            mark = load.acknowledged
            wait_for("the load to go on", lambda m=mark: load.acknowledged > m + 100, 20, every=0.01)
        load.finish()
        load.check_rate()
        settle(stage, load, witness)


def test_stops_told_around_the_instant_of_firing(stage: Stage, witness: Witness) -> None:
    """Stops in time, told up to and beyond due + grace: in the log before it, nothing fires; later, it is taken back."""
    stage.worker().wait_watching()
    with Load(stage, seed=70, probes=0) as load:
        wait_for("the load", lambda: load.acknowledged > 1000, 20)
        due = now() + timedelta(seconds=3)
        groups = {delay: [f"brink-{delay}-{number}" for number in range(20)] for delay in TOLD_AFTER_MS}
        accepted = {"hung_up_at": (due - TERM).isoformat()}
        for tickets in groups.values():
            load.send(event(ticket, 1, "repair.accepted", due - TERM, **accepted) for ticket in tickets)
        for delay, tickets in groups.items():
            tell = due + timedelta(milliseconds=delay)
            wait_for("the instant to tell", lambda t=tell: now() >= t, 10, every=0.001)
            for ticket in tickets:
                sent = {"to_unit": "3201", "to_level": "city"}
                load.send([event(ticket, 2, "repair.dispatched", due, **sent)])
                load.send([event(ticket, 3, "repair.closed", due, reason="done")])
        load.finish()
        load.check_rate()
        settle(stage, load, witness)
    last = witness.last("alerts")
    fired = {found.name: found.data["ticket"] for found in witness.firing() if "brink-" in found.name}
    assert all(last[name]["status"] == "retracted" for name in fired)
    assert not set(fired.values()) & set(groups[0])
    assert set(fired.values()) >= set(groups[TOLD_AFTER_MS[-1]]), "far beyond the grace each of them had fired"
