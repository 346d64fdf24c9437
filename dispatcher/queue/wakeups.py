"""Enqueue wake-ups for workers, as jobs of arq.

A job carries an id and means "have a look". Whether there is anything to do, and which worker does it, is decided on
the record; so a lost, late or repeated wake-up costs at most a moment. Every key in Redis is named here.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from arq.connections import ArqRedis
from arq.constants import job_key_prefix
from arq.jobs import serialize_job
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import RedisError

from dispatcher.model.vocabulary import Lane
from dispatcher.queue.address import Sentinels
from dispatcher.queue.sentinels import PrimaryPool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dispatcher.model.alerts import ReadyAlert
    from dispatcher.model.batches import ReadyBatch
    from dispatcher.queue.address import QueueAddress, Server

UNAVAILABLE = (RedisError, OSError, TimeoutError)
"""The errors by which an unreachable queue shows. Nothing is lost by them: the record knows what waits."""

ENQUEUE_TIMEOUT_S = 0.5
"""How long a submitter waits at most for a queue that hangs: the submission is committed, and the reconciler enqueues
again."""

SOCKET_TIMEOUT_S = 5.0
"""How long one server may take to answer before the connection counts as broken."""
CHANGING_SOCKET_TIMEOUT_S = 2.0
"""The same where Sentinels name the server: one that says nothing for so long may have a successor by now, and a client
that waits for it does not hear of that. No command that we give waits for anything."""

RECENT_MS = 1000
"""How long lower lanes, in whatever process, yield after a wake-up of a higher one."""

JOB_LIFETIME_MS = 3_600_000
"""arq forgets a job after this; the reconciler enqueues again whatever still waits."""

_CONNECTION: dict[str, Any] = {
    "socket_connect_timeout": 1.0,
    "retry_on_error": [ConnectionError, TimeoutError, OSError],
    "health_check_interval": 15,
}
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


def queue_name(lane: Lane) -> str:
    """Return the key of the sorted set of those sources that have jobs in a lane, by the due time of their first."""
    return f"warn:lane:{lane}"


def source_queue_name(lane: Lane, source_id: str) -> str:
    """Return the key of the sorted set of one source's jobs in a lane, by due time."""
    return f"{queue_name(lane)}:{source_id}"


def never_written_name() -> str:
    """Return a key that nobody writes: whoever may delete it may write those beside it."""
    return "warn:never"


def tags_name(lane: Lane) -> str:
    """Return the key of the sorted set of the sources that are ahead in a lane, by how many turns they had."""
    return f"warn:tags:{lane}"


def turn_name(lane: Lane) -> str:
    """Return the key of the tag of the last turn in a lane."""
    return f"warn:turn:{lane}"


def rate_name(account: str) -> str:
    """Return the key of what an account may send, which all processes share."""
    return f"warn:rate:{account}"


def session_name(gateway: str) -> str:
    """Return the key that says that some process has a session with a gateway."""
    return f"warn:session:{gateway}"


def health_name(minute: int) -> str:
    """Return the key of what was measured in a minute, by its number since 1970."""
    return f"warn:health:{minute}"


def open_queue(address: QueueAddress) -> ArqRedis:
    """Return a client of the queue, which connects on first use. Jobs are msgpack: never pickle, which would let
    anyone who can write to Redis run code here.
    """
    client = _client_by_sentinels(address) if isinstance(address, Sentinels) else _client_of_server(address)
    client.job_serializer = _encode
    client.job_deserializer = _decode
    client.expires_extra_ms = JOB_LIFETIME_MS
    return client


def _client_of_server(address: Server) -> ArqRedis:
    client: ArqRedis = ArqRedis.from_url(
        address.url,
        socket_timeout=SOCKET_TIMEOUT_S,
        retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), 3),
        **_CONNECTION,
    )
    return client


def _client_by_sentinels(address: Sentinels) -> ArqRedis:
    return ArqRedis(
        PrimaryPool(
            address,
            socket_timeout=CHANGING_SOCKET_TIMEOUT_S,
            retry=Retry(ExponentialBackoff(cap=0.1, base=0.05), 1),
            **_CONNECTION,
        )
    )


