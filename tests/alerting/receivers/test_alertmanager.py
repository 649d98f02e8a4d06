"""Alertmanager: a real one shows our alerts firing and resolving; replicas, batches and identities by a scripted one."""

import asyncio
import json
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest

from alerting.message import Occasion
from alerting.receivers.alertmanager import BATCH_MAX, STANDS, alert_for
from tests.alerting.receivers.building import CANARY, DUE, NOW, alert, build, message, table_for
from tests.alerting.receivers.real_alertmanager import PATIENCE_S, free_port, missing, running, until
from tests.alerting.receivers.scripted import Script, Scripted


def fetch(url):
    """What the API answers."""
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as response:
        return json.loads(response.read() or b"null")


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """The address of a real Alertmanager that tells nobody."""
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    with running(tmp_path_factory.mktemp("alertmanager")) as address:
        yield address


def tell(urls, *messages, now=None, **settings):
    """Send these messages; the answers."""

    async def run():
        table = table_for("alertmanager", 9, urls=urls, authorization=None, timeout_s=30.0, **settings)
        receiver = build("alertmanager", table)
        answers = [await receiver.send(told, now or datetime.now(UTC)) for told in messages]
        await receiver.close()
        return answers

    return asyncio.run(run())


def shown(real, ticket):
    """The alerts of a ticket that Alertmanager shows as firing."""
    return [one for one in fetch(f"{real}/api/v2/alerts") if one["labels"].get("ticket") == ticket]


@pytest.mark.parametrize("end", ["resolved", "retracted"])
def test_a_real_alertmanager_shows_an_alert_firing_and_ending(real, end):
    """It appears with its labels and annotations, stands as long as we say, and goes when we say so."""
    ticket = f"T-{end}"
    now = datetime.now(UTC)
    (answer,) = tell([real], message(alert(ticket=ticket)), now=now)
    assert (answer.kind, answer.why) == ("sent", "accepted")
    (one,) = until("the alert fires", lambda: shown(real, ticket))
    assert one["status"]["state"] in {"active", "unprocessed"}
    assert one["labels"] == {
        "alertname": "repair/dispatch",
        "alert_id": f"{ticket}/repair/dispatch/95598:e-81/breach",
        "rule": "repair/dispatch",
        "level": "breach",
        "severity": "critical",
        "ticket": ticket,
    }
    assert one["annotations"]["title"] == "抢修工单派发超时"
    assert one["annotations"]["owner"] == "3201"
    ends_at = datetime.fromisoformat(one["endsAt"])
    assert abs(ends_at - (now + STANDS)) < timedelta(milliseconds=2)  # it keeps milliseconds
    (answer,) = tell([real], message(alert(end, ticket=ticket, revision=2)))
    assert answer.kind == "sent"
    until("the alert is over", lambda: not shown(real, ticket))


def test_a_revision_changes_an_alert_and_makes_no_second_one(real):
    """What may change, the owner for example, is no part of what identifies it."""
    tell([real], message(alert(ticket="T-owner")))
    tell([real], message(alert(ticket="T-owner", revision=2, owner="3202", grade="major", urgency="general")))
    (one,) = until(
        "the owner changed", lambda: [o for o in shown(real, "T-owner") if o["annotations"]["owner"] == "3202"]
    )
    assert len(shown(real, "T-owner")) == 1
    assert one["annotations"]["grade"] == "major"


def test_all_open_alerts_are_mirrored_in_batches(real):
    """As many as there are; and again, as every minute, without making more of them."""
    alerts = [alert(ticket=f"M-{i}") for i in range(2 * BATCH_MAX + 7)]
    mirror = message(*alerts, occasion=Occasion.MIRROR)
    answers = tell([real], mirror, mirror)
    assert [answer.kind for answer in answers] == ["sent", "sent"]

    def all_there():
        return sum(one["labels"]["ticket"].startswith("M-") for one in fetch(f"{real}/api/v2/alerts")) == len(alerts)

    until("all alerts are shown", all_there)


