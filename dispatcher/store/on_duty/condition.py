"""Read from the record what it knows of the service that works on it: whether a worker leads, which gateways stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dispatcher.store.leadership import RECONCILER_LOCK
from dispatcher.store.sql import IS_STOPPED

if TYPE_CHECKING:
    from datetime import datetime

    from dispatcher.store.record import Pool

_LEADS: Final = f"""
SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND classid::bigint = {RECONCILER_LOCK >> 32} AND objid::bigint = {RECONCILER_LOCK & 0xFFFFFFFF})
"""  # noqa: S608 - constant
"""A leader that is silent loses the lock within `leadership.SILENT_S` seconds."""
_STOPPED: Final = f"""
SELECT channel, name, reason, out_since AS since, greatest(paused_until, clock_timestamp()) AS until
FROM gateway WHERE {IS_STOPPED} ORDER BY channel, name LIMIT $1
"""  # noqa: S608 - constant


@dataclass(frozen=True, slots=True)
class StoppedGateway:
    """A gateway that takes nothing now: why, since when as far as it is known, and when it is tried again."""

    channel: str
    name: str
    reason: str
    since: datetime | None
    until: datetime


async def a_worker_leads(pool: Pool) -> bool:
    """Whether a worker is alive, which sweeps and sends: one of them leads at any time."""
    leads: bool = await pool.fetchval(_LEADS)
    return leads


async def stopped_gateways(pool: Pool, most: int) -> list[StoppedGateway]:
    """Return at `most` so many gateways that take nothing now, by channel and name."""
    return [StoppedGateway(**dict(row)) for row in await pool.fetch(_STOPPED, most)]
