"""Read the chain place by place, with the lines of the trail and the checkpoints, in one snapshot of the record."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from dispatcher.audit.checkpoint import Checkpoint
from dispatcher.audit.entry import AuditEntry, ChainLink
from dispatcher.store.audit_chain.columns import CHECKPOINT, ENTRY, LAST, PASSED_BY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from dispatcher.store.record import Connection, Pool

_BESIDE: Final = f"""
SELECT a.id FROM audit a, ({LAST}) last
WHERE {PASSED_BY} AND NOT EXISTS (SELECT FROM audit_chain c WHERE c.audit_id = a.id)
ORDER BY a.id LIMIT 100"""  # noqa: S608 - constant
CHUNK: Final = 2000
"""Places that are read at once."""
_LINKS: Final = f"""
SELECT c.position, c.audit_id, c.previous, c.hash, a.id IS NOT NULL, {ENTRY}
FROM audit_chain c LEFT JOIN audit a ON a.id = c.audit_id"""  # noqa: S608 - constant
_ORDER: Final = " ORDER BY c.position"
_CHECKPOINT: Final = f"SELECT {CHECKPOINT} FROM audit_checkpoint"  # noqa: S608 - constant
_CHECKPOINTS: Final = f"{_CHECKPOINT} ORDER BY position"
_BETWEEN: Final = (
    f"{_CHECKPOINT} WHERE position > $1 AND ($2::bigint IS NULL OR position <= $2) ORDER BY position"
)
_UNCHAINED: Final = """
SELECT count(*) FROM audit a WHERE NOT EXISTS (SELECT FROM audit_chain c WHERE c.audit_id = a.id)"""


class ChainSnapshot:
    """The chain as it was at one moment."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def chunks(self) -> AsyncIterator[list[ChainLink | Checkpoint]]:
        """Yield every place, each followed by the checkpoints for it, many at once; checkpoints for places that there
        are not come last.
        """
        checkpoints = _Ahead(self._connection.cursor(_CHECKPOINTS, prefetch=CHUNK))
        links = await self._connection.cursor(_LINKS + _ORDER)
        while rows := await links.fetch(CHUNK):
            found: list[ChainLink | Checkpoint] = []
            for row in rows:
                link = _link(row)
                found.append(link)
                found += await checkpoints.below(link.position + 1)
            yield found
        yield list(await checkpoints.below(None))

    async def keys(self) -> list[str]:
        """Return the public keys by which checkpoints were signed, the oldest first."""
        rows = await self._connection.fetch("SELECT key FROM audit_key ORDER BY created_at, key")
        return [row["key"] for row in rows]

    async def unchained(self) -> int:
        """Return how many lines of the trail are not in the chain."""
        return int(await self._connection.fetchval(_UNCHAINED))

    async def put_beside(self) -> list[int]:
        """Return the ids of lines, up to a hundred, that the chain has passed by: they were put in, and the writer
        never chains them, so that they are named for good. After a restore from another server's dump nothing can be
        said until a line is chained that was written here.
        """
        return [row["id"] for row in await self._connection.fetch(_BESIDE)]

    async def anchored_number(self) -> int:
        """Return the number of the last checkpoint that was put at any anchor; 0 for none."""
        return int(await self._connection.fetchval("SELECT coalesce(max(checkpoint), 0) FROM audit_anchor"))

    async def links_after(self, position: int, limit: int) -> list[ChainLink]:
        """Return the next places after one."""
        rows = await self._connection.fetch(
            f"{_LINKS} WHERE c.position > $1{_ORDER} LIMIT $2", position, limit
        )
        return [_link(row) for row in rows]

    async def checkpoints_between(self, after: int, to: int | None) -> list[Checkpoint]:
        """Return the checkpoints for positions after one, up to another; None: for all that come."""
        rows = await self._connection.fetch(_BETWEEN, after, to)
        return [Checkpoint(*row) for row in rows]


@asynccontextmanager
async def snapshot(pool: Pool) -> AsyncIterator[ChainSnapshot]:
    """Yield the chain as it is now; what is written meanwhile is not seen."""
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        yield ChainSnapshot(connection)


class _Ahead:
    """Checkpoints in the order of their positions, read when it is their turn."""

    def __init__(self, rows: Any) -> None:
        self._rows = aiter(rows)
        self._next: Checkpoint | None = None
        self._begun = False

    async def below(self, position: int | None) -> list[Checkpoint]:
        """Return the next ones with a lower position; None: all that are left."""
        if not self._begun:
            await self._step()
            self._begun = True
        found = []
        while self._next is not None and (position is None or self._next.position < position):
            found.append(self._next)
            await self._step()
        return found

    async def _step(self) -> None:
        row = await anext(self._rows, None)
        self._next = None if row is None else Checkpoint(*row)


def _link(row: Any) -> ChainLink:
    position, audit_id, previous, hash_, there, *fields = row
    return ChainLink(position, audit_id, previous, hash_, AuditEntry(*fields) if there else None)
