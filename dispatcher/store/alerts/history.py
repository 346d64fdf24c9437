"""Read the course that messages took: when their gateways accepted first and last, what was asked, who did what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatcher.model.status import Deed, DeedKind, MessageHistory
from dispatcher.model.vocabulary import Reason
from dispatcher.store.alerts.approvals import approval_requests
from dispatcher.store.audit import ACTION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatcher.store.record import Connection


async def histories(connection: Connection, alert_ids: Sequence[str]) -> dict[str, MessageHistory]:
    """Return the course of each of these messages, by the caller's connection. Deeds that a person repeats for several
    batches of one message, as a replay, are one for each.
    """
    times = {
        row["alert_id"]: (row["first_at"], row["last_at"])
        for row in await connection.fetch(
            """SELECT alert_id, min(first_at) AS first_at, max(last_at) AS last_at FROM batch
               WHERE alert_id = ANY($1) GROUP BY 1""",
            list(alert_ids),
        )
    }
    deeds: dict[str, list[Deed]] = {}
    for row in await connection.fetch(
        f"""SELECT alert_id, at, actor, {ACTION} AS action, coalesce((detail->>'count')::int, 0) AS count,
              detail->>'reason' AS reason FROM audit
            WHERE alert_id = ANY($1) AND {ACTION} = ANY($2) ORDER BY id""",  # noqa: S608 - constant
        list(alert_ids),
        [kind.value for kind in DeedKind],
    ):
        reason = Reason(row["reason"]) if row["reason"] else None
        deed = Deed(row["at"], row["actor"], DeedKind(row["action"]), row["count"], reason)
        deeds.setdefault(row["alert_id"], []).append(deed)
    requests = await approval_requests(connection, alert_ids)
    return {
        one: MessageHistory(*times.get(one, (None, None)), requests.get(one), tuple(deeds.get(one, ())))
        for one in alert_ids
    }