@dataclass(frozen=True, slots=True)
class WakeUp:
    """One wake-up: a function of the worker, its id argument, for whom it is, and how long to wait first."""

    function: str
    argument: str | int
    job_id: str
    lane: Lane
    source_id: str
    """The source whose turn in the lane it takes."""
    delay_s: float = 0.0


def batch_wake_up(ready: ReadyBatch, delay_s: float = 0.0) -> WakeUp:
    """Wake a worker for a batch. The token is in the job's id, so that one after a lost lease is no repeat."""
    job_id = f"deliver:{ready.batch_id}:{ready.token}"
    return WakeUp("deliver", ready.batch_id, job_id, ready.lane, ready.source_id, delay_s)


def plan_wake_up(ready: ReadyAlert, delay_s: float = 0.0) -> WakeUp:
    """Wake a worker for a plan. A delayed wake-up comes from within the job itself, whose id is still in use: it needs
    another one.
    """
    job_id = f"plan:{ready.alert_id}:{time.monotonic_ns() if delay_s else 0}"
    return WakeUp("plan", ready.alert_id, job_id, ready.lane, ready.source_id, delay_s)


def _count_nothing() -> None:
    """Count nothing, for a command, which shows no metrics."""


class WakeUpQueue:
    """Enqueues wake-ups, says whether the queue took them, and counts when not: then the reconciler enqueues them
    again.
    """

    def __init__(self, queue: ArqRedis, count_failure: Callable[[], object] = _count_nothing) -> None:
        """`count_failure` is called once for each `enqueue` that failed."""
        self._queue = queue
        self._count_failure = count_failure

    async def enqueue(self, wake_ups: Sequence[WakeUp]) -> bool:
        """Enqueue all in one round trip. A wake-up whose job waits already changes nothing unless it is due earlier."""
        if not wake_ups:
            return True
        now_ms = int(time.time() * 1000)
        try:
            async with asyncio.timeout(ENQUEUE_TIMEOUT_S), self._queue.pipeline(transaction=True) as pipe:
                for wake_up in wake_ups:
                    _add(pipe, wake_up, now_ms)
                for lane in {wake_up.lane for wake_up in wake_ups if not wake_up.delay_s}:
                    pipe.set(_recent_key(lane), 1, px=RECENT_MS)
                await pipe.execute()
        except UNAVAILABLE:
            self._count_failure()
            return False
        return True

    async def higher_lane_active(self, lane: Lane) -> bool:
        """Whether a wake-up of a higher lane was enqueued recently, so that lower lanes should yield."""
        higher = [_recent_key(other) for other in Lane if other.rank < lane.rank]
        try:
            async with asyncio.timeout(ENQUEUE_TIMEOUT_S):
                return bool(higher) and any(await self._queue.mget(higher))
        except UNAVAILABLE:
            return False

    async def ping(self) -> bool:
        """Whether the queue answers."""
        try:
            async with asyncio.timeout(ENQUEUE_TIMEOUT_S):
                return bool(await self._queue.ping())
        except UNAVAILABLE:
            return False

    async def aclose(self) -> None:
        await self._queue.aclose(close_connection_pool=True)


def _recent_key(lane: Lane) -> str:
    return f"warn:recent:{lane}"


def _add(pipe: Any, wake_up: WakeUp, now_ms: int) -> None:
    job = serialize_job(wake_up.function, (wake_up.argument,), {}, None, now_ms, serializer=_encode)
    delay_ms = int(wake_up.delay_s * 1000)
    pipe.set(job_key_prefix + wake_up.job_id, job, px=JOB_LIFETIME_MS + delay_ms, nx=True)
    # Due at the earliest time that any process gave it: a wake-up from one whose date is an hour ahead would else wait
    # for an hour, and every later one with it.
    due_ms = now_ms + delay_ms
    pipe.zadd(source_queue_name(wake_up.lane, wake_up.source_id), {wake_up.job_id: due_ms}, lt=True)
    pipe.zadd(queue_name(wake_up.lane), {wake_up.source_id: due_ms}, lt=True)
