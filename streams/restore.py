"""Taking partitions over: claim them on the changelog, read it through the claim, check that nothing is missing.

The claim comes first and is then read back, so that whatever the former owner wrote before it is seen, and
whatever it writes after it is void for every later reader. The reader knows the end by position, not by the
last record, so a changelog whose tail was compacted away cannot hang it. `streams` only.

    ... | A's states | claim(B, epoch 7) | A, thawed, writes (epoch 6): dropped on replay | B's states ...
"""

from __future__ import annotations

import os
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from sla.publication import Output
from streams.changelog import (
    CLAIM_KEY,
    CONTROL_KEY,
    CRASH_KEY,
    HEADER_BYTES,
    OPERATOR_KEY,
    Claim,
    Control,
    Crash,
    decode_claim,
    decode_control,
    decode_crash,
    encode,
    header,
    outbox,
    record,
    tombstone_epoch,
)
from streams.changelog_reader import ChangelogReader
from streams.crash_points import CrashPoint, passing
from streams.patience import OwnershipLostError, passes, patiently

NOTHING_OWED = len(record(b"", []))
"""Bytes of an outbox that holds nothing."""

Head = tuple[int, int, int, int]
"""Epoch, step, wake_us and length of a stored state (`streams.changelog.header`)."""

LOOK_EVERY_S = 0.05
CLAIM_WITHIN_S = 10.0


class RestoreError(Exception):
    """The state cannot be trusted; the worker refuses to run. The message says what to do."""


class Restored(msgspec.Struct, gc=False):
    """What the changelog says of one partition.

    `states` maps a ticket to header and state; `unsent` holds the outputs of steps that were not acknowledged, in
    order of their steps. `said` is what was said of the partition itself, as it is stored. `voided` are the keys
    whose last record is void: it hides the valid one from compaction, so that must be written again. `through` is
    the changelog offset up to which all this was read. `control` is None for a partition that was never written.
    """

    partition: int
    epoch: int = 0
    step: int = 0
    control: Control | None = None
    crash: Crash | None = None
    states: dict[bytes, bytes] = {}
    unsent: list[tuple[int, bytes, list[Output]]] = []
    said: bytes = b""
    voided: set[bytes] = set()
    through: int = 0
    records: int = 0
    stale: int = 0


