"""Chain the lines of the audit trail that are committed.

`audit.note` inserts a line in the transaction of the deed, and nothing else: lines of transactions that commit at once
have no order yet. One process writes the chain and so fixes one. It takes only lines of transactions below the snapshot
horizon, all of which have ended: nothing of theirs is still to come that would have to stand in between. A line that
claims nevertheless to be older than the last place was put in. It is never chained, whoever looks for lines and how
often: a place at the end of the chain would make it an honest one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import asyncpg

from dispatcher.audit.entry import GENESIS, AuditEntry, entry_hash
from dispatcher.store.audit_chain.columns import ENTRY, LAST, PASSED_BY

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from dispatcher.store.record import Connection, Pool

PAGE: Final = 1000
"""Lines that are chained in one transaction at most: some 10 ms of the event loop."""
_LAST_XID: Final = str(2**64 - 1)
_HORIZON: Final = """
SELECT pg_snapshot_xmin(now.snapshot)::text, pg_snapshot_xmax(now.snapshot)::text
FROM (SELECT pg_current_snapshot() AS snapshot) now"""
_UNCHAINED: Final = """(a.xid, a.id) > ($1::text::xid8, $2)
  AND NOT EXISTS (SELECT FROM audit_chain c WHERE c.audit_id = a.id)"""
_PAGE: Final = f"""
WITH last AS MATERIALIZED ({LAST})
SELECT {ENTRY} FROM audit a WHERE {_UNCHAINED}
  AND (a.xid < $3::text::xid8 OR a.xid >= greatest($4::text::xid8, pg_snapshot_xmax(pg_current_snapshot())))
  AND NOT EXISTS (SELECT FROM last WHERE {PASSED_BY})
ORDER BY a.xid, a.id LIMIT $5"""  # noqa: S608 - constant
_WAITING: Final = f"SELECT count(*), min(a.at) FROM audit a WHERE {_UNCHAINED}"  # noqa: S608 - constant
_HEAD: Final = "SELECT position, hash FROM audit_chain ORDER BY position DESC LIMIT 1"
_APPEND: Final = """
INSERT INTO audit_chain (position, audit_id, previous, hash)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[])"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Lines that are in the trail and not in the chain."""

    lines: int
    since: datetime | None
    """When the oldest of them was written."""


@dataclass(frozen=True, slots=True)
class _Scan:
    """How far the trail has been gone through, in the order of transactions."""

    after: tuple[str, int] = ("0", 0)
    """The transaction and the id of the last line that was taken."""
    horizon: tuple[str, str] | None = None
    """All transactions below the first had ended when the scan began; none from the second on had begun. Since then
    some have: each page asks anew which have not.
    """
    whole: bool = True
    """Whether it began with the first line of all."""


class ChainWriter:
    """Appends to the chain. Two of them may write: the chain's keys let one of them through, and the other one begins
    anew.
    """

    def __init__(self, pool: Pool, page: int = PAGE) -> None:
        self._pool = pool
        self._page = page
        self._scan = _Scan()

    def begin_anew(self) -> None:
        """Look through the whole trail once more, as after a change of the lead: the record may be another one."""
        self._scan = _Scan()

    async def write(self) -> int:
        """Chain a page of lines. Returns how many; none: there were no more when this look through them began."""
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                entries = await self._entries(connection)
                await _append(connection, entries)
        except asyncpg.UniqueViolationError:
            self.begin_anew()
            return 0
        self._advance(entries)
        return len(entries)

    async def waiting(self) -> Waiting:
        """Return what is not chained yet."""
        row = await self._pool.fetchrow(_WAITING, *self._scan.after)
        return Waiting(row[0], row[1])

    async def _entries(self, connection: Connection) -> list[AuditEntry]:
        """Return the next lines. Those whose transaction no snapshot of this server can hold yet were restored from
        another server's dump: they are complete, too, and are looked for once, in a scan of all.
        """
        if self._scan.horizon is None:
            row = await connection.fetchrow(_HORIZON)
            self._scan = _Scan(self._scan.after, (row[0], row[1]), self._scan.whole)
        below, above = self._scan.horizon or ("0", "0")
        rows = await connection.fetch(
            _PAGE, *self._scan.after, below, above if self._scan.whole else _LAST_XID, self._page
        )
        return [AuditEntry(*row) for row in rows]

    def _advance(self, entries: Sequence[AuditEntry]) -> None:
        """Go on behind these lines; after the last page, from the horizon on when it has moved."""
        if len(entries) == self._page:
            last = entries[-1]
            self._scan = _Scan((last.xid, int(last.id)), self._scan.horizon, self._scan.whole)
        elif self._scan.horizon is not None:
            self._scan = _Scan((self._scan.horizon[0], 0), None, whole=False)


async def _append(connection: Connection, entries: Sequence[AuditEntry]) -> None:
    if not entries:
        return
    head = await connection.fetchrow(_HEAD)
    position, previous = (head["position"], head["hash"]) if head else (0, GENESIS)
    rows: list[tuple[Any, ...]] = []
    for entry in entries:
        position += 1
        hash_ = entry_hash(position, previous, entry)
        rows.append((position, int(entry.id), previous, hash_))
        previous = hash_
    await connection.execute(_APPEND, *map(list, zip(*rows, strict=True)))
