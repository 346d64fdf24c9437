"""Ask the queue how it stands."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from redis.exceptions import BusyLoadingError, NoPermissionError, ResponseError

from dispatcher.doctor.queue import QueueCondition, UntoldQueue
from dispatcher.queue.wakeups import never_written_name

if TYPE_CHECKING:
    from arq.connections import ArqRedis


async def queue_condition(client: ArqRedis) -> QueueCondition | UntoldQueue:
    """Return how the queue stands; where our user may not ask INFO, only whether it may write. Raises as the client
    does, and ValueError for an answer that is none.
    """
    may_write = await _may_write(client)
    try:
        info = await client.info()
    except NoPermissionError:
        return UntoldQueue(may_write)
    return replace(QueueCondition.of_info(info), may_write=may_write)


async def _may_write(client: ArqRedis) -> bool:
    """Return whether our user may write, without writing: to delete what is not there takes the same permission."""
    try:
        await client.delete(never_written_name())
    except NoPermissionError:
        return False
    except (ResponseError, BusyLoadingError):  # a replica, a full disk, data being loaded: INFO says so
        return True
    return True