class _Replay:
    """Folds the records of one partition in log order.

    A claim counts once its claimant has written anything: whatever a lower epoch wrote after the claim is void then.
    A claim that nothing follows is one of a worker that was no owner any more when it landed, and voids nothing.
    """

    def __init__(self, partition: int, token: str) -> None:
        self.found = Restored(partition=partition, states={}, unsent=[], voided=set())
        self.token = token
        self.claimed = False
        self.contested = False
        self._claim = self._floor = 0  # the last claim, and the last under which something was written
        self._confirmed = True
        self._pending: list[tuple[bytes, bytes | None]] = []
        self._unsent: deque[tuple[int, bytes, bytes]] = deque()

    def take(self, offset: int, key: bytes, value: bytes | None, headers: Any = None) -> None:
        """Fold the next record in; headers matter for tombstones only."""
        found = self.found
        found.records += 1
        found.through = offset + 1
        if key == CLAIM_KEY and value is not None:
            self._on_claim(decode_claim(value))
        elif key == CRASH_KEY and value is not None:
            found.crash = decode_crash(value)
        elif key.startswith(b"\x00") and key not in (CONTROL_KEY, OPERATOR_KEY):
            pass  # a record of another kind, no ticket
        else:
            self._ordered(key, value, headers)

    def _on_claim(self, claim: Claim) -> None:
        self.found.epoch = max(self.found.epoch, claim.epoch)
        self.claimed = self.claimed or claim.token == self.token
        self.contested = self.claimed and claim.token != self.token
        if claim.epoch > self._claim:
            self._resolve()
            self._claim, self._confirmed = claim.epoch, False

    def _resolve(self) -> None:
        """Nothing was written under the last claim: what a lower epoch wrote after it stands."""
        pending, self._pending = self._pending, []
        for key, value in pending:
            self._apply(key, value)

    def _ordered(self, key: bytes, value: bytes | None, headers: Any) -> None:
        head = None
        if value is None:
            epoch = tombstone_epoch(headers)
        elif key == CONTROL_KEY:
            epoch = decode_control(value).epoch
        else:
            head = header(value)
            epoch = head[0]
        if epoch is not None and epoch > self.found.epoch:
            self.found.epoch = epoch
        if epoch is not None and epoch == self._claim and not self._confirmed:
            self._confirmed, self._floor = True, epoch
            self._void(self._pending)
            self._pending.clear()
        if epoch is not None and epoch < self._floor:
            self._void(((key, value),))
        elif not self._confirmed and (epoch is None or epoch < self._claim):
            self._pending.append((key, value))
        else:
            self._apply(key, value, head)

    def _void(self, records: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Records that do not count, and yet are the last of their keys."""
        for key, _ in records:
            self.found.stale += 1
            self.found.voided.add(key)

    def _apply(self, key: bytes, value: bytes | None, head: Head | None = None) -> None:
        """Let a record count; `head` is what its header says, where that is known."""
        found = self.found
        found.voided.discard(key)
        if value is None:
            found.states.pop(key, None)
        elif key == CONTROL_KEY:
            control = decode_control(value)
            found.control = control
            found.step = max(found.step, control.acked_step)
            while self._unsent and self._unsent[0][0] <= control.acked_step:
                self._unsent.popleft()  # published; steps only grow along the log
        else:
            _, step, _, length = head or header(value)
            found.step = max(found.step, step)
            found.states[key] = value[: HEADER_BYTES + length]
            if len(value) > HEADER_BYTES + length + NOTHING_OWED:
                self._unsent.append((step, key, value))

    def finish(self) -> Restored:
        """The partition's state; what is forgotten is gone, outputs not yet acknowledged are kept."""
        if self.claimed:
            self._void(self._pending)  # as soon as we write anything
        else:
            self._resolve()
        for step, key, value in self._unsent:
            outputs = outbox(value, header(value)[3])
            if outputs:
                self.found.unsent.append((step, key, outputs))
        self._unsent.clear()
        self.found.said = self.found.states.pop(OPERATOR_KEY, b"")
        self.found.voided.discard(CONTROL_KEY)  # it is written anew all the time
        return self.found


def restore(
    settings: Mapping[str, Any],
    changelog: str,
    partitions: Sequence[int],
    *,
    still_owned: Callable[[], bool],
    may_write: Callable[[], bool],
    deadline_s: float,
    accept_loss: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> dict[int, Restored]:
    """Claim partitions and read their state; blocking, so call it in a thread.

    Raises RestoreError when the state cannot be read within `deadline_s` or not at all, OwnershipLostError when
    `still_owned` turns false. Claims are only made while `may_write`.
    """
    token = (
        f"{socket.gethostname()}/{os.getpid()}/{time.monotonic_ns()}"  # names this attempt, nothing derives from it
    )
    replays = {number: _Replay(number, token) for number in partitions}
    until = time.monotonic() + deadline_s
    with ChangelogReader(settings, changelog) as reader:
        lows = reader.beginnings(partitions, until, still_owned)
        for n, low in lows.items():
            _complete(changelog, n, low, accept_loss=accept_loss)
        reader.begin(lows)
        pending = set(partitions)
        _read(reader, replays, lambda: not pending, pending, until, still_owned, progress)
        for _ in range(5):
            unclaimed = [n for n, replay in replays.items() if not replay.claimed or replay.contested]
            if not unclaimed:
                break
            while still_owned() and not may_write() and time.monotonic() < until:
                time.sleep(LOOK_EVERY_S)  # the group has not heard of us lately: we may be nobody's owner
            if not still_owned():
                raise OwnershipLostError
            owed = {n: replays[n] for n in unclaimed}
            patiently(partial(_claim, settings, changelog, owed), until, still_owned)
            done = lambda left=unclaimed: all(replays[n].claimed for n in left)  # noqa: E731
            _read(reader, replays, done, set(), until, still_owned, progress)
    passing(CrashPoint.DURING_RECOVERY)
    return {number: replay.finish() for number, replay in replays.items()}


def _complete(changelog: str, number: int, low: int, *, accept_loss: bool) -> None:
    if low > 0 and not accept_loss:  # compaction never moves the beginning; somebody deleted records
        raise RestoreError(
            f"{changelog}, partition {number}: the records below {low} are gone, and with them part of the state; "
            "restore the changelog, or start under a new app_id to judge the topic anew"
        )


def _claim(settings: Mapping[str, Any], changelog: str, replays: Mapping[int, _Replay]) -> None:
    # Not idempotent: a claim may well be there twice, and asking for a producer id takes half a second.
    producer = Producer({**settings, "acks": "all", "linger.ms": 0, "message.timeout.ms": int(CLAIM_WITHIN_S * 1000)})
    errors: list[KafkaError] = []

    def delivered(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            errors.append(error)

    for number, replay in replays.items():
        replay.claimed = replay.contested = False
        claim = Claim(epoch=replay.found.epoch + 1, token=replay.token)
        producer.produce(changelog, encode(claim), CLAIM_KEY, partition=number, on_delivery=delivered)
    left = producer.flush(CLAIM_WITHIN_S + 5)
    if left or any(passes(error) for error in errors):
        raise KafkaException(errors[0] if errors else KafkaError(KafkaError._MSG_TIMED_OUT))
    if errors:
        raise RestoreError(
            f"the partitions could not be claimed on the changelog: {'; '.join(error.str() for error in errors)}; "
            f"check that the worker may write to {changelog}"
        )


def _read(
    reader: ChangelogReader,
    replays: Mapping[int, _Replay],
    done: Callable[[], bool],
    pending: set[int],
    until: float,
    still_owned: Callable[[], bool],
    progress: Callable[[int], None],
) -> None:
    """Read until `done`; partitions leave `pending` when their end is reached."""
    records = 0
    while not done():
        if not still_owned():
            raise OwnershipLostError
        if time.monotonic() > until:
            raise RestoreError(
                f"the state was not read in time ({records} records so far); "
                "check the brokers, or raise restore_deadline"
            )
        messages, ended = reader.read()
        for message in messages:
            value = message.value()
            headers = message.headers() if value is None else None
            replays[message.partition()].take(message.offset(), message.key() or b"", value, headers)
        pending.difference_update(ended)
        records += len(messages)
        progress(len(messages))
