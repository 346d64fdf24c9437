"""Keep the audit trail: which actor did what, and when, in the same transaction as the deed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dispatcher.access.principals import Actor


async def note(
    connection: Any, actor: Actor, action: str, alert_id: str | None = None, **detail: object
) -> None:
    """Append one line. `detail` holds no personal data."""
    await connection.execute(
        "INSERT INTO audit (actor, action, alert_id, detail) VALUES ($1, $2, $3, $4)",
        actor,
        action,
        alert_id,
        detail,
    )
