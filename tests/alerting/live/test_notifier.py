"""A notifier on a real Kafka with a real Redis: who hears what, once, and what survives."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from confluent_kafka import Consumer, KafkaException
from redis.asyncio import Redis

from alerting.answer import Answer, Class, Why
from alerting.command import Command, Verb
from alerting.notifier import Notifier
from alerting.record import END, FIRST, Outcome
from tests.alerting.live.stage import DeliveryStage, Scripted, running, until
from tests.alerting.making import alert, plan

ONCE = plan((FIRST, 0, ("robot",)))


def outcomes(notifier: Notifier) -> set[Outcome]:
    """How the steps it knows of have ended."""
    cases = (case for desk in notifier.office.desks.values() for case in desk.cases.values())
    return {done.outcome for case in cases for done in case.done.values()}


def test_each_breach_is_told_once_and_its_end_to_whoever_heard_it(delivery: DeliveryStage) -> None:
    """A resolution that nobody heard the breach of is told to nobody."""

    async def story() -> None:
        robot = Scripted()
        async with running(delivery.notifier(lambda _: ONCE, {"robot": robot})):
            delivery.put(*(alert(f"t{n}") for n in range(3)), alert("born-resolved", status="resolved"))
            await until(lambda: len(robot.heard) == 3, "three breaches are told")
            delivery.put(alert("t1", 2, "resolved"), alert("t2", 2, "retracted"))
            await until(lambda: len(robot.heard) == 5, "two ends are told")
        assert len(set(robot.told())) == 5
        assert sorted(key for key in robot.told() if key.endswith(END)) == [
            f"{name}/repair/dispatch/95598/e-1/breach:2/robot/{END}" for name in ("t1", "t2")
        ]

    asyncio.run(story())
    assert {told.outcome for told in delivery.records()} == {Outcome.SENT}
    assert len(delivery.records()) == 5


def test_after_a_restart_nothing_is_told_again_and_what_was_missed_is(delivery: DeliveryStage) -> None:
    """Also when Redis has lost everything in between."""

    async def story() -> None:
        first, second = Scripted(), Scripted()
        async with running(delivery.notifier(lambda _: ONCE, {"robot": first})):
            delivery.put(*(alert(f"t{n}") for n in range(20)))
            await until(lambda: sum(len(message.alerts) for _, message in first.heard) == 20, "all are told")
        delivery.redis.stop()
        delivery.redis.start()
        delivery.put(alert("t3", 2, "resolved"), alert("new"))
        async with running(delivery.notifier(lambda _: ONCE, {"robot": second})):
            await until(lambda: len(second.heard) == 2, "one end and one breach are told")
            await asyncio.sleep(1)
        assert sorted(message.alert.subject for _, message in second.heard) == ["new", "t3"]

    asyncio.run(story())


def test_without_redis_alerts_go_out_and_say_so(delivery: DeliveryStage) -> None:
    """Whether it is gone or hangs."""

    async def story() -> None:
        robot = Scripted()
        async with running(delivery.notifier(lambda _: ONCE, {"robot": robot})):
            delivery.put(alert("before"))
            await until(lambda: len(robot.heard) == 1, "told with Redis")
            delivery.redis.freeze()
            delivery.put(alert("hangs"))
            await until(lambda: len(robot.heard) == 2, "told while Redis hangs")
            delivery.redis.thaw()
            delivery.redis.stop()
            delivery.put(alert("gone"))
            await until(lambda: len(robot.heard) == 3, "told without Redis")
        assert [message.degraded for _, message in robot.heard] == [False, True, True]

    asyncio.run(story())
    assert [told.dedupe for told in sorted(delivery.records(), key=lambda told: told.at)] == [
        "ok",
        "degraded",
        "degraded",
    ]


def test_a_redis_that_goes_and_comes_is_noticed_with_nothing_to_tell(delivery: DeliveryStage) -> None:
    """In a quiet night too, so that whoever is on duty mends it before it matters, and is not called back for nothing."""

    async def story() -> None:
        notifier = delivery.notifier(lambda _: ONCE, {"robot": Scripted()})
        says = lambda: notifier.metrics.registry.get_sample_value("sla_notify_degraded")  # noqa: E731
        async with running(notifier):
            delivery.redis.stop()
            await until(lambda: says() == 1, "Redis is missed")
            delivery.redis.start()
            await until(lambda: says() == 0, "Redis is found again")

    asyncio.run(story())


def test_a_redis_that_answers_and_takes_nothing_is_missed(delivery: DeliveryStage) -> None:
    """One that is full, or was made a replica: a claim there is none, so messages may come twice."""

    async def story() -> None:
        notifier = delivery.notifier(lambda _: ONCE, {"robot": Scripted()})
        says = lambda: notifier.metrics.registry.get_sample_value("sla_notify_degraded")  # noqa: E731
        redis = Redis.from_url(delivery.redis.url)
        async with running(notifier):
            await redis.config_set("maxmemory-policy", "noeviction")
            await redis.config_set("maxmemory", 1)
            await until(lambda: says() == 1, "it is missed")
            assert await redis.ping()
            await redis.config_set("maxmemory", 0)
            await until(lambda: says() == 0, "it is found again")
        await redis.aclose()

    asyncio.run(story())


def test_nobody_acknowledged_so_the_next_step_hears_it_and_an_acknowledgement_ends_that(
    delivery: DeliveryStage,
) -> None:
    """Two alerts, one acknowledged."""
    steps = plan((FIRST, 0, ("robot",)), ("route/1", 0.1, ("boss",)))

    async def story() -> None:
        robot, boss = Scripted(), Scripted()
        notifier = delivery.notifier(lambda _: steps, {"robot": robot, "boss": boss})
        async with running(notifier):
            delivery.put(alert("seen", at=datetime.now(UTC)), alert("unseen", at=datetime.now(UTC)))
            await until(lambda: len(robot.heard) == 2, "both are told")
            delivery.ask(Command(verb=Verb.ACKNOWLEDGE, by="Wang", target="seen"))
            await until(lambda: len(boss.heard) == 1, "the next step hears one")
            await until(lambda: Outcome.MUTED in outcomes(notifier), "the step of the other is kept")
        assert [message.alert.subject for _, message in boss.heard] == ["unseen"]

    asyncio.run(story())
    muted = [told for told in delivery.records() if told.outcome is Outcome.MUTED]
    assert [(told.alert_id.split("/")[0], told.reason) for told in muted] == [("seen", "acknowledged")]


def test_a_silence_holds_back_what_fits_it_until_it_ends(delivery: DeliveryStage) -> None:
    """It is told then, since it still fires."""

    async def story() -> None:
        robot = Scripted()
        end = datetime.now(UTC) + timedelta(seconds=6)
        silence = Command(verb=Verb.SILENCE, by="Li", target="quiet", name="s1", reason="works", until=end)
        notifier = delivery.notifier(lambda _: ONCE, {"robot": robot})
        async with running(notifier):
            delivery.ask(silence)
            await until(lambda: "s1" in notifier.office.silences, "the silence is known")
            delivery.put(alert("quiet"), alert("loud"))
            await until(lambda: len(robot.heard) == 1, "one is told")
            assert robot.heard[0][1].alert.subject == "loud"
            await until(lambda: len(robot.heard) == 2, "the other is told at the end of the silence")
            assert robot.heard[1][0] >= end

    asyncio.run(story())


def test_a_receiver_that_hangs_delays_no_other(delivery: DeliveryStage) -> None:
    """Each has a courier of its own."""
    both = plan((FIRST, 0, ("robot", "stuck")))

    async def story() -> None:
        robot, stuck = Scripted(), Scripted()
        stuck.hang.clear()
        async with running(delivery.notifier(lambda _: both, {"robot": robot, "stuck": stuck})):
            delivery.put(*(alert(f"t{n}") for n in range(3)))
            await until(lambda: len(robot.heard) == 3, "the other receiver hears all")
            assert stuck.heard == []
            stuck.hang.set()
            await until(lambda: len(stuck.heard) == 3, "and so does the one that hung")

    asyncio.run(story())


def test_a_refused_message_is_dead_and_can_be_delivered_anew_under_the_same_key(delivery: DeliveryStage) -> None:
    """Somebody has mended the receiver in between."""

    async def story() -> None:
        robot = Scripted(lambda _: Answer(Class.REFUSED, Why.NOT_AUTHORISED, 401))
        notifier = delivery.notifier(lambda _: ONCE, {"robot": robot})
        async with running(notifier):
            delivery.put(alert("t1"))
            await until(lambda: Outcome.DEAD in outcomes(notifier), "refused")
            robot.answer = Scripted().answer
            delivery.ask(Command(verb=Verb.REDELIVER, by="Zhao", target="t1"))
            await until(lambda: len(robot.heard) == 2, "delivered")
        assert len(set(robot.told())) == 1

    asyncio.run(story())
    assert [told.outcome for told in delivery.records()] == [Outcome.DEAD, Outcome.SENT]


def test_what_is_no_alert_is_put_aside_with_its_place_and_the_reason(delivery: DeliveryStage) -> None:
    """In the headers of all dead letters; its own are kept, but for those."""

    async def story() -> None:
        robot = Scripted()
        notifier = delivery.notifier(lambda _: ONCE, {"robot": robot})
        async with running(notifier):
            delivery.put_raw(b"no alert", [("trace", b"1"), ("slawatch_reason", b"forged")])
            delivery.put(alert("after"))
            await until(lambda: len(robot.heard) == 1, "the alert beside it is told")
            await until(lambda: notifier.metrics.unreadable._value.get() == 1, "it is read")

    asyncio.run(story())
    [letter] = delivery.read(delivery.topics.dead_letters)
    assert (letter.key(), letter.value()) == (b"somebody", b"no alert")
    [place] = [message for message in delivery.read(delivery.topics.alerts) if message.key() == b"somebody"]
    headers = dict(letter.headers())
    assert headers.pop("slawatch_detail").startswith(b"not an alert")
    assert headers == {
        "trace": b"1",
        "slawatch_reason": b"unreadable_alert",
        "slawatch_topic": delivery.topics.alerts.encode(),
        "slawatch_partition": str(place.partition()).encode(),
        "slawatch_offset": str(place.offset()).encode(),
    }
    assert len(letter.headers()) == len(headers) + 1


def test_a_record_as_large_as_there_may_be_is_put_aside_too(delivery: DeliveryStage) -> None:
    """With its headers it is larger than a client sends by itself; whoever read it next would end as well."""
    large = b"x" * 999_900

    async def story() -> None:
        robot = Scripted()
        async with running(delivery.notifier(lambda _: ONCE, {"robot": robot})):
            delivery.put_raw(large, [])
            delivery.put(alert("after"))
            await until(lambda: len(robot.heard) == 1, "the alert beside it is told")
            await until(lambda: delivery.read(delivery.topics.dead_letters), "it is put aside")

    asyncio.run(story())
    assert [letter.value() for letter in delivery.read(delivery.topics.dead_letters)] == [large]


def test_one_whose_name_was_taken_joins_anew_and_the_second_time_it_ends(delivery: DeliveryStage) -> None:
    """Kafka says the same of a member whose commit outlasted an outage; only a namesake that stays does it again."""

    async def namesake(settings: dict[str, object], fenced: Callable[[], bool]) -> None:
        other = Consumer(settings)
        other.subscribe([delivery.topics.alerts])

        def seen() -> bool:
            with contextlib.suppress(KafkaException):  # it is fenced in its turn
                other.poll(0)
            return fenced()

        try:
            await until(seen, "the notifier is fenced")
        finally:
            await asyncio.get_running_loop().run_in_executor(None, other.close)

    async def story() -> None:
        robot = Scripted()
        notifier = delivery.notifier(lambda _: ONCE, {"robot": robot}, instance="n1")
        settings = {name: value for name, value in notifier._intake._settings.items() if name != "fetch.wait.max.ms"}
        async with running(notifier):
            delivery.put(alert("before"))
            await until(lambda: len(robot.heard) == 1, "told")
            await namesake(settings, lambda: notifier._intake._fenced_at > 0)
            delivery.put(alert("after"))
            await until(lambda: len(robot.heard) == 2, "told after it has joined anew")
            await namesake(settings, notifier.stop.is_set)

    with pytest.raises(KafkaException, match="fenced"):
        asyncio.run(story())
    assert len(delivery.records()) == 2


def test_two_notifiers_share_the_alerts_and_tell_each_once(delivery: DeliveryStage) -> None:
    """Also while the second one joins and leaves."""

    async def story() -> None:
        hook, other = Scripted(people=False, at_once=8), Scripted(people=False, at_once=8)
        first = delivery.notifier(lambda _: plan((FIRST, 0, ("hook",))), {"hook": hook})
        second = delivery.notifier(lambda _: plan((FIRST, 0, ("hook",))), {"hook": other})
        async with running(first):
            delivery.put(*(alert(f"a{n}") for n in range(100)))
            async with running(second):
                delivery.put(*(alert(f"b{n}") for n in range(100)))
                await until(lambda: len(second.office.desks) > 0, "the second serves a partition")
                delivery.put(*(alert(f"c{n}") for n in range(100)))
                await until(lambda: len(hook.heard) + len(other.heard) == 300, "all are told")
            delivery.put(*(alert(f"d{n}") for n in range(100)))
            await until(lambda: len(hook.heard) + len(other.heard) == 400, "all are told by the one that is left")
        keys = hook.told() + other.told()
        assert other.heard
        assert len(set(keys)) == len(keys) == 400

    asyncio.run(story())
