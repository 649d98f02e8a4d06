"""Stage "dedupe": nobody is told twice, also by two notifiers: a claim with a lease in Redis before each attempt.

    claim (lease) --> send under a stable key --> settle, fenced by owner
       | busy: another holds it; look again when its lease ends
       | settled: it was sent or given up; only the record is missing

Never "sent" before it is sent: a crash in between would lose a page. Redis is an index, not the truth: away or
emptied it costs repeats under the same key, and nothing waits for it. Works with Redis 7 and Valkey: plain Lua.
`alerting` only.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final, Protocol

import msgspec
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from alerting.receiver import Rate
from alerting.record import Key, Outcome

logger = logging.getLogger("slawatch.notifier")

ANSWER_WITHIN_S: Final = 0.5
LEAVE_ALONE_S: Final = 2.0
"""After a failure nobody waits for Redis for so long."""
LOOK_KEPT_MS: Final = 10_000
CONNECTIONS_MAX: Final = 16
KEEP_MS: Final = 14 * 24 * 3_600_000

_CLAIM: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local row = redis.call('HMGET', KEYS[1], 'state', 'lease', 'by')
if row[1] == 'sent' or row[1] == 'unverified' or row[1] == 'dead' then return {row[1], 0} end
local lease = tonumber(row[2] or '0')
if lease > now + ARGV[1] then lease = 0 end -- the server's clock went back
if lease > now and row[3] ~= ARGV[2] then return {'busy', lease - now} end
redis.call('HSET', KEYS[1], 'state', 'claimed', 'lease', now + ARGV[1], 'by', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {'claimed', 0}
"""

_SETTLE: Final = """
if redis.call('HGET', KEYS[1], 'by') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'state', ARGV[2], 'lease', 0)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
"""

# One sliding window after the other, on the server's clock: the clocks of two notifiers need not agree.
_ALLOW: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local wait, longest = 0, 0
redis.call('ZREMRANGEBYSCORE', KEYS[1], '(' .. now, '+inf') -- from before the server's clock went back
for i = 2, #ARGV, 2 do
  local most, window = tonumber(ARGV[i]), tonumber(ARGV[i + 1])
  if window > longest then longest = window end
  local sent = redis.call('ZREVRANGE', KEYS[1], most - 1, most - 1, 'WITHSCORES')
  if sent[2] then
    local left = tonumber(sent[2]) + window - now
    if left > wait then wait = left end
  end
