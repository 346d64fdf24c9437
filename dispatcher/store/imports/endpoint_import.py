"""Keep how far an import is, and make endpoints of its rows: piece by piece, so that whoever is killed goes on there.

First all rows of a file are made ready (`EndpointImport.stage`), then they become endpoints in groups (`take`). All
rows of one endpoint are in the same group: it is changed once, by all that the file says of it.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import asyncpg

from dispatcher.model.subscriptions import PutSubscriptions
from dispatcher.store import audit
from dispatcher.store.imports.incoming import COLUMNS, IMPORT_LOCK, begin, take_in
from dispatcher.store.record import UNAVAILABLE
from dispatcher.store.sealed.clear_rows import ClearRows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from dispatcher.access.principals import Actor
    from dispatcher.store.record import Connection, Pool
    from dispatcher.store.sealed.addresses import Addresses

PIECES: Final = 256
"""By the first byte of the address' hash."""
GROUP_ROWS: Final = 25_000
"""So many rows become endpoints in one transaction, in about a second."""
AT_ONCE: Final = 2
"""Groups at once: more would take processors from whoever warns."""
ATTEMPTS: Final = 5
"""Of a group, when somebody subscribes with one of its endpoints at the same moment."""
_TAKEN: Final = 0
"""The size of what is noted of a row that can be used: nothing of the file has to be mended."""
_STAGED: Final = ("piece", *COLUMNS)
_HELD_UP: Final = (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError)
_RUN: Final = """
SELECT position, line, rows, checked, groups_done FROM import_run WHERE digest = $1"""
_INCOMING: Final = f"""
INSERT INTO incoming ({", ".join(COLUMNS)}, replaces, active)
SELECT {", ".join(COLUMNS)}, true, legal_basis IS NOT NULL FROM import_row WHERE piece >= $1 AND piece < $2"""  # noqa: S608 - constant
_EMPTY: Final = "TRUNCATE import_run, import_row, import_refusal"


class ImportRunning(Exception):
    """Another import is under way."""


class Refusal(NamedTuple):
    """A row that cannot be used: the number of its line, where it stands in the file and how long it is there, and
    why. The reason names nobody.
    """

    line: int
    position: int
    size: int
    reason: str


class DoubtfulRow(NamedTuple):
    """What is said of a row that is imported all the same: the number of its line, and why. The reason names nobody."""

    line: int
    reason: str


class Staged(NamedTuple):
    """What was read of a file: up to which position and line, the rows that can be used, as `row_of` returns them, and
    those that cannot; of the former those that are in doubt.
    """

    position: int
    line: int
    rows: Sequence[tuple[Any, ...]]
    refused: Sequence[Refusal]
    doubted: Sequence[DoubtfulRow] = ()


class ImportState(NamedTuple):
    """How far an import is. `position` and `line`: what is read of the file; `rows`: those that can be used."""

    position: int = 0
    line: int = 0
    rows: int = 0
    checked: bool = False
    groups_done: frozenset[int] = frozenset()


