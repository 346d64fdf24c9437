"""Keep persons and their roles: add, show, change, grant, withdraw, disable and enable. Every act is on the trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from dispatcher.access.persons import Person
from dispatcher.access.roles import OnCallWindow, Role, RoleGrant
from dispatcher.model.vocabulary import Environment
from dispatcher.store import audit
from dispatcher.store.sql import NOW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatcher.access.principals import Actor
    from dispatcher.store.record import Connection, Pool

ROLES: Final = """
  coalesce((SELECT jsonb_agg(jsonb_build_object('role', r.role, 'territory', r.territory, 'since', r.since,
      'until', r.until, 'on_call', r.on_call) ORDER BY r.granted_at, r.role)
    FROM person_role r WHERE r.person_id = p.id), '[]') AS roles"""
"""A person's roles as one column of its row `p`."""
PERSON: Final = f"p.id, p.environment, p.source_id, p.disabled_at, {ROLES}"
"""The columns of which `person_of` makes a person."""
_ROLES: Final = {role.value: role for role in Role}
_ENTRY: Final = f"""
SELECT {PERSON}, p.created_at,
  ARRAY(SELECT c.kind FROM person_credential c WHERE c.person_id = p.id
    UNION SELECT 'oidc' FROM person_identity i WHERE i.person_id = p.id ORDER BY 1) AS shows,
  (SELECT max(s.used_at) FROM person_session s WHERE s.person_id = p.id) AS seen_at,
  (SELECT i.expires_at FROM person_invitation i WHERE i.person_id = p.id AND i.expires_at > {NOW}) AS invited_until
FROM person p"""  # noqa: S608 - constant


@dataclass(frozen=True, slots=True)
class PersonEntry:
    """A person as a list shows it."""

    person: Person
    created_at: datetime
    disabled_at: datetime | None
    shows: tuple[str, ...]
    """The kinds of credentials that the person has; `oidc`: an OpenID provider vouches for it."""
    seen_at: datetime | None
    """When a session that is still kept was used last."""
    invited_until: datetime | None
    """Until when the link is good by which the person enrols; None: there is none."""


