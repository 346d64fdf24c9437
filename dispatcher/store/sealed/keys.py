"""Know which keys of the ring the record's rows are sealed with, by number and fingerprint; the keys are never here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dispatcher.access.fingerprints import SecretName
from dispatcher.store import audit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dispatcher.access.principals import Actor
    from dispatcher.store.record import Connection, Pool

ILLEGIBLE: Final = "illegible"
"""The reason with which endpoints end whose keys are gone for good, as somebody has confirmed."""
_KEY: Final = "get_byte(sealed, 0) * 256 + get_byte(sealed, 1)"
"""The number of the key that a row is sealed with."""


class SealingKeys:
    """Reads and writes the numbers and fingerprints of keys. The highest number is the one that all seal with."""

    def __init__(self, pool: Pool | Connection) -> None:
        self._pool = pool

    async def noted(self) -> dict[int, str]:
        """Return the fingerprints of the keys that rows may be sealed with, by number in ascending order."""
        rows = await self._pool.fetch(
            "SELECT id, fingerprint FROM sealing_key WHERE dropped_at IS NULL ORDER BY id"
        )
        return {row["id"]: row["fingerprint"] for row in rows}

    async def last_number(self) -> int:
        """Return the highest number that a key ever had; 0 where there was none."""
        return int(await self._pool.fetchval("SELECT coalesce(max(id), 0) FROM sealing_key"))

    async def note(self, fingerprints: Mapping[int, str]) -> None:
        """Let the record know keys; those that it knows stay as they are."""
        await self._pool.execute(
            """INSERT INTO sealing_key (id, fingerprint) SELECT * FROM unnest($1::int[], $2::text[])
               ON CONFLICT DO NOTHING""",
            list(fingerprints),
            list(fingerprints.values()),
        )

    async def replace(self, fingerprints: Mapping[int, str]) -> None:
        """Let the record know the keys of another ring, in the caller's transaction. What they do not open ends, so
        that nobody counts who cannot be warned; what was ended so and is opened by one that comes back goes on.
        """
        rows = await self._pool.fetch("SELECT id, fingerprint FROM sealing_key")
        known = [row["id"] for row in rows if fingerprints.get(row["id"]) == row["fingerprint"]]
        await self._pool.execute(
            "UPDATE sealing_key SET dropped_at = clock_timestamp() WHERE dropped_at IS NULL"
        )
        await self._pool.execute(
            """INSERT INTO sealing_key (id, fingerprint) SELECT * FROM unnest($1::int[], $2::text[])
               ON CONFLICT (id) DO UPDATE SET fingerprint = excluded.fingerprint, dropped_at = NULL""",
            list(fingerprints),
            list(fingerprints.values()),
        )
        await self._pool.execute(
            f"""UPDATE subscription SET ended_at = clock_timestamp(), end_reason = $2
                WHERE ended_at IS NULL AND sealed IS NOT NULL AND NOT {_KEY} = ANY($1::int[])""",  # noqa: S608 - constant
            known,
            ILLEGIBLE,
        )
        await self._pool.execute(
            f"""UPDATE subscription SET ended_at = NULL, end_reason = NULL
                WHERE end_reason = $2 AND {_KEY} = ANY($1::int[])""",  # noqa: S608 - constant
            known,
            ILLEGIBLE,
        )

    async def use(self, fingerprints: Mapping[int, str], by: Actor) -> None:
        """Let all seal with the newest of these keys from their next start on."""
        async with self._pool.acquire() as connection, connection.transaction():
            await SealingKeys(connection).note(fingerprints)
            await audit.note(
                connection, by, "secret.rotate", secret=SecretName.ADDRESSES.value, key=max(fingerprints)
            )
