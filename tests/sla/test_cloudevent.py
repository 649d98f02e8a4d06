"""Bytes become an event, or are refused with a reason: the table of reasons, and bytes drawn at random."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sla import ticket as tickets
from sla.cloudevent import BYTES_MAX, Fault, Refused, UnknownType, read
from sla.step import step
from sla.watch import Watch
from tests.sla.lives_of_events import SUBJECT, shipped

VOCABULARY = shipped().vocabulary
APPENDED_AT = datetime(2026, 11, 23, 0, 0, 1, tzinfo=UTC)

CANARY = "canary-13901234567"
"""A value that stands for a person; no refusal may repeat it."""

GOOD = {
    "specversion": "1.0",
    "id": "e-81",
    "source": "95598/ncsc",
    "type": "repair.accepted",
    "subject": SUBJECT,
    "time": "2026-11-23T08:00:00+08:00",
    "data": {"unit": "NCSC", "level": "national", "mode": 1, "customer": CANARY, "reason": CANARY},
}


def raw(*without, **told):
    """Write the good event, changed or without some attributes."""
    return msgspec.json.encode({name: value for name, value in (GOOD | told).items() if name not in without})


def about(**data):
    """Write the good event with other data."""
    return raw(data={"customer": CANARY, **data})


def refusal(value, **more) -> Refused:
    """Read what must be refused."""
    with pytest.raises(Refused) as caught:
        read(value, VOCABULARY, **more)
    return caught.value


REFUSED = {
    "no value": (None, Fault.NULL_VALUE),
    "more than 64 KiB": (raw(data={"reason": CANARY * (BYTES_MAX // len(CANARY))}), Fault.TOO_LARGE),
    "nothing": (b"", Fault.BAD_JSON),
    "no JSON": (CANARY.encode(), Fault.BAD_JSON),
    "cut off": (raw()[:-1], Fault.BAD_JSON),
    "two values": (raw() + raw(), Fault.BAD_JSON),
    "no UTF-8": (raw().replace(b"NCSC", b"NC\xff\xfe"), Fault.BAD_JSON),
    "half a surrogate pair": (raw().replace(b"NCSC", b"\\ud800"), Fault.BAD_JSON),
    "not a number": (raw().replace(b'"mode":1', b'"mode":NaN'), Fault.BAD_JSON),
    "infinity": (raw().replace(b'"mode":1', b'"mode":-Infinity'), Fault.BAD_JSON),
    "beyond any number": (raw().replace(b'"mode":1', b'"mode":1e999'), Fault.BAD_JSON),
    "lists without end": (b"[" * 60_000, Fault.BAD_JSON),
    "objects without end": (b'{"data":' * 8_000, Fault.BAD_JSON),
    "deep, but closed": (raw(data=0).replace(b":0}", b":" + b"[" * 9_000 + b"]" * 9_000 + b"}"), Fault.BAD_JSON),
    "a list": (b"[" + raw() + b"]", Fault.NOT_CLOUDEVENT),
    "a JSON null": (b"null", Fault.NOT_CLOUDEVENT),
    "a text": (msgspec.json.encode(CANARY), Fault.NOT_CLOUDEVENT),
    "no specversion": (raw("specversion"), Fault.NOT_CLOUDEVENT),
    "another specversion": (raw(specversion="0.3"), Fault.NOT_CLOUDEVENT),
    "no id": (raw("id"), Fault.NOT_CLOUDEVENT),
    "an empty id": (raw(id=""), Fault.NOT_CLOUDEVENT),
    "a number for an id": (raw(id=81), Fault.NOT_CLOUDEVENT),
    "an id too long": (raw(id=CANARY * 20), Fault.NOT_CLOUDEVENT),
    "a line break in the id": (raw(id=f"{CANARY}\n"), Fault.NOT_CLOUDEVENT),
    "a NUL in the source": (raw(source=f"{CANARY}\0"), Fault.NOT_CLOUDEVENT),
    "no source": (raw("source"), Fault.NOT_CLOUDEVENT),
    "no type": (raw("type"), Fault.NOT_CLOUDEVENT),
    "a list for a type": (raw(type=[CANARY]), Fault.NOT_CLOUDEVENT),
    "a subject too long": (raw(subject=CANARY * 20), Fault.NOT_CLOUDEVENT),
    "a number for a subject": (raw(subject=2026112300017), Fault.NOT_CLOUDEVENT),
    "an escape in the subject": (raw(subject=f"{CANARY}\x1b[2J"), Fault.NOT_CLOUDEVENT),
    "no subject": (raw("subject"), Fault.NO_SUBJECT),
    "an empty subject": (raw(subject=""), Fault.NO_SUBJECT),
    "a subject that is null": (raw(subject=None), Fault.NO_SUBJECT),
    "no time": (raw("time"), Fault.BAD_TIME),
    "a text for a time": (raw(time=CANARY), Fault.BAD_TIME),
    "a date for a time": (raw(time="2026-11-23"), Fault.BAD_TIME),
    "a count of seconds for a time": (raw(time=1_795_000_000), Fault.BAD_TIME),
    "the 31st of February": (raw(time="2026-02-31T08:00:00+08:00"), Fault.BAD_TIME),
    "a time without an offset": (raw(time="2026-11-23T08:00:00"), Fault.NAIVE_TIME),
    "the last century": (raw(time="1999-12-31T23:59:59Z"), Fault.ABSURD_TIME),
    "the year one, east": (raw(time="0001-01-01T00:00:00+14:00"), Fault.ABSURD_TIME),
    "the year 9999, west": (raw(time="9999-12-31T23:59:59-12:00"), Fault.ABSURD_TIME),
    "a day and a second ahead": (raw(time="2026-11-24T00:00:02Z"), Fault.ABSURD_TIME),
    "no object for data": (raw(data=CANARY), Fault.BAD_DATA),
    "data that is null": (raw(data=None), Fault.BAD_DATA),
    "nested data": (about(unit={"name": CANARY}), Fault.BAD_DATA),
    "a list in the data": (about(unit=[CANARY]), Fault.BAD_DATA),
    "an enum without that value": (about(level=CANARY), Fault.BAD_ATTRIBUTE),
    "a mode that is no mode": (about(mode=4), Fault.BAD_ATTRIBUTE),
    "a mode as text": (about(mode="1"), Fault.BAD_ATTRIBUTE),
    "a mode that is true": (about(mode=True), Fault.BAD_ATTRIBUTE),
    "a code that is a number": (about(unit=3201), Fault.BAD_ATTRIBUTE),
    "a code that is empty": (about(unit=""), Fault.BAD_ATTRIBUTE),
    "a code too long": (about(unit=CANARY * 20), Fault.BAD_ATTRIBUTE),
    "a boolean that is a number": (about(reached=1), Fault.BAD_ATTRIBUTE),
    "an instant that is a text": (about(hung_up_at=CANARY), Fault.BAD_ATTRIBUTE),
    "an instant without an offset": (about(hung_up_at="2026-11-23T08:00:00"), Fault.BAD_ATTRIBUTE),
    "an instant at the end of all days": (about(hung_up_at="9999-12-31T23:59:59Z"), Fault.BAD_ATTRIBUTE),
    "an instant before all days": (about(hung_up_at="0001-01-01T00:00:00+14:00"), Fault.BAD_ATTRIBUTE),
}


@pytest.mark.parametrize(("value", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_event_is_refused_for_its_reason(value, reason):
    """Each fault has its name, a sentence a person can act on, and repeats nothing of what it read."""
    refused = refusal(value, appended_at=APPENDED_AT)
    assert refused.reason is reason
    assert len(refused.detail) > 10
    assert str(refused) == f"{reason}: {refused.detail}"
    assert CANARY not in str(refused)


def test_the_table_knows_every_reason():
    """Only the key of a record is not the reader's to judge."""
    assert {reason for _, reason in REFUSED.values()} == set(Fault) - {Fault.WRONG_KEY}


