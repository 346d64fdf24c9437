"""Say what the record holds: its schema, the rows of each table, the end of the audit trail."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from dispatcher.backup.manifest import ChainHead, Contents
from dispatcher.store import audit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from dispatcher.store.record import Connection, Pool

BACKED_UP: Final = "record.backup"
"""What the audit trail calls that a backup was made."""
LONGEST_COUNT_S: Final = 3600.0
"""How long a pool lets `contents` count the rows of one table."""
_OVERLAP: Final = 10_000
"""Lines that are looked at again: one may be committed after others with higher numbers."""
_LOOKED_BACK: Final = 1_000_000
"""Lines that are looked at at first: whoever writes so many in two days has other worries."""
_SINCE: Final = f"""
SELECT max(id) AS seen, max(at) FILTER (WHERE action = $2) AS at FROM audit
WHERE id > greatest($1::bigint, (SELECT max(id) FROM audit) - {_LOOKED_BACK})"""  # noqa: S608 - constant
_TABLES: Final = """
SELECT c.relname, c.relpersistence = 'p' AS lasting FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname"""


async def contents(connection: Connection) -> Contents:
    """Return what the record holds for this connection's transaction. It reads every row, which a large record takes
    minutes for: the pool's `command_timeout_s` has to be as long. Tables of imports that go on, which a crash of the
    server empties, are left out.
    """
    tables = [row["relname"] for row in await connection.fetch(_TABLES) if row["lasting"]]
    schema = ""
    if "alembic_version" in tables:
        schema = await connection.fetchval("SELECT coalesce(max(version_num), '') FROM alembic_version")
    counts = {
        name: int(await connection.fetchval(f'SELECT count(*) FROM "{name}"'))  # noqa: S608 - of the catalogue
        for name in tables
    }
    head = None
    if "audit_chain" in tables:
        row = await connection.fetchrow(
            "SELECT position, hash FROM audit_chain ORDER BY position DESC LIMIT 1"
        )
        head = ChainHead(row["position"], row["hash"].hex()) if row else None
    return Contents(schema, counts, head)


async def is_empty(connection: Connection | Pool) -> bool:
    """Return whether there is no table at all where the record would be."""
    return not await connection.fetch(_TABLES)


async def last_backup(connection: Connection | Pool) -> datetime | None:
    """Return when the last backup was made that the audit trail knows of."""
    lines = await audit.listed(connection, 1, action=BACKED_UP)
    return lines[0].at if lines else None


class BackupWatch:
    """Looks for the last backup again and again: after the first time through the end of the trail alone."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._seen = 0
        self._last: datetime | None = None

    async def look(self) -> datetime | None:
        """Return when the last backup was made that the audit trail knows of."""
        row = await self._pool.fetchrow(_SINCE, max(0, self._seen - _OVERLAP), BACKED_UP)
        self._seen = row["seen"] or self._seen
        self._last = row["at"] or self._last
        return self._last


class RecordSnapshot:
    """The record as it was at one moment, for as long as its transaction is open."""

    def __init__(self, connection: Connection, number: str, at: datetime) -> None:
        self.connection = connection
        self.number = number
        """What PostgreSQL calls it: another session that names it sees the same rows."""
        self.at = at


@asynccontextmanager
async def exported_snapshot(pool: Pool) -> AsyncIterator[RecordSnapshot]:
    """Yield the record as it is now, by a name that pg_dump takes; nobody is kept from writing meanwhile."""
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        await connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        at = await connection.fetchval("SELECT transaction_timestamp()")
        yield RecordSnapshot(connection, await connection.fetchval("SELECT pg_export_snapshot()"), at)
