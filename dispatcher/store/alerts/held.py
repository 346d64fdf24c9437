"""Messages that wait for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatcher.access.principals import WORKER
from dispatcher.model.vocabulary import Reason
from dispatcher.store import audit
from dispatcher.store.alerts.alerts import COLUMNS, stored_alert

if TYPE_CHECKING:
    from datetime import datetime

    from dispatcher.model.alerts import StoredAlert
    from dispatcher.store.record import Pool


class Held:
    """Reads what waits and ends what waited too long; what a person decides goes through `pipeline.release`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def listed(self) -> list[StoredAlert]:
        """The longest waiting first."""
        rows = await self._pool.fetch(
            f"SELECT {COLUMNS} FROM alert WHERE state = 'held' ORDER BY number"  # noqa: S608 - constant columns
        )
        return [stored_alert(row) for row in rows]

    async def count(self) -> int:
        number: int = await self._pool.fetchval("SELECT count(*) FROM alert WHERE state = 'held'")
        return number

    async def expire(self, now: datetime | None = None) -> int:
        """Messages that nobody decided upon in time, by the record's clock if no other is given: how many. Each leaves
        its line in the audit trail.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(
                """UPDATE alert SET state = 'recorded', reason = $2
                   WHERE state = 'held' AND expires <= coalesce($1, clock_timestamp()) RETURNING id""",
                now,
                Reason.EXPIRED,
            )
            for row in rows:
                await audit.note(connection, WORKER, "held.expire", row["id"])
        return len(rows)