end
if wait > 0 then return wait end
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - longest)
redis.call('PEXPIRE', KEYS[1], longest)
return 0
"""


class Held(StrEnum):
    """What a claim came to."""

    CLAIMED = "claimed"
    BUSY = "busy"
    SENT = "sent"
    UNVERIFIED = "unverified"
    DEAD = "dead"
    DEGRADED = "degraded"
    """Redis did not answer: it is sent all the same, and a repeat is possible."""


class Claim(msgspec.Struct, frozen=True):
    """The answer to a claim; `wait_s` is how long another still holds it."""

    held: Held
    wait_s: float = 0.0


class Claims(Protocol):
    """What couriers ask; `Dedupe` for any number of notifiers, `DedupeInMemory` for a single one."""

    degraded: bool

    async def claim(self, keys: Sequence[Key], lease_s: float) -> list[Claim]:
        """Claim each key for so long; never raises for Redis."""

    async def settle(self, keys: Sequence[Key], outcome: Outcome) -> None:
        """Say how an attempt at claimed keys ended."""

    async def allowance(self, receiver: str, rates: Sequence[Rate]) -> float:
        """Count one message to a receiver over all notifiers: 0, or the seconds until it may go."""

    async def forget(self, keys: Sequence[Key]) -> None:
        """Let keys be sent anew."""

    async def look(self) -> None:
        """Find out whether Redis answers, also when there is nothing to claim."""

    async def close(self) -> None:
        """Let go of connections."""


class Dedupe:
    """Claims of one process, which `owner` names."""

    def __init__(self, url: str, prefix: str, owner: str) -> None:
        """`url` as redis-py reads it (redis://, rediss://, unix://), `prefix` keeps installations apart."""
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS_MAX,
            timeout=ANSWER_WITHIN_S,
            socket_timeout=ANSWER_WITHIN_S,
            socket_connect_timeout=ANSWER_WITHIN_S,
            retry=Retry(NoBackoff(), 0),  # a script that ran and was not heard of must not run unseen again
        )
        self._redis = Redis.from_pool(pool)  # closed with it
        self._prefix, self._owner = prefix, owner
        self._claim = self._redis.register_script(_CLAIM)
        self._settle = self._redis.register_script(_SETTLE)
        self._allow = self._redis.register_script(_ALLOW)
        self._away_until = 0.0
        self._count = 0
        self.degraded = False

    async def claim(self, keys: Sequence[Key], lease_s: float) -> list[Claim]:
        """Claim each key for so long; never raises for Redis."""
        found = await self._each(self._claim, keys, [int(lease_s * 1000), self._owner, KEEP_MS])
        if found is None:
            return [Claim(Held.DEGRADED)] * len(keys)
        return [Claim(Held(state.decode()), wait / 1000) for state, wait in found]

    async def settle(self, keys: Sequence[Key], outcome: Outcome) -> None:
        """Say how an attempt at claimed keys ended; without effect where another holds them by now."""
        state = "open" if outcome is Outcome.RETRY else str(outcome)
        await self._each(self._settle, keys, [self._owner, state, KEEP_MS])

    async def allowance(self, receiver: str, rates: Sequence[Rate]) -> float:
        """Count one message to a receiver over all notifiers: 0, or the seconds until it may go."""
        if not rates or time.monotonic() < self._away_until:
            return 0.0
        self._count += 1
        windows = [part for rate in rates for part in (rate.messages, int(rate.seconds * 1000))]
        try:
            member = f"{self._owner}/{self._count}"
            wait = await self._allow(keys=[f"{self._prefix}rate:{receiver}"], args=[member, *windows])
        except (RedisError, OSError, TimeoutError) as error:
            self._failed(error)
            return 0.0
        self._back()
        return float(wait) / 1000

    async def forget(self, keys: Sequence[Key]) -> None:
        """Let keys be sent anew."""
        try:
            if keys:
                await self._redis.delete(*(self._name(key) for key in keys))
        except (RedisError, OSError, TimeoutError) as error:
            self._failed(error)

    async def look(self) -> None:
        """Find out whether Redis answers, also when there is nothing to claim: `degraded` is to be true of now."""
        if time.monotonic() < self._away_until:
            return
        try:
            # Written, not pinged: one that is full or a replica answers a ping, and takes no claims.
            await self._redis.set(f"{self._prefix}look:{self._owner}", 1, px=LOOK_KEPT_MS)
        except (RedisError, OSError, TimeoutError) as error:
            self._failed(error)
        else:
            self._back()

    async def close(self) -> None:
        """Let go of connections."""
        await self._redis.aclose()

    async def _each(self, script: Any, keys: Sequence[Key], args: list[Any]) -> list[Any] | None:
        if time.monotonic() < self._away_until:
            return None
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for key in keys:
                    await script(keys=[self._name(key)], args=args, client=pipe)
                found: list[Any] = await pipe.execute()
        except (RedisError, OSError, TimeoutError) as error:
            self._failed(error)
            return None
        self._back()
        return found

    def _name(self, key: Key) -> str:
        return f"{self._prefix}notify:{key}"

    def _failed(self, error: BaseException) -> None:
        self._away_until = time.monotonic() + LEAVE_ALONE_S
        if not self.degraded:
            logger.warning("redis_away", extra={"error": type(error).__name__})
        self.degraded = True

    def _back(self) -> None:
        if self.degraded:
            logger.warning("redis_back")
        self.degraded = False
