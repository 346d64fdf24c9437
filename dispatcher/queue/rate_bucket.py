"""Share what an account may send a second among all processes, where the provider counts them together: a declared
rate, or the one that was learnt from what the gateway refused any of them.

The bucket gives time rather than tokens: a process is granted the next stretch of the account's time, at most
`AHEAD_S` long, and spreads what it may send over it. So nothing comes in bursts, however many processes there are, and
one call is enough for a stretch. The same call tells what the process has learnt and is answered with what all know:
the rate that was found last, what the gateway took from the others, and for how long it wants to be left alone. What
these mean is decided elsewhere (`dispatcher.delivery.pace`). The clock is the server's. A more urgent lane that waits
is served before others.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from redis.exceptions import RedisError

from dispatcher.model.rates.found_rate import MEMORY_S, FoundRate
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
"""How much of a stretch that has passed unused may still be used: so long takes a call on a busy machine. Nothing where
a message takes more than half a stretch: then it is asked for in time, and the gateway may mind how close two are."""
WAITS_S: Final = 0.2
"""How long a lane counts as waiting after a call that gave it less than it wanted."""
COUNTED_S: Final = 10.0
"""How long a process counts as one of those that send, after its last call."""
KEPT_S: Final = 86_400.0
"""How long a rate that was found is kept for processes that start later."""
NOTES_MAX: Final = 1000
"""How many notes of what was accepted are remembered at most; a process makes ten a second."""

_TAKE = """
local call = cjson.decode(ARGV[1])
local account, processes, accepted = KEYS[1], KEYS[2], KEYS[3]
local time = redis.call('TIME')
local now = time[1] + time[2] / 1e6
local function field(name) return tonumber(redis.call('HGET', account, name) or 0) end
local function set(...) redis.call('HSET', account, ...) end
local function moment(at) return string.format('%.6f', at) end
local function expire(key, seconds) redis.call('PEXPIRE', key, math.ceil(1000 * seconds)) end

redis.call('ZADD', processes, moment(now), call.process)
redis.call('ZREMRANGEBYSCORE', processes, '-inf', now - call.counted_s)
redis.call('ZREMRANGEBYSCORE', processes, now + 1, '+inf')
expire(processes, 2 * call.counted_s)

local version = field('version')
if call.version > version then
  version = call.version
  set('version', version, 'found', call.found, 'used', 0)
end

local rests = field('rests') - now
if rests > field('asked') + 0.001 then rests = 0 end
if call.rests_s > rests then
  rests = call.rests_s
  set('rests', moment(now + rests), 'asked', moment(rests))
end
rests = math.max(0, rests)

if call.accepted ~= '' then
  redis.call('XADD', accepted, 'MAXLEN', '~', call.notes_max, '*', 'by', call.process, 'at', moment(now),
    'accepted', call.accepted)
  expire(accepted, call.memory_s)
end
local heard, others = call.heard, {}
for _, note in ipairs(redis.call('XRANGE', accepted, heard == '' and '-' or '(' .. heard, '+')) do
  heard = note[1]
  local by, age = note[2][2], now - tonumber(note[2][4])
  if by ~= call.process and age >= 0 and age < call.memory_s then table.insert(others, {age, note[2][6]}) end
end

