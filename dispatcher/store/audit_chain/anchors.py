"""Keep how far each anchor is, and since when one takes nothing: a failure stands on the audit trail itself, too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dispatcher.access.principals import WORKER
from dispatcher.store import audit

if TYPE_CHECKING:
    from datetime import datetime

    from dispatcher.store.record import Pool

_DONE: Final = """
UPDATE audit_anchor SET checkpoint = greatest(checkpoint, $2), anchored_at = clock_timestamp(), failing_since = NULL,
  error = NULL WHERE kind = $1"""
_FAILED: Final = """
UPDATE audit_anchor SET failing_since = coalesce(failing_since, clock_timestamp()), error = $2 WHERE kind = $1"""


@dataclass(frozen=True, slots=True)
class AnchorState:
    """How an anchor stands."""

    kind: str
    checkpoint: int
    """The number of the last checkpoint that it took; 0: none yet."""
    anchored_at: datetime | None
    failing_since: datetime | None
    error: str | None


class AnchorStates:
    """Reads and writes them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def all(self) -> list[AnchorState]:
        """Return how every anchor stands that there ever was."""
        rows = await self._pool.fetch(
            "SELECT kind, checkpoint, anchored_at, failing_since, error FROM audit_anchor ORDER BY kind"
        )
        return [AnchorState(*row) for row in rows]

    async def of(self, kind: str) -> AnchorState:
        """Return how an anchor stands, from its first use on."""
        await self._pool.execute("INSERT INTO audit_anchor (kind) VALUES ($1) ON CONFLICT DO NOTHING", kind)
        row = await self._pool.fetchrow(
            "SELECT kind, checkpoint, anchored_at, failing_since, error FROM audit_anchor WHERE kind = $1",
            kind,
        )
        return AnchorState(*row)

    async def took(self, state: AnchorState, number: int) -> None:
        """Note that an anchor took a checkpoint, and so all before it."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_DONE, state.kind, number)
            if state.failing_since is not None:
                await audit.note(connection, WORKER, "audit_anchor.well", anchor=state.kind)

    async def refused(self, state: AnchorState, error: str) -> None:
        """Note that an anchor took nothing, and why, as a code."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_FAILED, state.kind, error)
            if state.failing_since is None:
                await audit.note(connection, WORKER, "audit_anchor.failing", anchor=state.kind, error=error)