def test_a_good_event_is_read():
    """Time in UTC, attributes the vocabulary keeps, nothing of a person or in free words."""
    subject, event = read(raw(), VOCABULARY, appended_at=APPENDED_AT)
    assert subject == SUBJECT
    assert (event.id, event.source, event.type) == ("e-81", "95598/ncsc", "repair.accepted")
    assert event.time.isoformat() == "2026-11-23T00:00:00+00:00"
    assert event.data == {"unit": "NCSC", "level": "national", "mode": 1}
    assert event.appended_at == APPENDED_AT
    assert CANARY not in repr(event)


@pytest.mark.parametrize(
    "value",
    [
        raw("data"),
        raw(specversion="1.1"),
        raw(datacontenttype="application/json", traceparent="00-ab-cd-01"),
        raw(data={"of another desk": "yes", "count": 10**30}),
        raw(time="2026-11-23T08:00:00.123456789+08:00"),
        raw(subject="工单-17"),
    ],
)
def test_what_a_source_may_add_or_leave_out(value):
    """Extensions, attributes nobody declared, no data at all and names in Chinese are fine."""
    _, event = read(value, VOCABULARY)
    assert event.data == {} or event.data["unit"] == "NCSC"


def test_a_day_ahead_is_not_yet_absurd():
    """Clocks that run ahead are borne for 24 hours; over history there is nothing to compare with."""
    assert read(raw(time="2026-11-24T00:00:01Z"), VOCABULARY, appended_at=APPENDED_AT)
    assert read(raw(time="2199-01-01T00:00:00Z"), VOCABULARY)


