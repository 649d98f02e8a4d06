"""The changelog compacted, ended by a tombstone, cut, recreated, damaged: the right state, or none and a reason."""

import re
import time

import pytest

from streams.changelog import (
    CLAIM_KEY,
    CONTROL_KEY,
    HEADER_BYTES,
    NEVER,
    decode_claim,
    decode_control,
    header,
    pack,
    record,
    tombstone_headers,
)
from streams.topics import changelog_name
from tests.faults.break_topics import configure, cut_head, recreate, write
from tests.faults.load import Load
from tests.faults.settle import expected_of, settle
from tests.faults.witness import Witness
from tests.live.stage import WATCHING, Stage, Worker, wait_for
from tests.live.test_spine import event, now

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(400)]

REFUSED_WITHIN_S = 60


def filled(stage: Stage, witness: Witness, seed: int) -> Load:
    """A load that has been watched to its end, and no worker."""
    worker = stage.worker().wait_watching()
    with Load(stage, seed=seed) as load:
        wait_for("some load", lambda: load.acknowledged > 2000, 30)
        load.finish()
        load.check_rate()
    wait_for("the last clock to be due", lambda: now() > load.last_due + witness.grace, 30)
    witness.wait_standing(expected_of(load, stage))
    assert worker.stop() == 0, worker.log_text()[-3000:]
    return load


def refuses(stage: Stage, *flags: str, saying: str) -> None:
    """The next worker ends by itself in time, with a failure, and says why."""
    worker = stage.worker(*flags)
    assert worker.wait_exit(REFUSED_WITHIN_S) != 0
    assert re.search(saying, worker.log_text()), worker.log_text()[-3000:]


def test_compacted_again_and_again(stage: Stage, witness: Witness) -> None:
    """With tiny segments, cleaned eagerly while it is written and killed over, the state stays right."""
    changelog = changelog_name(stage.app_id)
    configure(
        stage,
        changelog,
        segment_ms="200",
        min_cleanable_dirty_ratio="0.01",
        min_compaction_lag_ms="0",
        delete_retention_ms="0",
    )
    stage.worker().wait_watching()
    with Load(stage, seed=101) as load:

        def compacted() -> bool:
            found = stage.records(changelog)
            ends = {m.partition(): m.offset() + 1 for m in found}
            return len(found) > 1000 and len(found) < 0.7 * sum(ends.values())

        wait_for("compaction to have bitten", compacted, 90, every=1.0)
        stage.workers[-1].kill()
        stage.worker().wait_watching()
        load.finish()
        load.check_rate()
        settle(stage, load, witness)


def test_what_a_former_owner_writes_late_is_written_over(stage: Stage, witness: Witness) -> None:
    """A void state and a void tombstone end as the last records of their keys neither under an owner nor after it."""
    load = filled(stage, witness, 107)
    changelog = changelog_name(stage.app_id)
    tickets = [ticket.encode() for ticket in list(load.never)[:2]]

    def last() -> list[bytes | None]:
        found = {m.key(): m.value() for m in stage.records(changelog)}
        return [found[ticket] for ticket in tickets]

    def bodies() -> list[bytes | None]:
        return [value and value[HEADER_BYTES : HEADER_BYTES + header(value)[3]] for value in last()]

    valid = bodies()
    late = [(tickets[0], record(pack(0, 1, NEVER, b"late"), [])), (tickets[1], None)]

    def written_over(by: Worker) -> None:
        write(stage, changelog, late, headers=tombstone_headers(0))
        assert bodies() != valid
        wait_for(f"the valid states again: {by.log_text()[-2000:]}", lambda: bodies() == valid, 90, every=0.5)

    owner = stage.worker().wait_watching()
    wait_for("a record of its own", lambda: owner_wrote(stage, changelog), 30)
    written_over(owner)
    owner.kill()
    write(stage, changelog, late, headers=tombstone_headers(0))
    stage.worker().wait_watching()
    wait_for("the valid states at once", lambda: bodies() == valid, 15, every=0.5)
    witness.look().check()


def owner_wrote(stage: Stage, changelog: str) -> bool:
    """Whether in each partition the last control record is of the epoch of the last claim."""
    claims: dict[int, int] = {}
    controls: dict[int, int] = {}
    for message in stage.records(changelog):
        if message.key() == CLAIM_KEY:
            claims[message.partition()] = decode_claim(message.value()).epoch
        elif message.key() == CONTROL_KEY:
            controls[message.partition()] = decode_control(message.value()).epoch
    return bool(claims) and controls == claims


def test_ended_by_a_tombstone(stage: Stage, witness: Witness) -> None:
    """A changelog whose last records are tombstones, of known and of unknown keys, is read to its end."""
    filled(stage, witness, 102)
    before = stage.worker().wait_watching()
    assert before.stop() == 0
    write(stage, changelog_name(stage.app_id), [(b"nobody-%d" % number, None) for number in range(50)])
    stage.worker().wait_watching()
    with Load(stage, seed=103, first_chunk=50) as load:
        load.finish()
        wait_for("the last clock to be due", lambda: now() > load.last_due + witness.grace, 30)
        wait_for(
            "the new load",
            lambda: expected_of(load, stage).items() <= witness.look().standing().items(),
            60,
        )
    witness.check()


def test_recreated_empty(stage: Stage, witness: Witness) -> None:
    """With offsets committed and nothing on the changelog, the worker refuses."""
    filled(stage, witness, 104)
    recreate(stage, changelog_name(stage.app_id))
    refuses(stage, saying=r"the changelog knows nothing.*(restore|new app_id)")


def test_its_head_cut_off(stage: Stage, witness: Witness) -> None:
    """States cut away while the control record stays are noticed: the worker refuses."""
    filled(stage, witness, 105)
    changelog = changelog_name(stage.app_id)
    configure(stage, changelog, cleanup_policy="delete")
    assert cut_head(stage, changelog, 0.6) > 100
    configure(stage, changelog, cleanup_policy="compact")
    refuses(stage, saying=r"changelog.*(restore|new app_id)")


@pytest.mark.parametrize("damage", ["rubbish", "short", "body"])
def test_damaged(stage: Stage, witness: Witness, damage: str) -> None:
    """A record that cannot be right, at the end of the changelog, is refused with what to do."""
    load = filled(stage, witness, 106)
    changelog = changelog_name(stage.app_id)
    ticket = next(iter(load.never))
    good = [m.value() for m in stage.records(changelog) if m.key() == ticket.encode() and m.value()][-1]
    length = header(good)[3]
    values = {
        "rubbish": b"rubbish",
        "short": good[: HEADER_BYTES + length // 2],
        "body": good[:HEADER_BYTES] + b"\xc1" * length + good[HEADER_BYTES + length :],
    }
    write(stage, changelog, [(ticket.encode(), values[damage])])
    began = time.monotonic()
    worker = stage.worker()
    wait_for(
        "it to watch or to end",
        lambda: WATCHING in worker.log_text() or worker.process.poll() is not None,
        REFUSED_WITHIN_S,
    )
    if worker.process.poll() is None:  # it may not have looked into the body yet: an event of the ticket makes it
        stage.produce([event(ticket, 2, "repair.dispatched", now(), to_unit="3201", to_level="city")])
    assert worker.wait_exit(max(1.0, REFUSED_WITHIN_S - (time.monotonic() - began))) != 0
    assert re.search(r"(restore|app_id)", worker.log_text()), worker.log_text()[-3000:]
    assert re.search(r"Changelog|changelog", worker.log_text())
