"""Keep the parties that have keys: add, show, change, disable and enable sources, instances and operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dispatcher.access.credentials import Bearer
from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.model.principals import Instance, PartyEntry, RemoteOperator, Source
from dispatcher.model.vocabulary import CANARY_SOURCE
from dispatcher.model.webhooks import Environment
from dispatcher.store import audit
from dispatcher.store.keys import insert_key
from dispatcher.store.sources import instance_of, source_of
from dispatcher.store.sql import is_in_force, is_valid_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatcher.access.principals import Actor
    from dispatcher.store.record import Connection, Pool

_TABLE: Final = {
    PrincipalKind.SOURCE: "source",
    PrincipalKind.INSTANCE: "instance",
    PrincipalKind.REMOTE_OPERATOR: "remote_operator",
}
_VALID_KEYS: Final = (
    f"(SELECT count(*) FROM api_key k WHERE k.{{column}} = p.id AND {is_valid_key('k')}) AS keys"  # noqa: S608 - constant
)
_LISTED: Final = {
    PrincipalKind.SOURCE: f"""SELECT p.id, p.name, p.senders, p.territory AS places, p.created_at, p.disabled_at,
  {_VALID_KEYS.format(column="source_id")} FROM source p""",  # noqa: S608 - constant columns
    PrincipalKind.INSTANCE: f"""SELECT p.id, p.name, '{{}}'::text[] AS senders, p.places, p.created_at, p.disabled_at,
  {_VALID_KEYS.format(column="instance_id")} FROM instance p""",  # noqa: S608 - as above
    PrincipalKind.REMOTE_OPERATOR: f"""SELECT p.id, p.name, '{{}}'::text[] AS senders, '{{}}'::text[] AS places,
  p.created_at, p.disabled_at, {_VALID_KEYS.format(column="operator_id")} FROM remote_operator p""",  # noqa: S608 - as above
}
_KIND: Final = {
    Source: PrincipalKind.SOURCE,
    Instance: PrincipalKind.INSTANCE,
    RemoteOperator: PrincipalKind.REMOTE_OPERATOR,
}
_COLUMNS: Final = {
    PrincipalKind.SOURCE: ("name", "senders", "territory", "inset_m", "by_severity", "may_flash", "quota"),
    PrincipalKind.INSTANCE: (
        "name",
        "places",
        "environment",
        "territory",
        "languages",
        "colour",
        "text_colour",
        "logo",
        "contact",
        "quota",
        "shows",
    ),
    PrincipalKind.REMOTE_OPERATOR: ("name",),
}


class ChangedMeanwhile(Exception):
    """Somebody else has changed the party since it was read; nothing was changed."""


class Parties:
    """Reads and writes them. Every act is on the audit trail, a change with what was before."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(
        self, party: Source | Instance | RemoteOperator, key: str, pepper: bytes, by: Actor
    ) -> bool:
        """Create a party, which `key` authenticates. Returns whether it is new; nothing is changed if there was one of
        this id.
        """
        kind = _KIND[type(party)]
        columns, values = _COLUMNS[kind], _values(party)
        places = ", ".join(f"${number}" for number in range(1, len(columns) + 2))
        async with self._pool.acquire() as connection, connection.transaction():
            new = await connection.fetchval(
                f"""INSERT INTO {_TABLE[kind]} (id, {", ".join(columns)}) VALUES ({places})
                    ON CONFLICT DO NOTHING RETURNING id""",  # noqa: S608 - our own words
                party.id,
                *values.values(),
            )
            if new is None:
                return False
            table = _TABLE[kind]
            await audit.note(connection, by, f"{table}.add", **{table: party.id}, after=_audited(values))
            await insert_key(connection, _bearer(kind, party.id), key, pepper, by)
        return True

    async def source(self, source_id: str) -> Source | None:
        """Return a source by its id."""
        row = await self._pool.fetchrow("SELECT * FROM source WHERE id = $1", source_id)
        return source_of(row) if row else None

    async def instance(self, instance_id: str) -> Instance | None:
        """Return an instance by its id."""
        row = await self._pool.fetchrow("SELECT * FROM instance WHERE id = $1", instance_id)
        return instance_of(row) if row else None

    async def change(self, before: Source | Instance, after: Source | Instance, by: Actor) -> None:
        """Change a source or an instance from what was read. Raises `ChangedMeanwhile` if it is not so any more."""
        kind = _KIND[type(before)]
        old, new = _values(before), _values(after)
        changed = [name for name in new if new[name] != old[name]]
        async with self._pool.acquire() as connection, connection.transaction():
            if _values(await _locked(connection, kind, before.id)) != old:
                raise ChangedMeanwhile(before.id)
            sets = ", ".join(f"{name} = ${number}" for number, name in enumerate(changed, 2))
            await connection.execute(
                f"UPDATE {_TABLE[kind]} SET {sets} WHERE id = $1",  # noqa: S608 - our own words
                before.id,
                *(new[name] for name in changed),
            )
            await audit.note(
                connection,
                by,
                f"{kind}.change",
                **{kind.value: before.id},
                before=_audited({name: old[name] for name in changed}),
                after=_audited({name: new[name] for name in changed}),
            )

    async def listed(
        self, kind: PrincipalKind, after: str = "", limit: int | None = None
    ) -> list[PartyEntry]:
        """Return all sources (feeds among them, that of canaries not), instances or operators by id, with the number of
        their valid keys: at most `limit`, those that come after one of the id `after`.
        """
        statement = f"{_LISTED[kind]} WHERE p.id > $1 AND p.id <> $3 ORDER BY p.id LIMIT $2"
        return [_entry(row) for row in await self._pool.fetch(statement, after, limit, CANARY_SOURCE)]

    async def entry(self, kind: PrincipalKind, party_id: str) -> PartyEntry | None:
        """Return a party of this id as a list shows it."""
        row = await self._pool.fetchrow(f"{_LISTED[kind]} WHERE p.id = $1", party_id)
        return _entry(row) if row else None

    async def missing(self, instance_ids: Sequence[str]) -> list[str]:
        """Return those of these ids that no instance has."""
        rows = await self._pool.fetch(
            "SELECT n.id FROM unnest($1::text[]) n(id) WHERE n.id NOT IN (SELECT id FROM instance)",
            list(instance_ids),
        )
        return [row["id"] for row in rows]

    async def disable(self, kind: PrincipalKind, party_id: str, by: Actor = UNNAMED_OPERATOR) -> bool | None:
        """Refuse all keys of a party from now on. Returns whether that is new; None: there is none."""
        return await self._switch(kind, party_id, by, "disable")

    async def enable(self, kind: PrincipalKind, party_id: str, by: Actor = UNNAMED_OPERATOR) -> bool | None:
        """Let the keys of a party be good again. Returns whether that is new; None: there is none."""
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


