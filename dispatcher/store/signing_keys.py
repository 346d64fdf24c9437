"""Keep the keys that sign the alerts which the service passes on: the private half sealed, the certificate in the
clear.
"""

from __future__ import annotations

import asyncio
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

from cap.signatures.certificates import ends_at, fingerprint, new_key
from dispatcher.access.signing_plan import LIFE, SigningKey
from dispatcher.store import audit
from dispatcher.store.sql import NOW

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from dispatcher.access.principals import Actor
    from dispatcher.store.record import Connection, Pool
    from dispatcher.store.sealed.addresses import Addresses

NAME: Final = "cap-dispatcher"
"""The name in the certificates."""
_KEYS: Final = """
SELECT fingerprint, certificate, signs_from, ends_at, revoked_at FROM signing_key ORDER BY created_at"""
_ALONE: Final = "SELECT pg_advisory_xact_lock(hashtextextended('signing_key', 0))"


class SigningKeys:
    """Reads and writes them. Every act is on the audit trail, with the fingerprint."""

    def __init__(self, pool: Pool, addresses: Addresses) -> None:
        self._pool = pool
        self._addresses = addresses

    async def listed(self) -> tuple[list[SigningKey], datetime]:
        """Return all keys, the oldest first, and the record's time."""
        return await listed_keys(self._pool)

    async def private(self, key: SigningKey) -> bytes:
        """Return the private half of a key, PEM. Raises `Unsealable`, and LookupError where there is no such key."""
        sealed = await self._pool.fetchval(
            "SELECT sealed FROM signing_key WHERE fingerprint = $1", key.fingerprint
        )
        if sealed is None:
            raise LookupError(key.fingerprint)
        return self._addresses.open_bytes(sealed, _bound_to(key.fingerprint))

    async def make(
        self, when: Callable[[Sequence[SigningKey], datetime], datetime | None], by: Actor
    ) -> SigningKey | None:
        """Make a key that signs from then on; `when` says so of the keys that there are and the record's time, and None
        for no new key. Of two that want one at once the second sees the first one's. Returns the key that was made.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_ALONE)
            keys, now = await listed_keys(connection)
            signs_from = when(keys, now)
            if signs_from is None:
                return None
            private, certificate = await asyncio.to_thread(new_key, NAME, now, LIFE)
            key = SigningKey(fingerprint(certificate), certificate, signs_from, ends_at(certificate))
            await connection.execute(
                """INSERT INTO signing_key (fingerprint, certificate, sealed, signs_from, ends_at)
                   VALUES ($1, $2, $3, $4, $5)""",
                key.fingerprint,
                certificate.decode("ascii"),
                self._addresses.seal_bytes(private, _bound_to(key.fingerprint)),
                key.signs_from,
                key.ends_at,
            )
            detail = {"fingerprint": key.fingerprint, "signs_from": signs_from.astimezone(UTC).isoformat()}
            await audit.note(connection, by, "signing_key.make", **detail)
        return key

    async def revoke(self, fingerprint_: str, by: Actor) -> bool:
        """Let a key sign nothing any more, and its certificate be published no more. Returns whether it was good."""
        async with self._pool.acquire() as connection, connection.transaction():
            done = await connection.fetchval(
                f"""UPDATE signing_key SET revoked_at = {NOW} WHERE fingerprint = $1 AND revoked_at IS NULL
                    RETURNING true""",  # noqa: S608 - constant
                fingerprint_,
            )
            if done:
                await audit.note(connection, by, "signing_key.revoke", fingerprint=fingerprint_)
        return bool(done)


async def listed_keys(connection: Connection | Pool) -> tuple[list[SigningKey], datetime]:
    """Return all keys, the oldest first, and the record's time."""
    rows = await connection.fetch(_KEYS)
    now: datetime = await connection.fetchval(f"SELECT {NOW}")
    return [_key(row) for row in rows], now


def _key(row: Any) -> SigningKey:
    return SigningKey(
        fingerprint=row["fingerprint"],
        certificate=row["certificate"].encode("ascii"),
        signs_from=row["signs_from"],
        ends_at=row["ends_at"],
        revoked_at=row["revoked_at"],
    )


def _bound_to(fingerprint_: str) -> bytes:
    """Return where a private key belongs: `store.sealed.columns` has the same as SQL."""
    return f"signing_key\n{fingerprint_}".encode()
