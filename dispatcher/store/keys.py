"""Keep the keys of sources, feeds, instances and operators: list, issue, expire, rotate and revoke them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dispatcher.access.credentials import Bearer, KeyEntry, KeyTerms
from dispatcher.access.keys import LIFE, KeyKind, KeyName, digest, environment_of_key, read_key
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.model.vocabulary import Environment
from dispatcher.store import audit
from dispatcher.store.sql import NOW, is_valid_key

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from typing import Any

    from dispatcher.access.kinds import PrincipalKind
    from dispatcher.access.principals import Actor
    from dispatcher.store.record import Connection, Pool

_ENTRY: Final = f"""
SELECT k.kind, k.id, k.source_id, k.instance_id, k.operator_id, k.created_at, k.expires_at, k.revoked_at, k.used_at,
  k.person, k.certificate, k.replaced_pepper IS NOT NULL AS is_worthless,
  coalesce(s.disabled_at, i.disabled_at, o.disabled_at, q.disabled_at) AS disabled_at, {NOW} AS now
FROM api_key k LEFT JOIN source s ON s.id = k.source_id LEFT JOIN instance i ON i.id = k.instance_id
  LEFT JOIN remote_operator o ON o.id = k.operator_id LEFT JOIN person q ON q.id = k.person
"""  # noqa: S608 - constant
_COLUMN: Final = {
    KeyKind.SOURCE: "source_id",
    KeyKind.EXERCISE: "source_id",
    KeyKind.INSTANCE: "instance_id",
    KeyKind.OPERATOR: "operator_id",
}
_TABLE: Final = {
    KeyKind.SOURCE: "source",
    KeyKind.EXERCISE: "source",
    KeyKind.INSTANCE: "instance",
    KeyKind.OPERATOR: "remote_operator",
}
_USED_EXPIRIES: Final = f"""
SELECT source_id, instance_id, operator_id, extract(epoch FROM min(expires_at))::float8 AS at FROM (
  SELECT k.source_id, k.instance_id, k.operator_id, k.expires_at, k.used_at,
    max(coalesce(k.expires_at, 'infinity')) OVER bearer AS last, max(k.used_at) OVER bearer AS last_use
  FROM api_key k LEFT JOIN source s ON s.id = k.source_id LEFT JOIN instance i ON i.id = k.instance_id
    LEFT JOIN remote_operator o ON o.id = k.operator_id
  -- What an exercise needs wakes nobody.
  WHERE {is_valid_key("k")} AND k.environment = '{Environment.LIVE}'
    AND coalesce(s.disabled_at, i.disabled_at, o.disabled_at) IS NULL
  WINDOW bearer AS (PARTITION BY k.source_id, k.instance_id, k.operator_id)) valid
WHERE expires_at IS NOT NULL AND (expires_at = last OR used_at = last_use)
GROUP BY source_id, instance_id, operator_id
"""  # noqa: S608 - constant


@dataclass(frozen=True, slots=True)
class KeyList:
    """Keys as the record has them at a moment of its own clock."""

    entries: tuple[KeyEntry, ...]
    now: datetime


class NoSuchBearer(LookupError):
    """The record has no source, feed, instance or operator of this name."""


class NoSuchPerson(LookupError):
    """The record has no person of this id in the key's environment."""


class SeveralPersons(LookupError):
    """A bearer's keys are of several persons, and it was not said whose is meant."""


async def insert_key(  # noqa: PLR0913 - what a key is, each named
    connection: Connection,
    bearer: Bearer,
    key: str,
    pepper: bytes,
    by: Actor,
    person: str = "",
    *,
    certificate: bytes | None = None,
) -> KeyName:
    """Let `key` authenticate the bearer, within the caller's transaction, for as long as keys of its kind live, in the
    environment that it says; `person`, by id, is who alone has it, and `certificate` what it is bound to. Raises
    ValueError for what is no key of such a bearer, and `NoSuchPerson`.
    """
    name = read_key(key)
    if name is None or name.kind not in bearer.key_kinds:
        raise ValueError(f"not a key of {bearer.kind} {bearer.id}")
    environment = environment_of_key(name.kind)
    if person and not await connection.fetchval(
        "SELECT true FROM person WHERE (id, environment) = ($1, $2)", person, environment
    ):
        raise NoSuchPerson(f"person {person} in {environment}")
    await connection.execute(
        f"""INSERT INTO api_key (id, {_COLUMN[name.kind]}, digest, expires_at, person, environment, certificate)
            VALUES ($1, $2, $3, {NOW} + $4::interval, nullif($5, ''), $6, $7)""",  # noqa: S608 - our own column
        name.id,
        bearer.record_id,
        digest(pepper, key),
        LIFE.get(name.kind),
        person,
        environment,
        certificate,
    )
    whose = {"person": person} if person else {}
    bound = {"certificate": certificate.hex()} if certificate else {}
    await audit.note(connection, by, "key.add", key=str(name), **_named(bearer), **whose, **bound)
    return name