async def _locked(connection: Connection, kind: PrincipalKind, party_id: str) -> Source | Instance:
    row = await connection.fetchrow(f"SELECT * FROM {_TABLE[kind]} WHERE id = $1 FOR UPDATE", party_id)  # noqa: S608 - ours
    return source_of(row) if kind is PrincipalKind.SOURCE else instance_of(row)


def _bearer(kind: PrincipalKind, party_id: str) -> Bearer:
    return Bearer.of(party_id, None) if kind is PrincipalKind.SOURCE else Bearer(kind, party_id)


def _values(party: Source | Instance | RemoteOperator) -> dict[str, Any]:
    """Return what the record keeps of a party, by column."""
    if isinstance(party, RemoteOperator):
        return {"name": party.name}
    if isinstance(party, Instance):
        environment = Environment.SANDBOX if party.sandbox else Environment.PRODUCTION
        branding = party.branding
        return {
            "name": party.name,
            "places": list(party.places),
            "environment": environment,
            "territory": list(party.territory),
            "languages": list(party.languages),
            "colour": branding.colour,
            "text_colour": branding.text_colour,
            "logo": branding.logo,
            "contact": party.contact,
            "quota": party.quota,
            "shows": list(party.shows),
        }
    return {
        name: sorted(party.senders) if name == "senders" else _plain(getattr(party, name))
        for name in _COLUMNS[PrincipalKind.SOURCE]
    }


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _audited(values: dict[str, Any]) -> dict[str, Any]:
    """Return what the trail has of a party: no contact, which may be a person, and nothing that is not there."""
    return {
        name: value for name, value in values.items() if name != "contact" and value not in (None, "", [])
    }


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