def test_an_instant_is_kept_in_utc():
    """However it was written, an instant is one value, in the state and in what is published of it."""
    _, event = read(about(hung_up_at="2026-11-23T08:01:00+08:00"), VOCABULARY)
    assert event.data["hung_up_at"].isoformat() == "2026-11-23T00:01:00+00:00"


def test_an_enum_keeps_its_own_value():
    """JSON writers that know one kind of number send 1.0; the mode is 1."""
    _, event = read(about(mode=1.0), VOCABULARY)
    assert repr(event.data["mode"]) == "1"


def test_an_unknown_type_is_no_fault():
    """It is told apart, with its name, so that it can be counted."""
    with pytest.raises(UnknownType) as caught:
        read(raw(type="meter.read"), VOCABULARY)
    assert caught.value.type == "meter.read"


def test_an_unknown_type_is_still_an_event():
    """What is no CloudEvent is refused whatever its type."""
    assert refusal(raw(type="meter.read", time="2026-11-23T08:00:00")).reason is Fault.NAIVE_TIME


# -- binary mode -----------------------------------------------------------------------------------------------


def headers(*without, **told):
    """Give the good event's attributes as headers, changed or without some."""
    names = {f"ce_{name}": value.encode() for name, value in GOOD.items() if name != "data"}
    return [(name, value) for name, value in (names | told).items() if name not in without]


DATA = msgspec.json.encode(GOOD["data"])

BAD_HEADERS = {
    "no subject": (headers("ce_subject"), DATA, Fault.NO_SUBJECT),
    "an empty subject": (headers(ce_subject=b""), DATA, Fault.NO_SUBJECT),
    "no id": (headers("ce_id"), DATA, Fault.NOT_CLOUDEVENT),
    "an empty id": (headers(ce_id=b""), DATA, Fault.NOT_CLOUDEVENT),
    "no source": (headers("ce_source"), DATA, Fault.NOT_CLOUDEVENT),
    "no type": (headers("ce_type"), DATA, Fault.NOT_CLOUDEVENT),
    "no UTF-8": (headers(ce_id=CANARY.encode() + b"\xff"), DATA, Fault.NOT_CLOUDEVENT),
    "a header that is null": (headers(ce_id=None), DATA, Fault.NOT_CLOUDEVENT),
    "another specversion": (headers(ce_specversion=b"2.0"), DATA, Fault.NOT_CLOUDEVENT),
    "a control character": (headers(ce_id=b"e\r1"), DATA, Fault.NOT_CLOUDEVENT),
    "no time": (headers("ce_time"), DATA, Fault.BAD_TIME),
    "a text for a time": (headers(ce_time=CANARY.encode()), DATA, Fault.BAD_TIME),
    "a time without an offset": (headers(ce_time=b"2026-11-23T08:00:00"), DATA, Fault.NAIVE_TIME),
    "an absurd time": (headers(ce_time=b"2300-01-01T00:00:00Z"), DATA, Fault.ABSURD_TIME),
    "no JSON": (headers(), CANARY.encode(), Fault.BAD_JSON),
    "no UTF-8 in the value": (headers(), b'{"unit":"\xff"}', Fault.BAD_JSON),
    "a list": (headers(), b"[]", Fault.BAD_DATA),
    "nested data": (headers(), b'{"unit":{"a":1}}', Fault.BAD_DATA),
    "depth without end": (headers(), b'{"a":' * 10_000, Fault.BAD_DATA),
    "a wrong attribute": (headers(), b'{"level":"canary-13901234567"}', Fault.BAD_ATTRIBUTE),
    "no value": (headers(), None, Fault.NULL_VALUE),
    "more than 64 KiB": (headers(), b" " * (BYTES_MAX + 1), Fault.TOO_LARGE),
}