async def revoke_keys_of(connection: Connection, person: str, by: Actor) -> list[str]:
    """Make all keys worthless that are a person's, within the caller's transaction. Returns their names."""
    rows = await connection.fetch(
        f"""UPDATE api_key SET revoked_at = {NOW} WHERE person = $1 AND revoked_at IS NULL
            RETURNING kind, id, source_id""",  # noqa: S608 - ours
        person,
    )
    names = [str(KeyName(KeyKind(row["kind"]), row["id"])) for row in rows]
    for name, row in zip(names, rows, strict=True):
        await audit.note(connection, by, "key.revoke", key=name, source=row["source_id"])
    return names


class Keys:
    """Reads and writes keys; of the keys themselves it keeps digests alone. Every act is on the audit trail."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def listed(self, bearer: Bearer | None = None) -> KeyList:
        """Return the keys of one bearer or of all, by bearer and age."""
        rows = await self._pool.fetch(_ENTRY + " ORDER BY 3, 4, 5, k.created_at, k.id")
        now = rows[0]["now"] if rows else await self._pool.fetchval(f"SELECT {NOW}")
        entries = (_key_entry(row) for row in rows)
        return KeyList(tuple(one for one in entries if bearer in (None, one.bearer)), now)

    async def of(self, bearer: Bearer) -> KeyList:
        """Return the keys of one bearer, who may have none. Raises `NoSuchBearer`."""
        known = await self._pool.fetchval(
            f"SELECT 1 FROM {_TABLE[bearer.key_kind]} WHERE id = $1",  # noqa: S608 - our own table
            bearer.record_id,
        )
        if known is None:
            raise NoSuchBearer(str(bearer))
        return await self.listed(bearer)

    async def named(self, key: str) -> list[KeyEntry]:
        """Return the keys of this id, written with or without the kind before it: none, one, or one of each kind."""
        rows = await self._pool.fetch(f"{_ENTRY} WHERE k.id = $1 OR k.kind || '_' || k.id = $1", key)
        return [_key_entry(row) for row in rows]

    async def issue(
        self,
        bearer: Bearer,
        key: str,
        pepper: bytes,
        by: Actor = UNNAMED_OPERATOR,
        person: str = "",
        *,
        certificate: bytes | None = None,
    ) -> None:
        """Let `key` authenticate the bearer, beside its other keys; `person`, by id, is who alone has it, and
        `certificate` what it is bound to. Raises `NoSuchBearer` and `NoSuchPerson`.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await _lock(connection, bearer)
            await insert_key(connection, bearer, key, pepper, by, person, certificate=certificate)

    async def revoke(self, name: KeyName, by: Actor = UNNAMED_OPERATOR) -> bool:
        """Make a key worthless at once. Returns whether there was one that had not been revoked."""
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(
                f"""UPDATE api_key SET revoked_at = {NOW} WHERE kind = $1 AND id = $2 AND revoked_at IS NULL
                    RETURNING source_id, instance_id, operator_id""",  # noqa: S608 - ours
                name.kind.value,
                name.id,
            )
            if row is not None:
                bearer = Bearer.of(*row)
                await audit.note(connection, by, "key.revoke", key=str(name), **_named(bearer))
        return row is not None

    async def expire(self, name: KeyName, at: datetime | None, by: Actor = UNNAMED_OPERATOR) -> bool:
        """Let a key end at a time, or never where that is None. Returns whether there is one that is not revoked."""
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(
                """UPDATE api_key SET expires_at = $3 WHERE kind = $1 AND id = $2 AND revoked_at IS NULL
                   RETURNING source_id, instance_id, operator_id""",
                name.kind.value,
                name.id,
                at,
            )
            if row is not None:
                bearer, until = Bearer.of(*row), at.isoformat() if at else None
                await audit.note(connection, by, "key.expire", key=str(name), expires=until, **_named(bearer))
        return row is not None

    async def rotate(  # noqa: PLR0913 - as `insert_key`
        self,
        bearer: Bearer,
        key: str,
        pepper: bytes,
        overlap: timedelta,
        by: Actor = UNNAMED_OPERATOR,
        person: str = "",
        *,
        certificate: bytes | None = None,
    ) -> list[KeyEntry]:
        """Let `key` authenticate the bearer, and its other valid keys of the same environment and person for no longer
        than `overlap` from now. Without `person` those are meant that are nobody's, or the one person's who alone has
        any. Without `certificate` it is bound to what the newest of them is bound to, good or not. Returns these, with
        their ends. Raises `NoSuchBearer`, `SeveralPersons`, and as `insert_key`.
        """
        column, name = _COLUMN[bearer.key_kind], read_key(key)
        if name is None:
            raise ValueError("not a key")
        async with self._pool.acquire() as connection, connection.transaction():
            await _lock(connection, bearer)
            person = person or await _whose(connection, bearer, name.kind)
            await connection.execute(
                f"""UPDATE api_key SET expires_at = {NOW} + $2::interval
                    WHERE {column} = $1 AND kind = $3 AND coalesce(person, '') = $4
                      AND revoked_at IS NULL AND replaced_pepper IS NULL
                      AND (expires_at IS NULL OR expires_at > {NOW} + $2::interval)""",  # noqa: S608 - ours
                bearer.record_id,
                overlap,
                name.kind.value,
                person,
            )
            rows = await connection.fetch(
                f"""{_ENTRY} WHERE k.{column} = $1 AND k.kind = $2 AND coalesce(k.person, '') = $3
                      AND k.revoked_at IS NULL AND k.replaced_pepper IS NULL AND k.expires_at >= now()
                    ORDER BY k.created_at, k.id""",
                bearer.record_id,
                name.kind.value,
                person,
            )
            bound = certificate or await connection.fetchval(
                f"""SELECT certificate FROM api_key
                    WHERE {column} = $1 AND kind = $2 AND coalesce(person, '') = $3
                    ORDER BY created_at DESC, id LIMIT 1""",  # noqa: S608 - ours
                bearer.record_id,
                name.kind.value,
                person,
            )
            await insert_key(connection, bearer, key, pepper, by, person, certificate=bound)
            await audit.note(
                connection,
                by,
                "key.rotate",
                key=str(name),
                until={f"{row['kind']}_{row['id']}": row["expires_at"].isoformat() for row in rows},
                **_named(bearer),
            )
        return [_key_entry(row) for row in rows]

    async def expiries_in_use(self) -> dict[PrincipalKind, float]:
        """Return by kind when the first bearer loses a key that it needs, in seconds since 1970: its last valid one, or
        the one that it used last, though a longer-lived one was issued. Kinds of which none does are left out.
        """
        found: dict[PrincipalKind, float] = {}
        for row in await self._pool.fetch(_USED_EXPIRIES):
            kind = _bearer(row).kind
            found[kind] = min(row["at"], found.get(kind, row["at"]))
        return found