local function answer(units, begins, again)
  local kept = version > 0 and call.kept_s or call.counted_s
  expire(account, math.max(0, field('next') - now, rests) + kept)
  return cjson.encode({
    units = units, begins_s = begins, again_s = again, processes = redis.call('ZCARD', processes),
    rests_s = rests, found = redis.call('HGET', account, 'found') or nil, used_s = field('used'),
    heard = heard, others = #others > 0 and others or nil})
end

if rests > 0 then return answer(0, 0, rests) end
if call.wanted <= 0 or call.version < version then return answer(0, 0, 0) end
for higher = 0, call.rank - 1 do
  local waiting = field('waits' .. higher)
  if waiting > now and waiting <= now + call.waits_s then return answer(0, 0, call.waits_s / 4) end
end
local rate, unit, ahead = call.rate, call.unit, call.ahead_s
local free = field('next')
if free - now > field('ahead') + 0.001 then free = now end
local begins = math.max(free, unit / rate > ahead / 2 and now or now - call.late_s)
if begins - now >= ahead then
  set('waits' .. call.rank, moment(now + call.waits_s))
  return answer(0, 0, begins - now - ahead + 0.001)
end
local fit = math.floor((now + ahead - begins) * rate / unit + 1e-6) * unit
local units = math.min(call.wanted, math.max(unit, fit))
local took = units / rate
if begins - free <= call.idle_s then
  redis.call('HINCRBYFLOAT', account, 'used', moment(begins - free + took))
end
free = begins + took
set('next', moment(free), 'ahead', moment(free - now))
if units < call.wanted then set('waits' .. call.rank, moment(now + call.waits_s)) end
return answer(units, math.max(0, begins - now), 0)
"""
"""Lua: exchange what is known of an account, and grant the next stretch of its time. KEYS: the account's state, the
processes that send, what was accepted lately. ARGV: a `_Call`. Returns an `_Answer`. Nothing is granted while the
gateway is left alone, nor to one that knows an older rate than others before it has heard of theirs. A `next` or
`rests` that is further ahead than it was ever set is from before the server's clock went back, and forgotten."""


class AcceptedUnits(NamedTuple):
    """Says that so many units were accepted so long ago."""

    units: float
    age_s: float


@dataclass(frozen=True, slots=True)
class News:
    """What a process has to tell of an account."""

    found: FoundRate | None = None
    """The latest rate that it knows."""
    idle_s: float = 1.0
    """After how many seconds without a message the account was idle, so that its rate is not made use of."""
    rests_s: float = 0.0
    """For how many seconds the gateway is to be left alone."""
    accepted: tuple[AcceptedUnits, ...] = ()
    """What the gateway took from this process since the last call."""


NOTHING_NEW: Final = News()


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a process may send, and what all know of the account."""

    units: float
    begins_s: float
    """In how many seconds they may begin to leave."""
    again_s: float
    """Where nothing was granted, in how many seconds to ask again."""
    processes: int
    """How many processes send on the account, this one included."""
    found: FoundRate | None = None
    rests_s: float = 0.0
    """For how many seconds the gateway is left alone by all."""
    accepted: tuple[AcceptedUnits, ...] = ()
    """What the gateway took from the others since this process's last call, as far as it is remembered."""


class _Call(msgspec.Struct):
    """What the script is given."""

    process: str
    rate: float
    wanted: float
    unit: float
    rank: int
    version: int
    found: str
    idle_s: float
    rests_s: float
    accepted: str
    heard: str
    ahead_s: float = AHEAD_S
    late_s: float = LATE_S
    waits_s: float = WAITS_S
    counted_s: float = COUNTED_S
    kept_s: float = KEPT_S
    memory_s: float = MEMORY_S
    notes_max: int = NOTES_MAX


class _Answer(msgspec.Struct):
    """What the script returns."""

    units: float
    begins_s: float
    again_s: float
    processes: int
    rests_s: float
    used_s: float
    heard: str
    found: str | None = None
    others: list[tuple[float, str]] = []
    """The age of each note, and what was accepted before that."""


_ANSWER = msgspec.json.Decoder(_Answer)
_FOUND = msgspec.json.Decoder(FoundRate)
_ACCEPTED = msgspec.json.Decoder(tuple[AcceptedUnits, ...])


class RateBucket:
    """One account's bucket, as one process uses it."""

    def __init__(self, queue: ArqRedis, account: str, rate: float | None, process: str) -> None:
        """`rate` is the declared one in units a second, None where it is learnt; `process` a name that no other
        process has.
        """
        name = rate_name(account)
        self._keys = [name, f"{name}:processes", f"{name}:accepted"]
        self.rate = rate
        self._process = process
        self._heard = ""
        """The last note of what was accepted."""
        self._take = queue.register_script(_TAKE)

    async def take(self, wanted: float, unit: float, rank: int, news: News = NOTHING_NEW) -> Stretch:
        """Take up to `wanted` units (0: none), for messages of `unit` each in a lane of this rank (0: the most urgent),
        and exchange what is known; one of both rates must be. Raises what `UNAVAILABLE` lists.
        """
        found = news.found
        call = _Call(
            process=self._process,
            rate=min(self.rate or inf, found.rate_now if found else inf),
            wanted=wanted,
            unit=unit,
            rank=rank,
            version=found.version if found else 0,
            found=_text(found) if found else "",
            idle_s=news.idle_s,
            rests_s=news.rests_s,
            accepted=_text(news.accepted) if news.accepted else "",
            heard=self._heard,
        )
        async with asyncio.timeout(TIMEOUT_S):
            answer = _ANSWER.decode(await self._take(keys=self._keys, args=[_text(call)]))
        self._heard = answer.heard
        return Stretch(
            answer.units,
            min(1.0, answer.begins_s),
            min(1.0, answer.again_s),
            max(1, answer.processes),
            replace(_FOUND.decode(answer.found), used_s=answer.used_s) if answer.found else None,
            answer.rests_s,
            tuple(
                AcceptedUnits(units, age_s + note_age_s)
                for note_age_s, text in answer.others
                for units, age_s in _ACCEPTED.decode(text)
            ),
        )


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()
