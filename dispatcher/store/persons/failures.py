"""Count attempts that failed. An attempt counts from its beginning, so that many at once are no way past a limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dispatcher.store.sql import NOW

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from dispatcher.store.record import Pool

_LOCK: Final = "SELECT pg_advisory_xact_lock(7207116135)"
"""One attempt after the other is counted."""


@dataclass(frozen=True, slots=True)
class Bound:
    """How many attempts of one key may fail in a window. `key` is a keyed hash."""

    key: bytes
    most: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class Begun:
    """An attempt that may be made, by the numbers of its rows."""

    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class UsedUp:
    """An attempt that may not be made. `seconds`: until one may."""

    bound: Bound
    seconds: float


class SignInFailures:
    """Reads and writes them."""

    def __init__(self, pool: Pool, kept: timedelta) -> None:
        """`kept`: the longest window of any bound."""
        self._pool = pool
        self._kept = kept

    async def begin(self, bounds: Sequence[Bound]) -> Begun | UsedUp:
        """Begin an attempt that counts by all of these keys, if each has some left. One that may not be made counts for
        nothing, so that asking again does not make it longer.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_LOCK)
            await connection.execute(
                f"DELETE FROM sign_in_failure WHERE at <= {NOW} - $1::interval",  # noqa: S608 - constant
                self._kept,
            )
            for bound in bounds:
                wait = await connection.fetchval(
                    f"""SELECT extract(epoch FROM at + $3::interval - {NOW})::float8 FROM sign_in_failure
                        WHERE key = $1 AND at > {NOW} - $3::interval ORDER BY at DESC OFFSET $2 LIMIT 1""",  # noqa: S608 - constant
                    bound.key,
                    bound.most - 1,
                    bound.window,
                )
                if wait is not None:
                    return UsedUp(bound, max(wait, 1.0))
            rows = await connection.fetch(
                "INSERT INTO sign_in_failure (key) SELECT unnest($1::bytea[]) RETURNING id",
                [bound.key for bound in bounds],
            )
        return Begun(tuple(row["id"] for row in rows))

    async def succeeded(self, attempt: Begun) -> None:
        """Count an attempt no more: it did not fail."""
        await self._pool.execute("DELETE FROM sign_in_failure WHERE id = ANY($1)", list(attempt.rows))
