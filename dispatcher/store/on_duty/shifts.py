"""Keep on the audit trail who took over a desk, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dispatcher.store.audit import AuditLine

if TYPE_CHECKING:
    from dispatcher.access.principals import Actor
    from dispatcher.model.vocabulary import Environment
    from dispatcher.store.record import Pool

TAKEN_OVER: Final = "shift.take-over"
"""The action, which the indexes `audit_shift` and `audit_shift_form` name as well."""
BEGUN: Final = f"""
SELECT at, actor, action, alert_id, detail FROM audit
WHERE action = '{TAKEN_OVER}' AND detail->>'environment' = $1 AND ($2::text IS NULL OR detail->>'source' = $2)
ORDER BY id DESC LIMIT $3
"""  # noqa: S608 - constant


async def begun(pool: Pool, environment: Environment, source: str | None, most: int) -> list[AuditLine]:
    """Return the latest shifts of an environment, the latest first: those at the desk of a source, or of all (None)."""
    return [AuditLine(*row) for row in await pool.fetch(BEGUN, environment.value, source, most)]


async def begin(pool: Pool, actor: Actor, form: str, detail: dict[str, Any]) -> bool:
    """Write a shift down, once for each `form` of a person. Returns whether it was written now."""
    done: str = await pool.execute(
        f"""INSERT INTO audit (actor, action, alert_id, detail) VALUES ($1, '{TAKEN_OVER}', NULL, $2)
           ON CONFLICT (actor, (detail->>'form')) WHERE action = '{TAKEN_OVER}' DO NOTHING""",  # noqa: S608 - constant
        actor,
        {**detail, "form": form},
    )
    return done == "INSERT 0 1"