def test_whatever_stands_in_an_alert_is_taken(real):
    """Foreign ids may hold anything; one odd alert must not spoil a batch."""
    odd = 'T-"x"\n{a="b"}\t🚒 工单\u202e'
    answers = tell([real], message(alert(ticket=odd, owner="", title={}), alert(ticket="T-beside")))
    assert [answer.kind for answer in answers] == ["sent"]
    until("both are shown", lambda: shown(real, odd) and shown(real, "T-beside"))


def test_nothing_open_is_a_message_too(real):
    """An empty mirror still tells whether Alertmanager can be reached."""
    told = message(occasion=Occasion.MIRROR)
    (answer,) = tell([real], type(told)(told.key, told.occasion, ()))
    assert answer.kind == "sent"


def test_one_replica_that_takes_it_is_enough(real):
    """Every one is told; which one did not take it is said."""
    (answer,) = tell([f"http://127.0.0.1:{free_port()}", real], message(alert(ticket="T-replica")))
    assert answer.kind == "sent"
    assert answer.detail.startswith("1 of 2 replicas took it; no_connection")


def test_every_replica_is_told():
    """They may be unable to tell each other."""

    async def run():
        async with Scripted(Script()) as one, Scripted(Script(503)) as other:
            urls = [f"http://127.0.0.1:{it.port}/prefix/" for it in (one, other)]
            receiver = build("alertmanager", table_for("alertmanager", 9, urls=urls))
            answer = await receiver.send(message(), NOW)
            await receiver.close()
            return answer, one.asked, other.asked

    answer, one, other = asyncio.run(run())
    assert answer.kind == "sent"
    assert len(one) == len(other) == 1
    assert one[0].line.startswith("POST /prefix/api/v2/alerts ")
    assert one[0].headers["authorization"] == f"Bearer {CANARY}"


@pytest.mark.parametrize(
    ("statuses", "kind", "why"), [((503, 400), "retry", "server_error"), ((400, 401), "refused", "malformed")]
)
def test_without_a_yes_a_replica_that_may_still_take_it_counts(statuses, kind, why):
    """Refused is only what all refuse."""

    async def run():
        async with Scripted(Script(statuses[0])) as one, Scripted(Script(statuses[1])) as other:
            urls = [f"http://127.0.0.1:{it.port}" for it in (one, other)]
            receiver = build("alertmanager", table_for("alertmanager", 9, urls=urls))
            answer = await receiver.send(message(), NOW)
            await receiver.close()
            return answer

    answer = asyncio.run(run())
    assert (answer.kind, answer.why) == (kind, why)


def test_a_part_that_is_not_taken_ends_the_attempt():
    """A replica has a mirror as a whole, or is not counted; and a dead one is not asked for each part."""
    alerts = [alert(ticket=str(i)) for i in range(BATCH_MAX + 1)]

    async def run():
        async with Scripted(Script(500)) as it:
            receiver = build("alertmanager", table_for("alertmanager", it.port))
            answer = await receiver.send(message(*alerts, occasion=Occasion.MIRROR), NOW)
            await receiver.close()
            return answer, it.asked

    answer, asked = asyncio.run(run())
    assert answer.kind == "retry"
    assert len(json.loads(asked[0].body)) == BATCH_MAX
    assert len(asked) == 1


def test_an_alert_never_ends_before_it_began():
    """Alertmanager would refuse it, and the batch with it."""
    for status in ("firing", "resolved", "retracted"):
        for level in ("notice", "warning", "breach", "escalation"):
            for due in (None, DUE, NOW + timedelta(hours=1)):
                told = alert_for(alert(status, level, due_at=due), "zh", NOW)
                assert told["startsAt"] <= told["endsAt"]
    assert alert_for(alert(), "zh", NOW)["endsAt"] == NOW + STANDS
    assert alert_for(alert("resolved"), "zh", NOW)["endsAt"] <= NOW
