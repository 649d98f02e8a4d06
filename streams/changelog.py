"""What the changelog holds, byte by byte: ticket states with their unsent outputs, and two control records.

A state record carries (epoch, step), so that a replay can drop what a worker wrote after it had lost the
partition. The outbox is the exact bytes of the alerts and verdicts of that step: whoever recovers sends them
again unchanged. `streams` only.

    state    key = ticket                  header | state (MessagePack) | outbox (MessagePack)
    control  key = CONTROL_KEY             outputs acknowledged through `acked_step`, next source offset
    claim    key = CLAIM_KEY               a new owner's epoch; records of a lower epoch after it are void
    crash    key = CRASH_KEY               the record at which we failed; the third time it is a dead letter
    operator key = OPERATOR_KEY            like a state: what was said of the partition itself, with its outbox

A tombstone has no body, so it carries its epoch in a header; one without is of any epoch.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zlib import crc32

import msgspec

from sla.publication import Output

CONTROL_KEY = b"\x00control"
CLAIM_KEY = b"\x00claim"
CRASH_KEY = b"\x00crash"
OPERATOR_KEY = b"\x00operator"
"""Subjects hold no control characters, so these can never be a ticket."""

EPOCH_HEADER = "epoch"

_HEADER = struct.Struct(">BIQqII")
HEADER_BYTES = _HEADER.size
_VERSION = 2
NEVER = -1
"""`wake_us` of a ticket that waits for nothing."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_encoder = msgspec.msgpack.Encoder()
_outbox_decoder = msgspec.msgpack.Decoder(list[Output])


class Control(msgspec.Struct, array_like=True):
    """Where a partition stands: everything through `acked_step` is published, sources below `next_offset` are in."""

    epoch: int
    acked_step: int
    next_offset: int
    topic_id: str
    written_at: datetime


class Claim(msgspec.Struct, array_like=True):
    """A worker takes a partition over; `token` tells its own claim from another's."""

    epoch: int
    token: str


class Crash(msgspec.Struct, array_like=True):
    """A record at which this program failed, and how many times in a row."""

    offset: int
    count: int


REMEDY = "the changelog is damaged: restore it, or start under a new app_id to judge the topic anew"


class ChangelogError(Exception):
    """A changelog record that cannot be read; the worker refuses to run on half a state."""


_control_decoder = msgspec.msgpack.Decoder(Control)
_crash_decoder = msgspec.msgpack.Decoder(Crash)
_claim_decoder = msgspec.msgpack.Decoder(Claim)


def microseconds(instant: datetime) -> int:
    """Microseconds since 1970; exact for the instants an event may carry."""
    return round(instant.timestamp() * 1e6)


def instant(us: int) -> datetime:
    """The instant a number of microseconds after 1970."""
    return EPOCH + timedelta(microseconds=us)


def pack(epoch: int, step: int, wake_us: int, state: bytes) -> bytes:
    """A state as it stays in memory: header and state, no outbox."""
    return _HEADER.pack(_VERSION, epoch, step, wake_us, len(state), crc32(state)) + state


def record(stored: bytes, outputs: list[Output]) -> bytes:
    """A state as it goes to the changelog, with the outputs of its step."""
    return stored + _encoder.encode(outputs)


def header(value: bytes) -> tuple[int, int, int, int]:
    """Epoch, step, wake_us and the length of the state. Raises ChangelogError when it is no sound record."""
    try:
        version, epoch, step, wake_us, length, checksum = _HEADER.unpack_from(value)
    except struct.error as error:
        raise ChangelogError(f"a state record of {len(value)} bytes has no header; {REMEDY}") from error
    if version != _VERSION:
        raise ChangelogError(f"a state record has version {version}, this program reads {_VERSION}; {REMEDY}")
    if HEADER_BYTES + length > len(value):
        raise ChangelogError(f"a state record is shorter than its header says; {REMEDY}")
    if crc32(memoryview(value)[HEADER_BYTES : HEADER_BYTES + length]) != checksum:
        raise ChangelogError(f"a state record does not match its checksum; {REMEDY}")
    return epoch, step, wake_us, length


def restamped(stored: bytes, epoch: int, step: int) -> bytes:
    """The same state under another epoch and step."""
    return pack(epoch, step, wake_us_of(stored), stored[HEADER_BYTES:])


def tombstone_headers(epoch: int) -> tuple[tuple[str, bytes], ...]:
    """What tells under which epoch a ticket was forgotten."""
    return ((EPOCH_HEADER, str(epoch).encode()),)


def tombstone_epoch(headers: Iterable[tuple[str, bytes]] | None) -> int | None:
    """The epoch of a tombstone; None when it says none. Raises ChangelogError when it cannot be read."""
    found = dict(headers or ()).get(EPOCH_HEADER)
    if found is None:
        return None
    if not found.isdigit():
        raise ChangelogError(f"the epoch of a tombstone cannot be read; {REMEDY}")
    return int(found)


def wake_us_of(stored: bytes) -> int:
    """When time alone next changes a stored ticket."""
    wake_us: int = _HEADER.unpack_from(stored)[3]
    return wake_us


def outbox(value: bytes, length: int) -> list[Output]:
    """The outputs a state record carries."""
    try:
        return _outbox_decoder.decode(memoryview(value)[HEADER_BYTES + length :])
    except msgspec.DecodeError as error:
        raise ChangelogError(f"the outbox of a state record cannot be read ({error}); {REMEDY}") from error


def decode_crash(raw: bytes) -> Crash:
    """Read the note of a crash."""
    try:
        return _crash_decoder.decode(raw)
    except msgspec.DecodeError as error:
        raise ChangelogError(f"the note of a crash cannot be read ({error}); {REMEDY}") from error


def encode(value: Control | Claim | Crash) -> bytes:
    """A control record as bytes."""
    return _encoder.encode(value)


def decode_control(raw: bytes) -> Control:
    """Read a control record."""
    try:
        return _control_decoder.decode(raw)
    except msgspec.DecodeError as error:
        raise ChangelogError(f"the control record cannot be read ({error}); {REMEDY}") from error


def decode_claim(raw: bytes) -> Claim:
    """Read a claim."""
    try:
        return _claim_decoder.decode(raw)
    except msgspec.DecodeError as error:
        raise ChangelogError(f"the claim cannot be read ({error}); {REMEDY}") from error
