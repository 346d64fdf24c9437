"""Seal what an older version of the program has left in the clear: piece by piece, and again after whatever ended it.

Until it is sealed a row is read as it is. The record itself refuses new ones (migration 0020).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from asyncpg import LockNotAvailableError

from dispatcher.store.sealed.pages import pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from dispatcher.store.record import Connection, Pool
    from dispatcher.store.sealed.addresses import Addresses

_PIECE: Final = """
SELECT ctid, address, keys FROM subscription WHERE ctid >= $1 AND ctid < $2 AND sealed IS NULL
FOR UPDATE SKIP LOCKED"""
_OF_ADDRESSES: Final = """
SELECT s.ctid, s.address, s.keys FROM subscription s
JOIN unnest($1::text[], $2::bytea[]) AS o(channel, address_hash) USING (channel, address_hash)
WHERE s.ended_at IS NULL AND s.sealed IS NULL FOR UPDATE OF s"""
_SEAL: Final = """
UPDATE subscription s SET address = NULL, sealed = o.sealed, address_hash = o.address_hash,
  keys = jsonb_strip_nulls(jsonb_build_object('vapid', s.keys->'vapid', 'gateway', s.keys->'gateway'))
FROM unnest($1::tid[], $2::bytea[], $3::bytea[]) AS o(at, address_hash, sealed) WHERE s.ctid = o.at"""
_LOCATIONS: Final = """
SELECT id, alert_id, gateway, entries FROM message_location WHERE sealed IS NULL ORDER BY id LIMIT 20
FOR UPDATE SKIP LOCKED"""
_SEAL_LOCATIONS: Final = """
UPDATE message_location l SET entries = NULL, sealed = o.sealed FROM unnest($1::bigint[], $2::bytea[]) AS o(id, sealed)
WHERE l.id = o.id"""
LOCK_WAIT: Final = "3s"
"""How long is waited for the table as a whole: everything else waits behind that."""
WIPED_WITHIN_S: Final = 600.0
"""How long writing the table anew may take: a million endpoints take some seconds."""


@dataclass(frozen=True, slots=True)
class SealedSoFar:
    """How far it is: rows that were sealed, of those that were in the clear."""

    rows: int
    of: int


def plain_hash(address: str) -> bytes:
    """Return by what a row is found that is not sealed yet."""
    return hashlib.sha256(address.encode()).digest()


def location_bound(alert_id: str, gateway: str) -> bytes:
    """Return what a row of `message_location` is bound to, as `SEALED_COLUMNS` says in SQL."""
    return f"{alert_id}\n{gateway}".encode()


class ClearRows:
    """Finds and seals what is in the clear."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def count(self) -> int:
        """Return how many rows are in the clear."""
        return int(
            await self._pool.fetchval(
                """SELECT (SELECT count(*) FROM subscription WHERE sealed IS NULL)
                     + (SELECT count(*) FROM message_location WHERE sealed IS NULL)"""
            )
        )

    async def seal(self, addresses: Addresses, told: Callable[[SealedSoFar], object] = lambda _: None) -> int:
        """Seal all; `told` hears how far it is after each piece. Returns how many rows were sealed. Each piece is a
        transaction: what a process has done that is killed stays done.
        """
        of, done = await self.count(), 0
        while await self._pool.fetchval("SELECT EXISTS (SELECT FROM subscription WHERE sealed IS NULL)"):
            async for first, end in pieces(self._pool, "subscription"):
                async with self._pool.acquire() as connection, connection.transaction():
                    rows = await connection.fetch(_PIECE, first, end)
                    await _seal(connection, addresses, rows)
                if rows:
                    done += len(rows)
                    told(SealedSoFar(done, max(of, done)))
        return done + await self._seal_locations(addresses)

    async def _seal_locations(self, addresses: Addresses) -> int:
        done = 0
        while True:
            async with self._pool.acquire() as connection, connection.transaction():
                rows = await connection.fetch(_LOCATIONS)
                sealed = [
                    addresses.seal_bytes(row["entries"], location_bound(row["alert_id"], row["gateway"]))
                    for row in rows
                ]
                await connection.execute(_SEAL_LOCATIONS, [row["id"] for row in rows], sealed)
            if not rows:
                return done
            done += len(rows)

    async def wipe(self) -> bool:
        """Write the table anew, so that what was in the clear lies in none of its pages, and in no statistics. Returns
        False, and leaves it, where it is in use for so long that others would wait.
        """
        async with self._pool.acquire() as connection:
            await connection.execute(f"SET lock_timeout = '{LOCK_WAIT}'")
            try:
                await connection.execute("VACUUM (FULL, ANALYZE) subscription", timeout=WIPED_WITHIN_S)
            except LockNotAvailableError:
                return False
            finally:
                await connection.execute("RESET lock_timeout")
        return True


async def seal_before(
    connection: Connection, addresses: Addresses, incoming: Iterable[tuple[str, str]]
) -> None:
    """Seal the rows of these (channel, address) that are in the clear, in the caller's transaction, before it writes
    them: found by another hash, they would be there twice.
    """
    if not await connection.fetchval("SELECT EXISTS (SELECT FROM subscription WHERE sealed IS NULL)"):
        return
    wanted = {(channel, plain_hash(address)) for channel, address in incoming}
    rows = await connection.fetch(
        _OF_ADDRESSES, [channel for channel, _ in wanted], [address_hash for _, address_hash in wanted]
    )
    await _seal(connection, addresses, rows)


async def _seal(connection: Connection, addresses: Addresses, rows: Sequence[Any]) -> None:
    sealed = [addresses.seal(row["address"], row["keys"]) for row in rows]
    if sealed:
        await connection.execute(
            _SEAL,
            [row["ctid"] for row in rows],
            [one.address_hash for one in sealed],
            [one.sealed for one in sealed],
        )