class Persons:
    """Reads and writes them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(self, person: Person, by: Actor) -> bool:
        """Create a person with its roles. Returns whether it is new; nothing is changed if there was one of this id, in
        whichever environment.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            new = await connection.fetchval(
                """INSERT INTO person (id, environment, source_id) VALUES ($1, $2, $3)
                   ON CONFLICT DO NOTHING RETURNING id""",
                person.id,
                person.environment.value,
                person.source_id,
            )
            if new is None:
                return False
            await audit.note(
                connection,
                by,
                "person.add",
                person=person.id,
                environment=person.environment.value,
                source=person.source_id,
            )
            for grant in person.grants:
                await _grant(connection, person.id, grant, by)
        return True

    async def person(self, person_id: str) -> Person | None:
        """Return a person by its id."""
        row = await self._pool.fetchrow(f"SELECT {PERSON} FROM person p WHERE p.id = $1", person_id)  # noqa: S608 - constant
        return person_of(row) if row else None

    async def entry(self, person_id: str) -> PersonEntry | None:
        """Return a person as a list shows it."""
        row = await self._pool.fetchrow(f"{_ENTRY} WHERE p.id = $1", person_id)
        return _entry_of(row) if row else None

    async def all(self) -> list[Person]:
        """Return all persons by id, with their roles alone."""
        rows = await self._pool.fetch(f"SELECT {PERSON} FROM person p ORDER BY p.id")  # noqa: S608 - constant
        return [person_of(row) for row in rows]

    async def listed(self) -> list[PersonEntry]:
        """Return all persons by id."""
        return [_entry_of(row) for row in await self._pool.fetch(f"{_ENTRY} ORDER BY p.id")]

    async def write_for(self, person_id: str, source_id: str | None, by: Actor) -> bool:
        """Let a person write for this control centre, or for none. Returns whether there is such a person."""
        async with self._pool.acquire() as connection, connection.transaction():
            before = await _locked(connection, person_id)
            if before is None:
                return False
            await connection.execute("UPDATE person SET source_id = $2 WHERE id = $1", person_id, source_id)
            await audit.note(
                connection,
                by,
                "person.change",
                person=person_id,
                before={"source": before["source_id"]},
                after={"source": source_id},
            )
        return True

    async def grant(self, person_id: str, grant: RoleGrant, by: Actor) -> bool:
        """Give a person a role, in place of what it had of the same role. Returns whether there is such a person."""
        async with self._pool.acquire() as connection, connection.transaction():
            if await _locked(connection, person_id) is None:
                return False
            await _grant(connection, person_id, grant, by)
        return True

    async def withdraw(self, person_id: str, role: Role, by: Actor) -> bool:
        """Take a role from a person. Returns whether it had it."""
        async with self._pool.acquire() as connection, connection.transaction():
            gone = await connection.fetchval(
                "DELETE FROM person_role WHERE (person_id, role) = ($1, $2) RETURNING role",
                person_id,
                role.value,
            )
            if gone is not None:
                await audit.note(connection, by, "person.withdraw", person=person_id, role=role.value)
        return gone is not None

    async def disable(self, person_id: str, by: Actor) -> bool | None:
        """Keep a person and its keys out, and end its sessions. Returns whether that is new; None: there is none."""
        async with self._pool.acquire() as connection, connection.transaction():
            row = await _locked(connection, person_id)
            if row is None or row["disabled_at"] is not None:
                return None if row is None else False
            await connection.execute(f"UPDATE person SET disabled_at = {NOW} WHERE id = $1", person_id)  # noqa: S608 - constant
            # Whoever is let in again signs in again, and an old link lets nobody in.
            for table in ("person_session", "person_device", "person_invitation", "sign_in_step"):
                await connection.execute(f"DELETE FROM {table} WHERE person_id = $1", person_id)  # noqa: S608 - ours
            await audit.note(connection, by, "person.disable", person=person_id)
        return True

    async def enable(self, person_id: str, by: Actor) -> bool | None:
        """Let a person sign in again. Returns whether that is new; None: there is none."""
        async with self._pool.acquire() as connection, connection.transaction():
            row = await _locked(connection, person_id)
            if row is None or row["disabled_at"] is None:
                return None if row is None else False
            await connection.execute("UPDATE person SET disabled_at = NULL WHERE id = $1", person_id)
            await audit.note(connection, by, "person.enable", person=person_id)
        return True


def person_of(row: Any) -> Person:
    """Return a person of its row, see `PERSON`. Raises KeyError or ValueError for what no version has written."""
    return Person(
        id=row["id"],
        environment=Environment(row["environment"]),
        grants=tuple(_grant_of(one) for one in row["roles"]),
        source_id=row["source_id"],
        disabled=row["disabled_at"] is not None,
    )


def _grant_of(values: dict[str, Any]) -> RoleGrant:
    return RoleGrant(
        role=_ROLES[values["role"]],
        territory=tuple(values["territory"]),
        since=_moment(values["since"]),
        until=_moment(values["until"]),
        on_call=tuple(map(OnCallWindow.parse, values["on_call"])),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _entry_of(row: Any) -> PersonEntry:
    return PersonEntry(
        person=person_of(row),
        created_at=row["created_at"],
        disabled_at=row["disabled_at"],
        shows=tuple(row["shows"]),
        seen_at=row["seen_at"],
        invited_until=row["invited_until"],
    )


async def _locked(connection: Connection, person_id: str) -> Any:
    return await connection.fetchrow("SELECT * FROM person WHERE id = $1 FOR UPDATE", person_id)


async def _grant(connection: Connection, person_id: str, grant: RoleGrant, by: Actor) -> None:
    windows: Sequence[str] = [str(window) for window in grant.on_call]
    await connection.execute(
        """INSERT INTO person_role (person_id, role, territory, since, until, on_call) VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (person_id, role) DO UPDATE SET territory = $3, since = $4, until = $5, on_call = $6,
             granted_at = clock_timestamp()""",
        person_id,
        grant.role.value,
        list(grant.territory),
        grant.since,
        grant.until,
        windows,
    )
    given: dict[str, Any] = {
        "territory": list(grant.territory),
        "since": grant.since and grant.since.isoformat(),
        "until": grant.until and grant.until.isoformat(),
        "on_call": windows,
    }
    await audit.note(
        connection,
        by,
        "person.grant",
        person=person_id,
        role=grant.role.value,
        **{name: value for name, value in given.items() if value},
    )
