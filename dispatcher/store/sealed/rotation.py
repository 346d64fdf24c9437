"""Re-encrypt what is sealed with an older key, piece by piece, and drop keys that nothing needs any more."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from asyncpg import CheckViolationError, LockNotAvailableError

from dispatcher.access.fingerprints import SecretName
from dispatcher.access.sealing import Unsealable, key_prefix
from dispatcher.store import audit
from dispatcher.store.sealed.columns import SEALED_COLUMNS
from dispatcher.store.sealed.pages import pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dispatcher.access.principals import Actor
    from dispatcher.access.sealing import Sealing
    from dispatcher.store.record import Connection, Pool
    from dispatcher.store.sealed.columns import SealedColumn

ROUNDS: Final = 5
"""How often a table is gone through at most: what others held or wrote with the older key meanwhile is there in the
next round."""
LOCK_WAIT: Final = "3s"
"""How long dropping a key waits for a table as a whole: everything else waits behind that."""


class KeyNeeded(Exception):
    """Rows are sealed with the key that was to be dropped, or may be, as a table is in use. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Resealed:
    """How far it is: values sealed anew, of those that were sealed with older keys; and those that cannot be opened."""

    rows: int
    of: int
    illegible: int


class Rotation:
    """Changes the keys that rows are sealed with."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def rows_by_key(self) -> dict[int, int]:
        """Count what is sealed with each key, over all tables."""
        found: Counter[int] = Counter()
        for one in SEALED_COLUMNS:
            rows = await self._pool.fetch(
                f"""SELECT get_byte({one.column}, 0) * 256 + get_byte({one.column}, 1) AS key, count(*) AS n
                    FROM {one.table} WHERE {one.column} IS NOT NULL GROUP BY 1"""  # noqa: S608 - constant
            )
            found.update({row["key"]: row["n"] for row in rows})
        return dict(sorted(found.items()))

    async def reseal(self, sealing: Sealing, told: Callable[[Resealed], object] = lambda _: None) -> Resealed:
        """Seal everything with the current key that an older one has sealed; `told` hears how far it is after each
        piece. Each piece is a transaction of its own: begun again it goes on where it was ended.
        """
        old = {key: count for key, count in (await self.rows_by_key()).items() if key < sealing.current}
        of, done, illegible = sum(old.values()), 0, 0
        for column in SEALED_COLUMNS:
            for _ in range(ROUNDS):
                closed = 0
                async for first, end in pieces(self._pool, column.table):
                    rows, left = await self._piece(column, sealing, (first, end))
                    done, closed = done + rows, closed + left
                    if rows or left:
                        told(Resealed(done, max(of, done), illegible + closed))
                if await self._left(column, sealing) <= closed:
                    break
            illegible += closed
        return Resealed(done, max(of, done), illegible)

    async def _piece(
        self, one: SealedColumn, sealing: Sealing, between: tuple[tuple[int, int], tuple[int, int]]
    ) -> tuple[int, int]:
        """Seal a piece of a table anew. Returns how many values, and of how many that was not possible."""
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(
                f"""SELECT ctid, {one.column}, {one.bound_to} FROM {one.table}
                    WHERE ctid >= $1 AND ctid < $2 AND {one.column} < $3 FOR NO KEY UPDATE SKIP LOCKED""",  # noqa: S608 - constant
                *between,
                key_prefix(sealing.current),
            )
            places, sealed = _sealed_anew(sealing, rows)
            await connection.execute(
                f"""UPDATE {one.table} t SET {one.column} = o.sealed
                    FROM unnest($1::tid[], $2::bytea[]) AS o(at, sealed) WHERE t.ctid = o.at""",  # noqa: S608 - constant
                places,
                sealed,
            )
        return len(places), len(rows) - len(places)

    async def _left(self, one: SealedColumn, sealing: Sealing) -> int:
        return int(
            await self._pool.fetchval(
                f"SELECT count(*) FROM {one.table} WHERE {one.column} < $1",  # noqa: S608 - constant
                key_prefix(sealing.current),
            )
        )

    async def drop_before(self, key_id: int, by: Actor) -> list[int]:
        """Drop all older keys: from now on the record itself refuses what one of them has sealed, whoever writes it.
        Returns their numbers. Raises `KeyNeeded`.
        """
        async with self._pool.acquire() as connection:
            try:
                async with connection.transaction():
                    return await _drop(connection, key_id, by)
            except CheckViolationError as error:
                raise KeyNeeded(
                    f"table {error.table_name} has rows that are sealed with an older key"
                ) from error
            except LockNotAvailableError as error:
                raise KeyNeeded("the tables are in use; try again") from error


async def _drop(connection: Connection, key_id: int, by: Actor) -> list[int]:
    await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'")
    lowest = key_prefix(key_id).hex()
    for one in SEALED_COLUMNS:
        name = f"{one.table}_{one.column}_key"
        await connection.execute(
            f"""ALTER TABLE {one.table} DROP CONSTRAINT IF EXISTS {name},
                  ADD CONSTRAINT {name} CHECK ({one.column} >= '\\x{lowest}'::bytea)"""
        )
    rows = await connection.fetch(
        """UPDATE sealing_key SET dropped_at = clock_timestamp() WHERE id < $1 AND dropped_at IS NULL RETURNING id""",
        key_id,
    )
    dropped = sorted(row["id"] for row in rows)
    await audit.note(connection, by, "secret.drop", secret=SecretName.ADDRESSES.value, keys=dropped)
    return dropped


def _sealed_anew(sealing: Sealing, rows: Sequence[Any]) -> tuple[list[Any], list[bytes]]:
    places, sealed = [], []
    for place, before, bound_to in rows:
        try:
            sealed.append(sealing.seal(sealing.open(before, bound_to), bound_to))
        except Unsealable:
            continue
        places.append(place)
    return places, sealed