def group_bounds(rows: int) -> list[tuple[int, int]]:
    """Return the pieces of each group of so many rows, as the first and the one after the last."""
    count = max(1, min(PIECES, -(-rows // GROUP_ROWS)))
    edges = [PIECES * number // count for number in range(count + 1)]
    return list(pairwise(edges))


class EndpointImport:
    """The import of one file. `digest` says which, and how: another one begins anew."""

    def __init__(self, pool: Pool, addresses: Addresses, digest: bytes, by: Actor) -> None:
        self._pool = pool
        self._addresses = addresses
        self._digest = digest
        self._by = by
        self.state = ImportState()

    async def begin(self) -> None:
        """Find how far it is; begin it where it was not begun, in the place of any other one."""
        # By the hash that rows of an older version are found by, they would be there twice.
        await ClearRows(self._pool).seal(self._addresses)
        row = await self._pool.fetchrow(_RUN, self._digest)
        if row is None:
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute(_EMPTY)
                await connection.execute("INSERT INTO import_run (digest) VALUES ($1)", self._digest)
            self.state = ImportState()
        else:
            self.state = ImportState(
                row["position"], row["line"], row["rows"], row["checked"], frozenset(row["groups_done"])
            )

    async def stage(self, staged: Staged) -> None:
        """Make rows ready that were read next, and note the others."""
        # By hash, so that a group finds its rows side by side, and not one on each page.
        rows = [(row[4][0], *row) for row in sorted(staged.rows, key=itemgetter(4))]
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.copy_records_to_table("import_row", records=rows, columns=_STAGED)
            noted = [*staged.refused, *(Refusal(line, 0, _TAKEN, reason) for line, reason in staged.doubted)]
            await connection.copy_records_to_table("import_refusal", records=noted)
            await self._note(
                connection,
                "position = $2, line = $3, rows = rows + $4",
                *(staged.position, staged.line, len(rows)),
            )
        before = self.state
        self.state = before._replace(position=staged.position, line=staged.line, rows=before.rows + len(rows))

    async def all_checked(self) -> None:
        """Note that the whole file is read."""
        await self._note(self._pool, "checked = true")
        await self._pool.execute("ANALYZE import_row (piece)")
        self.state = self.state._replace(checked=True)

    async def take(self, told: Callable[[int, int], object] = lambda _done, _of: None) -> PutSubscriptions:
        """Make endpoints of all rows that can be used; `told` hears how many groups are done, of how many. Returns what
        that did, also before it was ended half-way.
        """
        bounds = group_bounds(self.state.rows)
        left = [number for number in range(len(bounds)) if number not in self.state.groups_done]
        done, free = len(bounds) - len(left), asyncio.Semaphore(AT_ONCE)

        async def one(number: int) -> None:
            nonlocal done
            async with free:
                await self._take_group(number, bounds[number])
                done += 1
                self.state = self.state._replace(groups_done=self.state.groups_done | {number})
                told(done, len(bounds))

        try:
            async with asyncio.TaskGroup() as tasks:
                for number in left:
                    tasks.create_task(one(number))
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None
        await self._pool.execute("ANALYZE subscription, followed_municipality, watched_area")
        row = await self._pool.fetchrow(
            "SELECT rows, renewed, places_changed, shared, inactive FROM import_run"
        )
        return PutSubscriptions(*row)

    async def _take_group(self, number: int, bounds: tuple[int, int]) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self._pool.acquire() as connection, connection.transaction():
                    await begin(connection)
                    await connection.execute(_INCOMING, *bounds)
                    put = await take_in(connection, self._addresses)
                    changed: dict[str, Any] = (
                        {"places_changed": put.places_changed} if put.places_changed else {}
                    )
                    await audit.note(connection, self._by, "subscriptions.add", count=put.lines, **changed)
                    await self._note(
                        connection,
                        """groups_done = groups_done || $2::int, renewed = renewed + $3,
                           places_changed = places_changed + $4, shared = shared + $5, inactive = inactive + $6""",
                        *(number, put.renewed, put.places_changed, put.shared, put.inactive),
                    )
                    return
            except _HELD_UP:
                if attempt == ATTEMPTS:
                    raise

    async def _note(self, connection: Connection, change: str, *values: object) -> None:
        """Note how far it is. Raises ConnectionError where nothing is known of it any more: PostgreSQL has crashed."""
        done = await connection.execute(
            f"UPDATE import_run SET {change} WHERE digest = $1",  # noqa: S608 - our own words
            self._digest,
            *values,
        )
        if done != "UPDATE 1":
            raise ConnectionError("the record has been restarted")

    async def refused(self) -> list[Refusal]:
        """Return the rows that cannot be used, in the order of the file."""
        rows = await self._pool.fetch(
            "SELECT line, position, size, reason FROM import_refusal WHERE size <> $1 ORDER BY line", _TAKEN
        )
        return [Refusal(*row) for row in rows]

    async def doubted(self) -> list[DoubtfulRow]:
        """Return what is said of rows that are imported all the same, in the order of the file."""
        rows = await self._pool.fetch(
            "SELECT line, reason FROM import_refusal WHERE size = $1 ORDER BY line", _TAKEN
        )
        return [DoubtfulRow(*row) for row in rows]

    async def end(self) -> None:
        """Forget it: all is done, and told."""
        await self._pool.execute(_EMPTY)


@asynccontextmanager
async def importing(
    pool: Pool, addresses: Addresses, digest: bytes, by: Actor
) -> AsyncIterator[EndpointImport]:
    """Import one file, the only one for as long. Raises `ImportRunning`."""
    async with pool.acquire() as connection:
        if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", IMPORT_LOCK):
            raise ImportRunning
        try:
            one = EndpointImport(pool, addresses, digest, by)
            await one.begin()
            yield one
        finally:
            with suppress(*UNAVAILABLE):  # then it is free
                await connection.execute("SELECT pg_advisory_unlock($1)", IMPORT_LOCK)
