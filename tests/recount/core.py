"""How the core has incidents stand, said in the words of the second reading, so that the two can be compared.

Only tests import this.
"""

from collections import defaultdict

import msgspec

from cli.rulebook_files import folder, texts
from sla.cloudevent import read
from sla.fact import read as read_fact
from sla.incident import step as incident_step
from sla.publication import Channel
from sla.rulebook import parse
from sla.step import step
from tests.second_reading.incidents import ANCHORS

RULES = ("repeated-service", "repeated-quality")
READINGS = {
    "anchored": ({}, {}),
    "the first counts": ({"first_counts": "true"}, {"first_counts": True}),
    "rolling": ({"window": '"rolling"'}, {"rolling": True}),
    "rolling and the first counts": (
        {"window": '"rolling"', "first_counts": "true"},
        {"rolling": True, "first_counts": True},
    ),
}
"""What article 12 may be read as: what the rulebook chooses, and how the second reading is told so."""


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


def facts_of(events, watch, dice=None):
    """What the complaints say of incidents: (key, fact) each, as it was said.

    With `dice` their events come one by one, in any order, and the facts too, some of them twice. The facts are the
    same whichever way article 12 is read.
    """
    by_ticket = defaultdict(list)
    for event in events:
        by_ticket[event["subject"]].append(read(msgspec.json.encode(event), watch.rulebook.vocabulary)[1])
    facts = []
    for subject, told in by_ticket.items():
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
    return facts


def counted(facts, watch, until, *, one_by_one=False):
    """How each incident's alerts stand by the core: key -> level -> firing or resolved."""
    by_key = defaultdict(list)
    for key, fact in facts:
        by_key[key].append(fact)
    found = {}
    for key, told in by_key.items():
        state, outputs = None, []
        for batch in [[fact] for fact in told] if one_by_one else [told]:
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


def keys_of(known, rulebook_):
    """The core's keys of incidents of the second reading, which are (customer, incident, months)."""
    names = {}
    for customer, about, months in known:
        event = {"specversion": "1.0", "id": "k", "source": "k", "type": "complaint.accepted", "subject": "k"}
        raw = msgspec.json.encode({**event, "time": ANCHORS[0], "data": {"customer": customer}})
        name = read(raw, rulebook_.vocabulary)[1].data["customer"]
        names[customer, about, months] = f"{name}/{about}/{RULES[0] if months == 2 else RULES[1]}"
    return names