def test_binary_mode_reads_the_same_event():
    """Headers with the attributes and the value with the data give the event that structured mode gives."""
    assert read(DATA, VOCABULARY, headers=headers()) == read(raw(), VOCABULARY)


def test_header_names_may_be_in_capitals_and_others_ride_along():
    """Names are compared without case, and a header that is no attribute says nothing."""
    told = [(name.upper(), value) for name, value in headers()] + [("trace", b"\xff"), ("content-type", b"x")]
    assert read(DATA, VOCABULARY, headers=told) == read(raw(), VOCABULARY)


def test_binary_mode_without_a_value_has_no_data():
    """An empty value is an event without attributes."""
    _, event = read(b"", VOCABULARY, headers=headers())
    assert event.data == {}


@pytest.mark.parametrize(("told", "value", "reason"), BAD_HEADERS.values(), ids=BAD_HEADERS)
def test_a_bad_header_is_refused_for_its_reason(told, value, reason):
    """The same reasons as in structured mode, and as silent about values."""
    refused = refusal(value, headers=told)
    assert refused.reason is reason
    assert CANARY not in str(refused)


# -- anything at all -------------------------------------------------------------------------------------------

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
    st.sampled_from(["1.0", "repair.accepted", "2026-11-23T08:00:00Z", "0001-01-01T00:00:00+23:59", "national"]),
    st.datetimes(timezones=st.timezones()).map(datetime.isoformat),
)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)
NAMES = st.sampled_from(sorted(VOCABULARY.attributes))


@st.composite
def almost_events(draw):
    """Draw an event with a few attributes replaced by anything, and data of any kind under known names."""
    told = GOOD | {"data": draw(st.dictionaries(NAMES, SCALARS, max_size=4))}
    told |= draw(st.dictionaries(st.sampled_from(sorted(GOOD)), JSON, max_size=2))
    return msgspec.json.encode({name: value for name, value in told.items() if draw(st.integers(0, 19))})


@st.composite
def broken_bytes(draw):
    """Draw a good event with some of its bytes overwritten."""
    value = bytearray(raw())
    for at in draw(st.lists(st.integers(0, len(value) - 1), min_size=1, max_size=4)):
        value[at] = draw(st.integers(0, 255))
    return bytes(value)


def read_or_refused(value, **more):
    """Read a value; anything but an event, a refusal or an unknown type is a bug."""
    try:
        return read(value, VOCABULARY, **more)
    except (Refused, UnknownType):
        return None


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(), broken_bytes(), almost_events(), JSON.map(msgspec.json.encode)))
def test_no_bytes_crash_the_reader(value):
    """Any value is an event, refused, or of an unknown type; an event can be judged and stored."""
    found = read_or_refused(value, appended_at=APPENDED_AT)
    if found is not None:
        subject, event = found
        stepped = step(None, subject, [event], Watch(shipped()))
        assert tickets.decode(tickets.encode(stepped.ticket)) == stepped.ticket


@settings(max_examples=200, deadline=None)
@given(
    st.binary(),
    st.lists(st.tuples(st.sampled_from([name for name, _ in headers()]), st.one_of(st.none(), st.binary()))),
)
def test_no_headers_crash_the_reader(value, told):
    """Whatever the headers say, the reader answers with an event or a reason."""
    read_or_refused(value, headers=[*headers(), *told])


# -- fingerprint -----------------------------------------------------------------------------------------------


def test_a_fingerprint_depends_on_everything_else():
    """Another type, time or value, in an attribute nobody keeps too, is other content."""
    plain = read(raw(), VOCABULARY)[1].digest
    for other in (
        raw(type="repair.urged"),
        raw(time="2026-11-23T08:00:00.000001+08:00"),
        about(unit="NCSC"),
        raw(data=GOOD["data"] | {"reason": "another"}),
    ):
        assert read(other, VOCABULARY)[1].digest != plain
    assert read(raw(time="2026-11-23T00:00:00Z"), VOCABULARY)[1].digest == plain, "the same instant"
