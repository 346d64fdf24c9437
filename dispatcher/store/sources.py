"""Sources and instances, and the keys with which they come."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING

from dispatcher.model.principals import Instance, Source
from dispatcher.store import audit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatcher.store.record import Pool

KEY_PATTERN = re.compile(r"^(?P<kind>wk|wi)_(?P<id>[a-z0-9-]{1,40})_(?P<secret>[A-Za-z0-9_-]{43})$")
"""`wk_<key id>_<32 random bytes>` for sources, `wi_<instance id>_…` for instances: recognisable by scanners
for leaked secrets."""


def digest(pepper: bytes, key: str) -> bytes:
    """Keys carry 256 random bits, so a keyed hash is enough: there is nothing to guess."""
    return hmac.digest(pepper, key.encode(), hashlib.sha256)


class Sources:
    """Who may submit, who may pull."""

    def __init__(self, pool: Pool, pepper: bytes) -> None:
        self._pool = pool
        self._pepper = pepper

    async def put(self, source: Source) -> None:
        """Create or replace a source."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(
                """INSERT INTO source (id, name, senders, territory, inset_m, by_severity)
                   VALUES ($1, $2, $3, $4, $5, $6)
                   ON CONFLICT (id) DO UPDATE SET name = $2, senders = $3, territory = $4, inset_m = $5,
                     by_severity = $6, disabled_at = NULL""",
                source.id,
                source.name,
                sorted(source.senders),
                list(source.territory),
                source.inset_m,
                source.by_severity,
            )
            await audit.note(connection, "operator", "source.put", source=source.id)

    async def add_key(self, source_id: str, key: str) -> None:
        """Let `key` speak for the source. Several keys may be valid at once, for rotation."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(
                "INSERT INTO api_key (id, source_id, digest) VALUES ($1, $2, $3)",
                _key_id(key, "wk"),
                source_id,
                digest(self._pepper, key),
            )
            await audit.note(connection, "operator", "key.add", source=source_id, key=_key_id(key, "wk"))

    async def revoke_key(self, key_id: str) -> bool:
        """Whether there was such a key to revoke."""
        async with self._pool.acquire() as connection, connection.transaction():
            done = await connection.execute(
                "UPDATE api_key SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL", key_id
            )
            await audit.note(connection, "operator", "key.revoke", key=key_id)
        return bool(done == "UPDATE 1")

    async def by_key(self, key: str) -> Source | None:
        """The source for which `key` speaks, if it is valid now."""
        parts = KEY_PATTERN.match(key)
        if parts is None or parts["kind"] != "wk":
            return None
        row = await self._pool.fetchrow(
            """SELECT s.id, s.name, s.senders, s.territory, s.inset_m, s.by_severity, k.digest
               FROM api_key k JOIN source s ON s.id = k.source_id
               WHERE k.id = $1 AND k.revoked_at IS NULL AND s.disabled_at IS NULL
                 AND (k.expires_at IS NULL OR k.expires_at > now())""",
            parts["id"],
        )
        if row is None or not hmac.compare_digest(row["digest"], digest(self._pepper, key)):
            return None
        return Source(
            id=row["id"],
            name=row["name"],
            senders=frozenset(row["senders"]),
            territory=tuple(row["territory"]),
            inset_m=row["inset_m"],
            by_severity=row["by_severity"],
        )

    async def put_instance(self, instance: Instance, key: str) -> None:
        """Create or replace a municipality's app and its key."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(
                """INSERT INTO instance (id, name, places, digest) VALUES ($1, $2, $3, $4)
                   ON CONFLICT (id) DO UPDATE SET name = $2, places = $3, digest = $4""",
                instance.id,
                instance.name,
                list(instance.places),
                digest(self._pepper, key),
            )
            await audit.note(connection, "operator", "instance.put", instance=instance.id)

    async def instance_by_key(self, key: str) -> Instance | None:
        """The instance that `key` belongs to."""
        parts = KEY_PATTERN.match(key)
        if parts is None or parts["kind"] != "wi":
            return None
        row = await self._pool.fetchrow(
            "SELECT id, name, places, digest FROM instance WHERE id = $1", parts["id"]
        )
        if row is None or not hmac.compare_digest(row["digest"], digest(self._pepper, key)):
            return None
        return Instance(row["id"], row["name"], tuple(row["places"]))

    async def names(self) -> Sequence[str]:
        """All sources' ids: the values of a metric label."""
        return [row["id"] for row in await self._pool.fetch("SELECT id FROM source ORDER BY id")]


def _key_id(key: str, kind: str) -> str:
    parts = KEY_PATTERN.match(key)
    if parts is None or parts["kind"] != kind:
        raise ValueError(f"not a key of the form {kind}_<id>_<43 characters>")
    return parts["id"]
