"""Send warnings that were merged into an equal one, once that is in force no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatcher.access.principals import SERVICE
from dispatcher.model.alerts import ReadyAlert
from dispatcher.model.vocabulary import AlertState, Lane, Reason
from dispatcher.store import audit
from dispatcher.store.alerts.approvals import ask_again
from dispatcher.store.sql import is_in_force

if TYPE_CHECKING:
    from datetime import datetime

    from dispatcher.store.record import Connection

_UNSPOKEN = f"""
SELECT m.id, m.lane, m.source_id, m.merged_into, m.held_for FROM alert m
WHERE m.reason = '{Reason.MERGED}' AND m.merged_into IS NOT NULL AND m.stopped_at IS NULL AND m.expires > $1
  AND NOT EXISTS (SELECT FROM alert s WHERE s.id = m.merged_into AND {is_in_force("s", at="$1")})
ORDER BY m.number FOR UPDATE OF m SKIP LOCKED
"""  # noqa: S608 - constant


async def promote_unspoken(connection: Connection, now: datetime) -> list[ReadyAlert]:
    """Send what was merged into a warning that is in force no longer, or less than it was: of equal ones the earliest,
    which stands for the others from now on. What was in doubt waits for a person instead. Returns those that are to be
    planned.
    """
    rows = await connection.fetch(_UNSPOKEN, now)
    first: dict[str, str] = {}
    sent: list[ReadyAlert] = []
    for row in rows:
        if row["held_for"]:
            await connection.execute(
                "UPDATE alert SET state = $2, reason = $3 WHERE id = $1",
                row["id"],
                AlertState.HELD,
                Reason.HELD,
            )
            await ask_again(connection, row["id"], None)
            await audit.note(connection, SERVICE, "alert.hold", row["id"], why=row["held_for"])
            continue
        standing = first.setdefault(row["merged_into"], row["id"])
        if standing != row["id"]:
            await connection.execute("UPDATE alert SET merged_into = $2 WHERE id = $1", row["id"], standing)
            continue
        await connection.execute(
            "UPDATE alert SET state = $2, reason = $3, enqueued_at = clock_timestamp() WHERE id = $1",
            row["id"],
            AlertState.ACCEPTED,
            Reason.FIRST_NOTICE,
        )
        await audit.note(connection, SERVICE, "alert.promote", row["id"], instead_of=row["merged_into"])
        sent.append(ReadyAlert(row["id"], Lane(row["lane"]), row["source_id"]))
    return sent
