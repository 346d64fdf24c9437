"""Record sources and instances, and recognise them by the keys with which they authenticate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dispatcher.access.credentials import Bearer, KeyTerms, Recognition, is_use_due, judge
from dispatcher.access.keys import NO_DIGEST, KeyKind, matches, read_key
from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.model.principals import CredentialState, Instance, PartyEntry, Source
from dispatcher.store import audit
from dispatcher.store.key_uses import KeyUses
from dispatcher.store.keys import insert_key
from dispatcher.store.sql import is_in_force

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from dispatcher.access.principals import Actor
    from dispatcher.store.record import Pool

_KEY: Final = "k.digest, k.expires_at, k.revoked_at, k.used_at, p.disabled_at, statement_timestamp() AS now"
_BY_KEY: Final = {
    KeyKind.SOURCE: f"""
SELECT {_KEY}, p.id, p.name, p.senders, p.territory, p.inset_m, p.by_severity, p.may_flash, p.quota
FROM api_key k JOIN source p ON p.id = k.source_id WHERE k.kind = 'wk' AND k.id = $1""",  # noqa: S608 - constant columns
    KeyKind.INSTANCE: f"""
SELECT {_KEY}, p.id, p.name, p.places
FROM api_key k JOIN instance p ON p.id = k.instance_id WHERE k.kind = 'wi' AND k.id = $1""",  # noqa: S608 - as above
}
_TABLE: Final = {PrincipalKind.SOURCE: "source", PrincipalKind.INSTANCE: "instance"}
_VALID_KEYS: Final = """(SELECT count(*) FROM api_key k WHERE k.{column} = p.id AND k.revoked_at IS NULL
  AND (k.expires_at IS NULL OR k.expires_at > statement_timestamp())) AS keys"""
_LISTED: Final = {
    PrincipalKind.SOURCE: f"""SELECT p.id, p.name, p.senders, p.territory AS places, p.created_at, p.disabled_at,
  {_VALID_KEYS.format(column="source_id")} FROM source p ORDER BY p.id""",  # noqa: S608 - constant columns
    PrincipalKind.INSTANCE: f"""SELECT p.id, p.name, '{{}}'::text[] AS senders, p.places, p.created_at, p.disabled_at,
  {_VALID_KEYS.format(column="instance_id")} FROM instance p ORDER BY p.id""",  # noqa: S608 - as above
}


class Sources:
    """Reads and writes the sources that may submit, and the instances that may pull."""

    def __init__(self, pool: Pool, pepper: bytes) -> None:
        self._pool = pool
        self._pepper = pepper
        self.uses = KeyUses(pool)

    async def put(self, source: Source, by: Actor = UNNAMED_OPERATOR) -> None:
        """Create or replace a source. One that is disabled stays so."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(
                """INSERT INTO source (id, name, senders, territory, inset_m, by_severity, may_flash, quota)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                   ON CONFLICT (id) DO UPDATE SET name = $2, senders = $3, territory = $4, inset_m = $5,
                     by_severity = $6, may_flash = $7, quota = $8""",
                source.id,
                source.name,
                sorted(source.senders),
                list(source.territory),
                source.inset_m,
                source.by_severity,
                source.may_flash,
                source.quota,
            )
            await audit.note(connection, by, "source.put", source=source.id)

    async def add_key(self, source_id: str, key: str, by: Actor = UNNAMED_OPERATOR) -> None:
        """Let `key` authenticate the source. Several keys may be valid at once, for rotation."""
        async with self._pool.acquire() as connection, connection.transaction():
            await insert_key(connection, Bearer.of(source_id, None), key, self._pepper, by)

    async def put_instance(self, instance: Instance, key: str, by: Actor = UNNAMED_OPERATOR) -> None:
        """Create or replace a municipality's app, and let `key` authenticate it, beside those that it has. One that is
        disabled stays so.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(
                """INSERT INTO instance (id, name, places) VALUES ($1, $2, $3)
                   ON CONFLICT (id) DO UPDATE SET name = $2, places = $3""",
                instance.id,
                instance.name,
                list(instance.places),
            )
            await audit.note(connection, by, "instance.put", instance=instance.id)
            await insert_key(connection, Bearer.of(None, instance.id), key, self._pepper, by)

    async def recognise(self, key: str) -> Recognition:
        """Return whom a key authenticates, or why nobody. It takes as long whether there is such a key or not."""
        name = read_key(key)
        if name is None:
            return Recognition(CredentialState.UNKNOWN)
        row = await self._pool.fetchrow(_BY_KEY[name.kind], name.id)
        if not matches(row["digest"] if row else NO_DIGEST, self._pepper, key) or row is None:
            return Recognition(CredentialState.UNKNOWN)
        state = judge(KeyTerms(row["expires_at"], row["revoked_at"], row["disabled_at"]), row["now"])
        if state is CredentialState.VALID and is_use_due(row["used_at"], row["now"]):
            self.uses.note(name)
        return Recognition(state, _source(row) if name.kind is KeyKind.SOURCE else _instance(row), name)

    async def names(self) -> Sequence[str]:
        """Return all sources' ids: the values of a metric label."""
        return [row["id"] for row in await self._pool.fetch("SELECT id FROM source ORDER BY id")]

    async def listed(self, kind: PrincipalKind) -> list[PartyEntry]:
        """Return all sources (feeds among them) or all instances, with the number of their valid keys."""
        return [_entry(row) for row in await self._pool.fetch(_LISTED[kind])]

    async def disable(self, kind: PrincipalKind, party_id: str, by: Actor = UNNAMED_OPERATOR) -> bool | None:
        """Refuse all keys of a source or an instance from now on. Returns whether that is new; None: there is none."""
        return await self._switch(kind, party_id, by, "disable")

    async def enable(self, kind: PrincipalKind, party_id: str, by: Actor = UNNAMED_OPERATOR) -> bool | None:
        """Let the keys of a source or an instance be good again. Returns whether that is new; None: there is none."""
        return await self._switch(kind, party_id, by, "enable")

    async def in_force(self, source_id: str) -> int:
        """Return how many warnings of a source are in force."""
        statement = f"SELECT count(*) FROM alert WHERE source_id = $1 AND {is_in_force('alert')}"  # noqa: S608 - our own SQL
        return int(await self._pool.fetchval(statement, source_id))

    async def _switch(self, kind: PrincipalKind, party_id: str, by: Actor, act: str) -> bool | None:
        table = _TABLE[kind]
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(
                f"SELECT disabled_at IS NOT NULL AS off FROM {table} WHERE id = $1 FOR UPDATE",  # noqa: S608 - ours
                party_id,
            )
            if row is None:
                return None
            if row["off"] == (act == "disable"):
                return False
            at = "statement_timestamp()" if act == "disable" else "NULL"
            await connection.execute(f"UPDATE {table} SET disabled_at = {at} WHERE id = $1", party_id)  # noqa: S608 - ours
            await audit.note(connection, by, f"{table}.{act}", **{table: party_id})
        return True


def _source(row: Any) -> Source:
    return Source(
        id=row["id"],
        name=row["name"],
        senders=frozenset(row["senders"]),
        territory=tuple(row["territory"]),
        inset_m=row["inset_m"],
        by_severity=row["by_severity"],
        may_flash=row["may_flash"],
        quota=row["quota"],
    )


def _instance(row: Any) -> Instance:
    return Instance(row["id"], row["name"], tuple(row["places"]))


def _entry(row: Any) -> PartyEntry:
    return PartyEntry(
        id=row["id"],
        name=row["name"],
        senders=tuple(row["senders"]),
        places=tuple(row["places"]),
        created_at=row["created_at"],
        disabled_at=row["disabled_at"],
        keys=row["keys"],
    )
