"""Keep how far each anchor is, and since when one takes nothing: a failure stands on the audit trail itself, too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dispatcher.access.principals import WORKER
from dispatcher.store import audit

if TYPE_CHECKING:
    from datetime import datetime

    from dispatcher.store.record import Pool

_COLUMNS: Final = "kind, checkpoint, anchored_at, failing_since, error"
"""The fields of `AnchorState`, in its order."""
_OF: Final = f"SELECT {_COLUMNS} FROM audit_anchor WHERE kind = $1"  # noqa: S608 - constant
_DONE: Final = f"""
UPDATE audit_anchor SET checkpoint = greatest(checkpoint, $2), anchored_at = clock_timestamp(), failing_since = NULL,
  error = NULL WHERE kind = $1 RETURNING {_COLUMNS}"""  # noqa: S608 - constant
_FAILED: Final = f"""
UPDATE audit_anchor SET failing_since = coalesce(failing_since, clock_timestamp()), error = $2 WHERE kind = $1
RETURNING {_COLUMNS}"""  # noqa: S608 - constant


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

    async def of(self, kind: str) -> AnchorState:
        """Return how an anchor stands, from its first use on."""
        await self._pool.execute("INSERT INTO audit_anchor (kind) VALUES ($1) ON CONFLICT DO NOTHING", kind)
        return AnchorState(*await self._pool.fetchrow(_OF, kind))

    async def took(self, state: AnchorState, number: int) -> AnchorState:
        """Note that an anchor took a checkpoint, and so all before it. Returns how it stands then."""
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(_DONE, state.kind, number)
            if state.failing_since is not None:
                await audit.note(connection, WORKER, "audit_anchor.well", anchor=state.kind)
        return AnchorState(*row)

    async def refused(self, state: AnchorState, error: str) -> AnchorState:
        """Note that an anchor took nothing, and why, as a code. Returns how it stands then."""
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(_FAILED, state.kind, error)
            if state.failing_since is None:
                await audit.note(connection, WORKER, "audit_anchor.failing", anchor=state.kind, error=error)
        return AnchorState(*row)
