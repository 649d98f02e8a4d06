"""Whatever the way a ticket's events arrive, the same is said in the end.

Lives are drawn with few distinct times, so that ties are common, and with voids of voids; they are shuffled,
repeated, cut into batches and interleaved with proven silence.
"""

from datetime import datetime, timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from sla import ticket as tickets
from sla.event import Event, order
from sla.publication import Channel, Output
from sla.step import step
from sla.watch import Watch
from tests.sla.lives_of_events import SUBJECT, event, instant, shipped

WATCH = Watch(shipped())
NINE = instant("09:00:00")
TIMES = ("08:00:00", "08:01:00", "08:02:00", "08:02:36", "08:03:00", "08:03:00.000001", "08:06:00")
UNITS = ("unit=NCSC level=national", "unit=32 level=province", "unit=3201 level=city", "level=county", "")
TARGETS = (
    "to_unit=NCSC to_level=national",
    "to_unit=32 to_level=province",
    "to_unit=3201 to_level=city",
    "to_level=county",
)
HUNG_UP = ("", "hung_up_at=07:59:00", "hung_up_at=08:01:00", "hung_up_at=08:03:00")
MODES = ("", "", "mode=1", "mode=2", "mode=3")
IDS = tuple(f"e{number}" for number in range(1, 13))

Delivery = tuple[list[Event], datetime | None]

given_a_life = settings(max_examples=80, deadline=None)
given_many_lives = settings(max_examples=300, deadline=None)


@st.composite
def lines(draw, id_: str, type_: str) -> str:
    """Draw one line of a life."""
    words = [draw(st.sampled_from(TIMES)), id_, type_]
    if type_ == "voided":
        words.append(f"event_id={draw(st.sampled_from(IDS))}")
        words.append(draw(st.sampled_from(("", "event_source=a", "event_source=b"))))
        return " ".join(words)
    if type_ in ("accepted", "corrected"):
        words += [draw(st.sampled_from(HUNG_UP)), draw(st.sampled_from(MODES))]
    if type_ in ("dispatched", "returned"):
        words.append(draw(st.sampled_from(TARGETS)))
    if type_ != "corrected":
        words.append(draw(st.sampled_from(UNITS)))
    return " ".join(words)


@st.composite
def sets_of_events(draw) -> list[Event]:
    """Draw the set of events of one ticket, most often with an acceptance; the sources count apart."""
    types = (
        "accepted",
        "dispatched",
        "dispatched",
        "returned",
        "received",
        "corrected",
        "voided",
        "voided",
        "closed",
    )
    identities = st.tuples(st.sampled_from(IDS), st.sampled_from("ab"))
    events = []
    for id_, source in draw(st.lists(identities, min_size=1, max_size=9, unique=True)):
        type_ = draw(st.sampled_from(types)) if events else draw(st.sampled_from(("accepted", "accepted", "voided")))
        line = draw(lines(id_, type_))
        delay = draw(st.sampled_from((None, 0, 1, 200, 1000)))
        at = None if delay is None else instant(line.split()[0]) + timedelta(seconds=delay)
        events.append(event(line, source, at))
    return events


@st.composite
def deliveries(draw, events: list[Event]) -> list[Delivery]:
    """Draw a way to hear of these events: any order, repeats, batches; silence in between only grows."""
    copies = [told for told in events for _ in range(draw(st.integers(1, 3)))]
    copies = draw(st.one_of(st.just(sorted(copies, key=order)), st.permutations(copies)))
    one_by_one = st.just(list(range(1, len(copies))))
    cuts = draw(st.one_of(one_by_one, st.lists(st.integers(0, len(copies)), max_size=5).map(sorted)))
    borders = zip([0, *cuts], [*cuts, len(copies)], strict=True)
    batches: list[list[Event]] = [copies[start:end] for start, end in borders]
    ticks = draw(st.lists(horizons(), min_size=len(batches), max_size=len(batches)).map(sorted))
    plan: list[Delivery] = []
    for batch, horizon in zip(batches, ticks, strict=True):
        plan.append((batch, None))
        if draw(st.booleans()):
            plan.append(([], horizon))
    plan.append(([], max(draw(horizons()), ticks[-1])))
    return plan


def horizons() -> st.SearchStrategy[datetime]:
    """Draw how far silence is proven: at the edges where clocks and warnings turn, and long after."""
    edges = [instant(text) for text in (*TIMES, "08:04:00", "08:05:24", "08:30:00")]
    beside = st.sampled_from((-1, 0, 1)).map(lambda count: timedelta(microseconds=count))
    return st.one_of(st.just(NINE), st.builds(datetime.__add__, st.sampled_from(edges), beside))


@st.composite
def lives(draw) -> tuple[list[Event], list[Delivery]]:
    """Draw a set of events and a way to hear of it."""
    events = draw(sets_of_events())
    return events, draw(deliveries(events))


def told(plan: list[Delivery], stored: frozenset[int] = frozenset()) -> tuple[bytes | None, list[list[Output]]]:
    """Play a plan; the state goes through its bytes before the steps in `stored`."""
    ticket = None
    outputs = []
    for number, (batch, horizon) in enumerate(plan):
        if ticket is not None and number in stored:
            ticket = tickets.decode(tickets.encode(ticket))
        stepped = step(ticket, SUBJECT, batch, WATCH, horizon)
        assert stepped.refused == []
        assert stepped.changed or not stepped.outputs
        ticket = stepped.ticket
        outputs.append(stepped.outputs)
    return (None if ticket is None else tickets.encode(ticket)), outputs