async def _lock(connection: Connection, bearer: Bearer) -> None:
    """Hold the bearer's row until the transaction ends, so that two rotations come one after the other."""
    row = await connection.fetchrow(
        f"SELECT id FROM {_TABLE[bearer.key_kind]} WHERE id = $1 FOR UPDATE",  # noqa: S608 - our own table
        bearer.record_id,
    )
    if row is None:
        raise NoSuchBearer(str(bearer))


async def _whose(connection: Connection, bearer: Bearer, kind: KeyKind) -> str:
    """Return the person, by id, whom the bearer's keys of a kind that are not revoked are of; empty where one is
    nobody's. Raises `SeveralPersons`.
    """
    rows = await connection.fetch(
        f"""SELECT DISTINCT coalesce(person, '') AS person FROM api_key
            WHERE {_COLUMN[kind]} = $1 AND kind = $2 AND revoked_at IS NULL ORDER BY 1""",  # noqa: S608 - ours
        bearer.record_id,
        kind.value,
    )
    persons = [row["person"] for row in rows] or [""]
    if persons[0] and len(persons) > 1:
        raise SeveralPersons(", ".join(persons))
    return str(persons[0])


def _named(bearer: Bearer) -> dict[str, str]:
    return {_TABLE[bearer.key_kind]: bearer.record_id}


def _bearer(row: Any) -> Bearer:
    return Bearer.of(row["source_id"], row["instance_id"], row["operator_id"])


def _key_entry(row: Any) -> KeyEntry:
    return KeyEntry(
        name=KeyName(KeyKind(row["kind"]), row["id"]),
        bearer=_bearer(row),
        terms=KeyTerms(
            row["expires_at"], row["revoked_at"], row["disabled_at"], is_worthless=row["is_worthless"]
        ),
        created_at=row["created_at"],
        used_at=row["used_at"],
        person=row["person"] or "",
        certificate=row["certificate"],
    )
