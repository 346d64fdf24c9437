"""Keep the audit trail: which actor did what, and when, in the same transaction as the deed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dispatcher.model.status import DeedKind

if TYPE_CHECKING:
    from datetime import datetime

    from dispatcher.access.principals import Actor

ACTION: Final = (
    f"CASE WHEN action = 'alert.withdraw' AND detail ? 'why' THEN '{DeedKind.WITHDRAWN}' ELSE action END"
)
"""What a line's action is called now. Earlier lines call it `alert.withdraw` both that a held message was withdrawn and
that recipients were taken out of an end on its way: only the first had a reason."""


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One line of the trail."""

    at: datetime
    actor: str
    action: str
    alert_id: str | None
    detail: dict[str, Any]


async def note(
    connection: Any, actor: Actor, action: str, alert_id: str | None = None, **detail: object
) -> None:
    """Append one line. `detail` holds no personal data. Where the actor used a key of its own, `key` names it."""
    if key := getattr(actor, "key", ""):  # a name that was read back from the record is a mere text
        detail = {"key": key, **detail}
    await connection.execute(
        "INSERT INTO audit (actor, action, alert_id, detail) VALUES ($1, $2, $3, $4)",
        actor,
        action,
        alert_id,
        detail,
    )


async def listed(
    connection: Any,
    limit: int,
    *,
    action: str = "",
    actor: str = "",
    alert_id: str = "",
) -> list[AuditLine]:
    """Return the latest lines of the trail, oldest first: those whose action begins so, of this actor, about this
    alert.
    """
    rows = await connection.fetch(
        """SELECT at, actor, action, alert_id, detail FROM (
             SELECT * FROM audit WHERE starts_with(action, $2) AND ($3 = '' OR actor = $3)
               AND ($4 = '' OR alert_id = $4)
             ORDER BY id DESC LIMIT $1) latest ORDER BY id""",
        limit,
        action,
        actor,
        alert_id,
    )
    return [AuditLine(*row) for row in rows]


async def about(connection: Any, alert_ids: list[str]) -> list[AuditLine]:
    """Return all lines about these alerts, in the order in which they were written, with actions as they are called
    now.
    """
    rows = await connection.fetch(
        f"SELECT at, actor, {ACTION}, alert_id, detail FROM audit WHERE alert_id = ANY($1) ORDER BY id",  # noqa: S608 - constant
        alert_ids,
    )
    return [AuditLine(*row) for row in rows]
