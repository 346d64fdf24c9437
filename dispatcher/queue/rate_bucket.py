"""Share what an account may send a second among all processes, where the provider counts them together.

The bucket gives time rather than tokens: a process is granted the next stretch of the account's time, at most
`AHEAD_S` long, and spreads what it may send over it. So nothing comes in bursts, however many processes there are, and
one call is enough for a stretch. The clock is the server's. A more urgent lane that waits is served before others.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from redis.exceptions import RedisError

from dispatcher.queue.wakeups import rate_name

if TYPE_CHECKING:
    from arq.connections import ArqRedis

UNAVAILABLE: Final = (RedisError, OSError, TimeoutError, ValueError, TypeError)
"""The errors by which a bucket shows that cannot be had: no server, no time, or an answer that is none."""
TIMEOUT_S: Final = 0.25
"""How long a call may take: meanwhile nothing leaves that is paced by this bucket, so that it must be short."""
AHEAD_S: Final = 0.1
"""The longest stretch that is granted, and how far ahead: a more urgent message of another process waits so long."""
LATE_S: Final = 0.02
"""How much of a stretch that has passed unused may still be used: so long takes a call on a busy machine."""
WAITS_S: Final = 0.2
"""How long a lane counts as waiting after a call that gave it less than it wanted."""
COUNTED_S: Final = 10.0
"""How long a process counts as one of those that send, after its last call."""

_TAKE = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1e6
local rate, wanted, unit, rank = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local ahead, late, waits, counted = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
redis.call('ZADD', KEYS[2], now, ARGV[5])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - counted)
redis.call('ZREMRANGEBYSCORE', KEYS[2], now + 1, '+inf')
redis.call('PEXPIRE', KEYS[2], math.ceil(2000 * counted))
local processes = redis.call('ZCARD', KEYS[2])
local function field(name) return tonumber(redis.call('HGET', KEYS[1], name) or 0) end
local function answer(units, begins, again)
  redis.call('PEXPIRE', KEYS[1], math.ceil(1000 * (math.max(0, field('next') - now) + counted)))
  return {tostring(units), tostring(begins), tostring(again), processes}
end
for higher = 0, rank - 1 do
  local waiting = field('waits' .. higher)
  if waiting > now and waiting <= now + waits then return answer(0, 0, waits / 4) end
end
local free = field('next')
if free - now > field('ahead') + 0.001 then free = now end
local begins = math.max(free, now - late)
if begins - now >= ahead then
  redis.call('HSET', KEYS[1], 'waits' .. rank, now + waits)
  return answer(0, 0, begins - now - ahead + 0.001)
end
local units = math.min(wanted, math.max(unit, math.floor((now + ahead - begins) * rate / unit + 1e-6) * unit))
free = begins + units / rate
redis.call('HSET', KEYS[1], 'next', string.format('%.6f', free), 'ahead', string.format('%.6f', free - now))
if units < wanted then redis.call('HSET', KEYS[1], 'waits' .. rank, now + waits) end
return answer(units, math.max(0, begins - now), 0)
"""
"""Lua: grant the next stretch of an account's time. KEYS: the account's state, the processes that send. ARGV: rate,
wanted units, units of one message, rank of the lane, name of the process, and the four durations above. Returns the
units granted, in how many seconds they begin, in how many to ask again where there were none, and how many processes
send. A `next` that is further ahead than it was ever set is from before the server's clock went back, and forgotten."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a process may send."""

    units: float
    begins_s: float
    """In how many seconds they may begin to leave."""
    again_s: float
    """Where nothing was granted, in how many seconds to ask again."""
    processes: int
    """How many processes send on the account, this one included."""


class RateBucket:
    """One account's bucket, as one process uses it."""

    def __init__(self, queue: ArqRedis, account: str, rate: float, process: str) -> None:
        """`rate` is in units a second, `process` a name that no other process has."""
        self._keys = [rate_name(account), f"{rate_name(account)}:processes"]
        self._rate = rate
        self._process = process
        self._take = queue.register_script(_TAKE)

    async def take(self, wanted: float, unit: float, rank: int) -> Stretch:
        """Take up to `wanted` units, for messages of `unit` each in a lane of this rank (0: the most urgent). Raises
        what `UNAVAILABLE` lists.
        """
        durations = (AHEAD_S, LATE_S, WAITS_S, COUNTED_S)
        arguments: list[str | float] = [self._rate, wanted, unit, rank, self._process, *durations]
        async with asyncio.timeout(TIMEOUT_S):
            units, begins, again, processes = await self._take(keys=self._keys, args=arguments)
        return Stretch(float(units), min(1.0, float(begins)), min(1.0, float(again)), max(1, int(processes)))
