"""Records that are none of ours: each is refused, and why is told without a word of what they hold."""

import json

import pytest

from alerting.alert import AlertUnreadable, read_alert
from alerting.command import CommandUnreadable
from alerting.command import decode as read_command
from alerting.handover import OpenClocks, VerdictUnreadable
from alerting.record import RecordUnreadable
from alerting.record import decode as read_record
from tests.alerting.making import NOW

PERSON = "欧阳金丝雀 ' 13912345678"
READERS = [
    (lambda raw: read_alert(raw, NOW), AlertUnreadable),
    (lambda raw: read_command(raw, NOW), CommandUnreadable),
    (read_record, RecordUnreadable),
    (lambda raw: OpenClocks(NOW).take(raw), VerdictUnreadable),
]
ENVELOPE = {"specversion": "1.0", "id": PERSON, "type": PERSON, "subject": PERSON, "time": NOW.isoformat()}
ONES = {
    "alert_id": "a", "revision": 1, "receiver": "r", "step": "first", "reason": "x", "status": "firing",
    "at": NOW.isoformat(), "by": "x", "rule": "r", "level": "breach",
}  # fmt: skip
RECORDS = {
    "no UTF-8": b'{"id": "\xff\xfe"}',
    "no UTF-8 in a name": b'{"\xff": 1}',
    "no JSON": PERSON.encode(),
    "nested without end": b'{"data": ' + b"[" * 60_000,
    "a time that is none": json.dumps(ENVELOPE | {"time": PERSON}).encode(),
    "a body that is none": json.dumps(ENVELOPE | {"data": PERSON}).encode(),
    "a word that is none": json.dumps(
        ENVELOPE | {"data": ONES | {"verb": PERSON, "outcome": PERSON, "kind": PERSON}}
    ).encode(),
}


@pytest.mark.parametrize("raw", RECORDS.values(), ids=RECORDS)
@pytest.mark.parametrize(("read", "refused"), READERS, ids=["alert", "command", "record", "verdict"])
def test_what_cannot_be_read_is_refused_without_quoting_it(read, refused, raw):
    """By an error of its own, whatever the bytes are: one record must not end a notifier."""
    with pytest.raises(refused) as told:
        read(raw)
    assert not any(part in str(told.value) for part in PERSON.split())
