"""Read the messages that are held for a person, and expire them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dispatcher.access.principals import WORKER
from dispatcher.model.vocabulary import AlertState, Doubt, Reason
from dispatcher.store import audit
from dispatcher.store.alerts.alerts import COLUMNS, stored_alert

if TYPE_CHECKING:
    from datetime import datetime

    from dispatcher.model.alerts import StoredAlert
    from dispatcher.store.record import Pool


_HELD = f"state = '{AlertState.HELD}'"


class HeldCounts(NamedTuple):
    """How many messages wait for a person, by what they wait for."""

    approval: int
    """For a second person alone, as the policy of approval says: nothing about them is doubtful."""
    decision: int
    """For somebody who decides whether they may go out."""


class Held:
    """Reads what is held and ends what was held too long; what a person decides goes through `intake.approval`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def listed(self) -> list[StoredAlert]:
        """Return what is held, the longest waiting first."""
        rows = await self._pool.fetch(
            f"SELECT {COLUMNS} FROM alert WHERE {_HELD} ORDER BY number"  # noqa: S608 - constant
        )
        return [stored_alert(row) for row in rows]

    async def count(self) -> int:
        number: int = await self._pool.fetchval(f"SELECT count(*) FROM alert WHERE {_HELD}")  # noqa: S608 - constant
        return number

    async def counts(self) -> HeldCounts:
        row = await self._pool.fetchrow(
            f"""SELECT count(*) FILTER (WHERE held_for = $1) AS approval,
                       count(*) FILTER (WHERE held_for <> $1) AS decision
                FROM alert WHERE {_HELD}""",  # noqa: S608 - constant
            Doubt.APPROVAL,
        )
        return HeldCounts(**row)

    async def expire(self, now: datetime | None = None) -> int:
        """End messages that nobody decided upon in time, by the record's clock if no other is given. Returns how many;
        each leaves its line in the audit trail.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(
                f"""UPDATE alert SET state = $3, reason = $2
                   WHERE {_HELD} AND expires <= coalesce($1, clock_timestamp()) RETURNING id""",  # noqa: S608 - constant
                now,
                Reason.EXPIRED,
                AlertState.RECORDED,
            )
            for row in rows:
                await audit.note(connection, WORKER, "held.expire", row["id"])
        return len(rows)
