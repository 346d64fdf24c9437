"""Take wake-ups out of one lane's queue, source by source.

Each source has a sorted set of its jobs in the lane by due time, and the lane one of its sources by the due time of
their first job (`wakeups` writes both). The tags by which sources take turns lie beside them. A wake-up that was taken
is out of the queue: if the process dies with it, the reconciler enqueues again.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arq.constants import in_progress_key_prefix

from dispatcher.queue.turns import WaitingSource
from dispatcher.queue.wakeups import queue_name, tags_name, turn_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arq.connections import ArqRedis

    from dispatcher.model.vocabulary import Lane

_WAITING = """
local turn = tonumber(redis.call('GET', KEYS[3]) or 0)
local found = {}
for _, source in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])) do
  local tag = tonumber(redis.call('ZSCORE', KEYS[2], source) or 0)
  table.insert(found, source)
  table.insert(found, tostring(math.max(tag, turn)))
end
return found
"""
"""Lua: which sources have jobs that are due, and the tag with which each would start."""

_TAKE = """
local taken = {}
for i = 4, #ARGV do
  local source = ARGV[i]
  local queue = KEYS[1] .. ':' .. source
  local job
  repeat
    job = redis.call('ZRANGEBYSCORE', queue, '-inf', ARGV[1], 'WITHSCORES', 'LIMIT', 0, 1)
    if #job == 0 then break end
    redis.call('ZREM', queue, job[1])
  until redis.call('SET', ARGV[3] .. job[1], '1', 'NX', 'PX', ARGV[2])
  if #job > 0 then
    local turn = tonumber(redis.call('GET', KEYS[3]) or 0)
    local start = math.max(tonumber(redis.call('ZSCORE', KEYS[2], source) or 0), turn)
    redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', start)
    redis.call('ZADD', KEYS[2], start + 1, source)
    redis.call('SET', KEYS[3], start)
    table.insert(taken, {source, job[1], job[2]})
  end
  local first = redis.call('ZRANGE', queue, 0, 0, 'WITHSCORES')
  if #first > 0 then redis.call('ZADD', KEYS[1], first[2], source) else redis.call('ZREM', KEYS[1], source) end
end
return taken
"""
"""Lua: take the first due job of each source named, and count its turn. A job that is being worked on is dropped, as
one that waits is not doubled. Tags that are not ahead of the lane's turn say nothing and are removed. The keys of the
sources' queues follow from the lane's: the queue is one server, not a cluster."""


@dataclass(frozen=True, slots=True)
class TakenJob:
    """A job that was taken out of the queue, with arq's id and the time in ms at which it was due."""

    source_id: str
    job_id: str
    due_ms: int


class LaneQueue:
    """Shows which sources have something due in a lane, and takes their jobs."""

    def __init__(self, queue: ArqRedis, lane: Lane, in_progress_s: float) -> None:
        """`in_progress_s` is how long a job that was taken counts as being worked on, if nothing is heard of it."""
        self._keys = [queue_name(lane), tags_name(lane), turn_name(lane)]
        self._in_progress_ms = int(in_progress_s * 1000)
        self._waiting = queue.register_script(_WAITING)
        self._take = queue.register_script(_TAKE)

    async def waiting(self) -> list[WaitingSource]:
        """Return the sources with jobs that are due. Raises what `wakeups.UNAVAILABLE` lists."""
        found = await self._waiting(keys=self._keys, args=[_now_ms()])
        pairs = zip(found[::2], found[1::2], strict=True)
        return [WaitingSource(source.decode(), float(tag)) for source, tag in pairs]

    async def take(self, source_ids: Sequence[str]) -> list[TakenJob]:
        """Take one job for each time that a source is named, as far as it has any. Raises like `waiting`."""
        arguments: list[str | int] = [_now_ms(), self._in_progress_ms, in_progress_key_prefix, *source_ids]
        taken = await self._take(keys=self._keys, args=arguments)
        return [TakenJob(source.decode(), job.decode(), int(float(due))) for source, job, due in taken]


def _now_ms() -> int:
    return int(time.time() * 1000)
