"""Article 12: the core and the second reading say the same of incidents drawn at random, however their events arrive."""

from collections import defaultdict
from datetime import timedelta
from random import Random

import msgspec
import pytest

from cli.rulebook_files import folder, texts
from sla.cloudevent import read
from sla.fact import read as read_fact
from sla.incident import step as incident_step
from sla.publication import Channel
from sla.rulebook import parse
from sla.step import step
from sla.watch import Watch
from tests.second_reading.incidents import ANCHORS, incident
from tests.second_reading.repeated import stands

INCIDENTS = 400
RULES = ("repeated-service", "repeated-quality")


def rulebook(**choices):
    """The shipped rulebook with article 12 on, and other readings of it where asked for."""
    files = texts(folder("sgcc-2014"))
    for name in RULES:
        path = f"complaint/{name}.toml"
        files[path] = files[path].replace("off      = true\n", "")
        for key, value in choices.items():
            before = {"window": 'window       = "anchored"', "first_counts": "first_counts = false"}[key]
            assert before in files[path]
            files[path] = files[path].replace(before, f"{key} = {value}")
    return parse(files)


def of_the_core(events, watch, until, dice=None):
    """How each incident's alerts stand by the core: (customer, incident, months) -> level -> firing or resolved.

    With `dice` events, and the facts they give rise to, come one by one, in any order, some of them twice.
    """
    secret_free = defaultdict(list)
    for event in events:
        raw = msgspec.json.encode(event)
        secret_free[event["subject"]].append(read(raw, watch.rulebook.vocabulary)[1])
    facts = []
    for subject, told in secret_free.items():
        batches = [told]
        if dice is not None:
            dice.shuffle(told)
            batches = [[event] for event in told]
        ticket = None
        for batch in batches:
            result = step(ticket, subject, batch, watch)
            ticket = result.ticket
            facts += [(o.key, read_fact(o.value)) for o in result.outputs if o.channel is Channel.FACTS]
    if dice is not None:
        facts += dice.sample(facts, len(facts) // 3)
        dice.shuffle(facts)
    by_key = defaultdict(list)
    for key, fact in facts:
        by_key[key].append(fact)
    found = {}
    for key, told in by_key.items():
        state, outputs = None, []
        for batch in [told] if dice is None else [[fact] for fact in told]:
            result = incident_step(state, key, batch, watch)
            state = result.incident
            outputs += result.outputs
        outputs += incident_step(state, key, [], watch, until).outputs
        found[key] = {level: status for level, status in standing(outputs).items() if status != "retracted"}
    return found


def standing(outputs):
    """The last status of each level, of the clock that was not withdrawn."""
    last, withdrawn = {}, set()
    revisions = {}
    for output in outputs:
        event = msgspec.json.decode(output.value)
        assert revisions.setdefault(event["id"], output.value) == output.value
        data = event["data"]
        if output.channel is Channel.ALERTS:
            last[data["alert_id"]] = (data["clock_id"], data["status"])
        elif data["reason"] == "start_withdrawn":
            withdrawn.add(data["clock_id"])
        else:
            withdrawn.discard(data["clock_id"])
    return {
        alert_id.rpartition("/")[2]: status
        for alert_id, (clock_id, status) in last.items()
        if clock_id not in withdrawn
    }


def key_of(known, rulebook_, events):
    """The core's key of an incident of the second reading."""
    customer, about, months = known
    event = {"specversion": "1.0", "id": "k", "source": "k", "type": "complaint.accepted", "subject": "k"}
    raw = msgspec.json.encode({**event, "time": ANCHORS[0], "data": {"customer": customer}})
    name = read(raw, rulebook_.vocabulary)[1].data["customer"]
    return f"{name}/{about}/{RULES[0] if months == 2 else RULES[1]}"


@pytest.mark.parametrize(
    ("choices", "reading"),
    [
        ({}, {}),
        ({"first_counts": "true"}, {"first_counts": True}),
        ({"window": '"rolling"'}, {"rolling": True}),
        ({"window": '"rolling"', "first_counts": "true"}, {"rolling": True, "first_counts": True}),
    ],
    ids=["anchored", "the first counts", "rolling", "rolling and the first counts"],
)
def test_core_and_second_reading_agree(choices, reading):
    """Escalation, warning and watch list stand alike, for events in any order, one by one or all at once."""
    book = rulebook(**choices)
    watch = Watch(book.keyed(b"a secret"))
    dice = Random(f"{choices}")
    escalated = 0
    for number in range(INCIDENTS):
        events = incident(dice, number)
        until = max(event["time"] for event in events) + timedelta(days=dice.choice((0, 1, 30, 90, 200, 400)))
        expected = {key_of(k, watch.rulebook, events): v for k, v in stands(events, until, **reading).items()}
        in_order = of_the_core(events, watch, until)
        in_disorder = of_the_core(events, watch, until, Random(number))
        for key in {*expected, *in_order, *in_disorder}:
            assert in_order.get(key, {}) == expected.get(key, {}), (number, key)
            assert in_disorder.get(key, {}) == expected.get(key, {}), (number, key)
        escalated += any("escalation" in levels for levels in expected.values())
    assert escalated > INCIDENTS // 20
