"""Record sources and instances, and the keys with which they authenticate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatcher.access.keys import KeyKind, digest, key_id, matches, read_key
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.model.principals import Instance, Source
from dispatcher.store import audit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatcher.access.principals import Actor
    from dispatcher.store.record import Pool


class Sources:
    """Reads and writes the sources that may submit, and the instances that may pull."""

    def __init__(self, pool: Pool, pepper: bytes) -> None:
        self._pool = pool
        self._pepper = pepper

    async def put(self, source: Source, by: Actor = UNNAMED_OPERATOR) -> None:
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
            await audit.note(connection, by, "source.put", source=source.id)

    async def add_key(self, source_id: str, key: str, by: Actor = UNNAMED_OPERATOR) -> None:
        """Let `key` authenticate the source. Several keys may be valid at once, for rotation."""
        name = key_id(key, KeyKind.SOURCE)
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(
                "INSERT INTO api_key (id, source_id, digest) VALUES ($1, $2, $3)",
                name,
                source_id,
                digest(self._pepper, key),
            )
            await audit.note(connection, by, "key.add", source=source_id, key=name)

    async def revoke_key(self, name: str, by: Actor = UNNAMED_OPERATOR) -> bool:
        """Whether there was such a key to revoke."""
        async with self._pool.acquire() as connection, connection.transaction():
            done = await connection.execute(
                "UPDATE api_key SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL", name
            )
            await audit.note(connection, by, "key.revoke", key=name)
        return bool(done == "UPDATE 1")

    async def by_key(self, key: str) -> Source | None:
        """Return the source that `key` authenticates, if it is valid now."""
        name = read_key(key)
        if name is None or name.kind is not KeyKind.SOURCE:
            return None
        row = await self._pool.fetchrow(
            """SELECT s.id, s.name, s.senders, s.territory, s.inset_m, s.by_severity, k.digest
               FROM api_key k JOIN source s ON s.id = k.source_id
               WHERE k.id = $1 AND k.revoked_at IS NULL AND s.disabled_at IS NULL
                 AND (k.expires_at IS NULL OR k.expires_at > now())""",
            name.id,
        )
        if row is None or not matches(row["digest"], self._pepper, key):
            return None
        return Source(
            id=row["id"],
            name=row["name"],
            senders=frozenset(row["senders"]),
            territory=tuple(row["territory"]),
            inset_m=row["inset_m"],
            by_severity=row["by_severity"],
        )

    async def put_instance(self, instance: Instance, key: str, by: Actor = UNNAMED_OPERATOR) -> None:
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
            await audit.note(connection, by, "instance.put", instance=instance.id)

    async def instance_by_key(self, key: str) -> Instance | None:
        """Return the instance that `key` authenticates."""
        name = read_key(key)
        if name is None or name.kind is not KeyKind.INSTANCE:
            return None
        row = await self._pool.fetchrow(
            "SELECT id, name, places, digest FROM instance WHERE id = $1", name.id
        )
        if row is None or not matches(row["digest"], self._pepper, key):
            return None
        return Instance(row["id"], row["name"], tuple(row["places"]))

    async def names(self) -> Sequence[str]:
        """Return all sources' ids: the values of a metric label."""
        return [row["id"] for row in await self._pool.fetch("SELECT id FROM source ORDER BY id")]