def last_words(outputs: list[list[Output]]) -> dict[str, dict]:
    """Read back what was said last of each clock and alert; what was taken back was never said."""
    last: dict[str, dict] = {}
    for output in flat(outputs):
        data = msgspec.json.decode(output.value)["data"]
        last[data.get("alert_id", data["clock_id"])] = data
    names = (
        "outcome",
        "status",
        "started_at",
        "due_at",
        "stopped_at",
        "owner",
        "owner_level",
        "limit_seconds",
        "excused",
    )
    kept = {}
    for id_, data in last.items():
        if data["reason"] == "start_withdrawn" or data.get("status") == "retracted":
            continue
        words = {name: data.get(name) for name in names}
        for name in ("started_at", "due_at", "stopped_at"):
            words[name] = words[name] and datetime.fromisoformat(words[name])
        if "outcome" in data:  # why an alert was raised is told as of then; why a clock stands so must agree
            words["reason"] = data["reason"]
        kept[id_] = words
    return kept


def flat(outputs: list[list[Output]]) -> list[Output]:
    """List the outputs of all steps in one row."""
    return [output for said in outputs for output in said]


@given_many_lives
@given(lives())
def test_the_end_is_a_function_of_the_set_of_events(life):
    """However the events arrive, the last words are those of hearing them at once and then waiting as long."""
    events, plan = life
    at_once = [(events, None), ([], plan[-1][1])]
    assert last_words(told(plan)[1]) == last_words(told(at_once)[1])


@given_a_life
@given(lives())
def test_a_batch_may_bring_its_own_silence(life):
    """Events and the silence after them, told in one step, come to the same as told in two."""
    events, plan = life
    horizon = plan[-1][1]
    assert last_words(told([(events, horizon)])[1]) == last_words(told([(events, None), ([], horizon)])[1])


@given_a_life
@given(lives())
def test_one_revision_has_one_content(life):
    """The revisions of an id count 1, 2, 3, and each is published once."""
    _, plan = life
    revisions: dict[str, int] = {}
    for output in flat(told(plan)[1]):
        envelope = msgspec.json.decode(output.value)
        data = envelope["data"]
        id_ = data.get("alert_id", data["clock_id"])
        assert data["revision"] == revisions.get(id_, 0) + 1
        assert envelope["id"] == f"{id_}:{data['revision']}"
        revisions[id_] = data["revision"]


@given_a_life
@given(lives())
def test_the_same_inputs_give_the_same_bytes(life):
    """A replay publishes what was published before, to the byte, and leaves the same state."""
    _, plan = life
    assert told(plan) == told(plan)


@given_a_life
@given(lives(), st.frozensets(st.integers(0, 12)))
def test_a_state_survives_its_bytes(life, stored):
    """Storing and restoring the state before any of the steps changes nothing that is said, and not the state."""
    _, plan = life
    assert told(plan, stored) == told(plan)


@given_a_life
@given(lives())
def test_repeats_of_everything_say_nothing(life):
    """After the end, hearing it all again changes neither the state nor a word."""
    events, plan = life
    state, said = told(plan)
    again, repeated = told([*plan, (events[::-1], None), ([], plan[-1][1])])
    assert again == state
    assert repeated[: len(plan)] == said
    assert flat(repeated[len(plan) :]) == []


@given_a_life
@given(lives())
def test_what_is_published_is_a_cloudevent(life):
    """Each record has the attributes that CloudEvents 1.0 asks for, a time with its offset, and the right key."""
    _, plan = life
    for output in flat(told(plan)[1]):
        envelope = msgspec.json.decode(output.value)
        data = envelope["data"]
        is_verdict = output.channel is Channel.VERDICTS
        assert envelope["specversion"] == "1.0"
        assert envelope["type"] == ("sla.verdict.v1" if is_verdict else "sla.alert.v1")
        assert envelope["source"] == "slawatch"
        assert envelope["datacontenttype"] == "application/json"
        assert envelope["subject"] == data["ticket"] == SUBJECT
        assert output.key == (data["clock_id"] if is_verdict else SUBJECT)
        if "time" in envelope:
            assert datetime.fromisoformat(envelope["time"]).tzinfo is not None


@given_a_life
@given(lives())
def test_nothing_fires_early(life):
    """A clock is called overrun in silence, and a breach fires, only after silence is proven beyond its due time."""
    _, plan = life
    proven = None
    for (_, horizon), said in zip(plan, told(plan)[1], strict=True):
        proven = horizon or proven
        for output in said:
            data = msgspec.json.decode(output.value)["data"]
            fires = data.get("level") == "breach" and data["status"] == "firing"
            if data["reason"] == "not_done" or fires:
                assert proven is not None
                assert proven > datetime.fromisoformat(data["due_at"])


@given_a_life
@given(lives())
def test_verdict_and_alerts_never_disagree(life):
    """A breach stands exactly where the verdict is breached or late, and fires only while nothing has ended it."""
    _, plan = life
    last = last_words(told(plan)[1])
    for id_, words in last.items():
        if "reason" not in words:
            continue
        breach = last.get(f"{id_}/breach", {}).get("status")
        ended = words["outcome"] == "late" or words["reason"] == "closed_after_due"
        assert breach == ("resolved" if ended else "firing" if words["outcome"] == "breached" else None)
