"""A case: everything known of one alert, folded from the three topics, and never from anything else. Pure.

    sla.alerts ---------> how it stands, and since when (an episode: from firing until it is over)
    sla.commands -------> who is on it
    sla.notifications --> who has heard what, what was tried, what was deliberately not sent

Whoever takes a partition over folds the same records and knows the same. May be imported by `alerting` and `cli`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from alerting.alert import Alert, Status
from alerting.answer import Why
from alerting.record import END, Key, Notification, Outcome
from alerting.stages.mute import Mute

ACKS_MAX: Final = 20
FAILURES_TO_MOVE_ON: Final = 3
"""After so many failed attempts at every receiver of a rung the next one does not wait for its time."""
KEYS_MAX: Final = 2_000
"""Steps remembered of one episode; a route has a few dozen at most."""

MAYBE: Final = frozenset({Why.TIMED_OUT, Why.BROKEN_OFF, Why.OUR_FAULT})
"""Failures after which a receiver may have the message all the same."""
ARRIVED: Final = (Outcome.SENT, Outcome.UNVERIFIED)


class Heard(msgspec.Struct, frozen=True):
    """What a receiver was last told."""

    revision: int
    status: str


class Tries(msgspec.Struct, frozen=True):
    """Attempts at one step that did not end it.

    `digest` is the key of the message that told many, if one did; `maybe`: one of them may have arrived, unheard of.
    """

    count: int
    next_at: datetime
    digest: str | None = None
    maybe: bool = False


class Done(msgspec.Struct, frozen=True):
    """How a step ended."""

    outcome: Outcome
    at: datetime
    reason: str


class Acknowledged(msgspec.Struct, frozen=True):
    """Somebody said that they are on it."""

    at: datetime
    by: str


class Case(msgspec.Struct):
    """One alert. `begun` is the revision that opened its last episode, None when it was never seen firing.

    What is remembered of steps is that of the last episode; `unreached` says since when a step is known not to get
    through, so that the next one need not wait.
    """

    latest: Alert
    begun: Alert | None = None
    heard: dict[str, Heard] = msgspec.field(default_factory=dict)
    done: dict[Key, Done] = msgspec.field(default_factory=dict)
    tries: dict[Key, Tries] = msgspec.field(default_factory=dict)
    acks: list[Acknowledged] = msgspec.field(default_factory=list)
    unreached: dict[Key, datetime] = msgspec.field(default_factory=dict)

    @classmethod
    def opened(cls, alert: Alert) -> Case:
        """The case of an alert that was not known."""
        return cls(alert, alert if alert.status is Status.FIRING else None)

    @property
    def firing(self) -> bool:
        """Whether it holds now."""
        return self.latest.status is Status.FIRING

    @property
    def acknowledged(self) -> Acknowledged | None:
        """Who is on it: the first to say so in this episode."""
        begun = self.begun
        if begun is None:
            return None
        return min((ack for ack in self.acks if ack.at >= begun.appended_at), key=lambda ack: ack.at, default=None)

    def arrived(self, key: Key) -> bool:
        """Whether a step is known to have reached its receiver."""
        done = self.done.get(key)
        return done is not None and done.outcome in ARRIVED

    def take(self, alert: Alert) -> bool:
        """A revision as it was read; False when it is not newer than what is known."""
        if alert.revision <= self.latest.revision:
            return False
        if alert.status is Status.FIRING and not self.firing:
            self.begun = alert
            for memory in (self.done, self.unreached):
                for key in [key for key in memory if key.revision < alert.revision]:
                    del memory[key]
        self.latest = alert
        return True

    def acknowledge(self, at: datetime, by: str) -> None:
        """Somebody is on it, by the append time of what they said."""
        told = Acknowledged(at, by)
        if told not in self.acks:
            self.acks.append(told)
            del self.acks[:-ACKS_MAX]

    def note(self, told: Notification) -> None:
        """What one record says; records of one step come in the order they were written."""
        key = told.key
        self._hear(told)
        if self.begun is not None and key.revision < self.begun.revision:
            if told.outcome is not Outcome.RETRY:
                self.tries.pop(key, None)
            return  # of an episode that is over
        if told.outcome is Outcome.RETRY:
            before = self.tries.get(key)
            maybe = told.reason in MAYBE or (before is not None and before.maybe)
            self.tries[key] = Tries(told.attempt, told.next_at or told.at, told.digest, maybe)
            if told.attempt >= FAILURES_TO_MOVE_ON:
                self.unreached.setdefault(key, told.at)
            return
        self.tries.pop(key, None)
        if told.outcome is Outcome.DEAD:
            self.unreached.setdefault(key, told.at)
        if len(self.done) >= KEYS_MAX and key not in self.done:
            del self.done[next(iter(self.done))]  # never the newest: what was just sent must not be due again
        self.done[key] = Done(told.outcome, told.at, told.reason)

    def redeliver(self, receiver: str, at: datetime) -> list[Key]:
        """Forget which steps were dead at an instant (of one receiver, or of all if empty): try them anew."""
        given_up = [key for key, done in self.done.items() if done.outcome is Outcome.DEAD and done.at <= at]
        dead = [key for key in given_up if receiver in ("", key.receiver)]
        for key in dead:
            del self.done[key]
        return dead

    def _hear(self, told: Notification) -> None:
        """Who knows what now. The end of a warning is kept from people, and yet it is over for them."""
        kept_from_them = told.step == END and told.reason == Mute.RESOLVED_WARNING
        if told.outcome not in ARRIVED and not kept_from_them:
            return
        revision = told.told_revision or told.revision
        known = self.heard.get(told.receiver)
        if known is None or known.revision <= revision:
            self.heard[told.receiver] = Heard(revision, told.status)
