"""Ask the queue how it stands."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from redis.exceptions import BusyLoadingError, NoPermissionError, ResponseError

from dispatcher.doctor.queue import QueueCondition
from dispatcher.queue.wakeups import never_written_name

if TYPE_CHECKING:
    from arq.connections import ArqRedis


async def queue_condition(client: ArqRedis) -> QueueCondition:
    """Return how the queue stands. Raises as the client does, NoPermissionError where our user may not ask INFO, and
    ValueError for an answer that is none.
    """
    condition = QueueCondition.of_info(await client.info())
    return replace(condition, may_write=await _may_write(client))


async def _may_write(client: ArqRedis) -> bool:
    """Return whether our user may write, without writing: to delete what is not there takes the same permission."""
    try:
        await client.delete(never_written_name())
    except NoPermissionError:
        return False
    except (ResponseError, BusyLoadingError):  # a replica, a full disk, data being loaded: INFO says so
        return True
    return True
