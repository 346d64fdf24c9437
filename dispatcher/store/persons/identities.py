"""Keep whom an OpenID provider knows as which person: by issuer and subject, never by an e-mail address, which changes
hands. Every change is on the trail.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from asyncpg import UniqueViolationError

from dispatcher.store import audit
from dispatcher.store.persons.sessions import Method
from dispatcher.store.sql import NOW

if TYPE_CHECKING:
    from datetime import datetime

    from dispatcher.access.principals import Actor
    from dispatcher.model.vocabulary import Environment
    from dispatcher.store.record import Connection, Pool

LONGEST_SUBJECT: Final = 255
"""Characters of a subject (OpenID Connect Core 1.0, section 2)."""


@dataclass(frozen=True, slots=True)
class IdentityKey:
    """Somebody at a provider, in one environment. The subject is personal data."""

    environment: Environment
    issuer: str
    subject: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Linked:
    """The person of an identity."""

    person_id: str
    disabled: bool


class Linking(StrEnum):
    """What became of a link."""

    DONE = "done"
    NOBODY = "nobody"
    """There is no such person in this environment, or no such invitation, or the person is disabled."""
    TAKEN = "taken"
    """The identity is another person's."""


class Identities:
    """Reads and writes them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def linked(self, key: IdentityKey) -> Linked | None:
        """Return whose an identity is; None: nobody's."""
        row = await self._pool.fetchrow(
            """SELECT p.id, p.disabled_at IS NOT NULL AS disabled
               FROM person_identity i JOIN person p ON p.id = i.person_id
               WHERE (i.environment, i.issuer, i.subject) = ($1, $2, $3)""",
            key.environment.value,
            key.issuer,
            key.subject,
        )
        return Linked(row["id"], row["disabled"]) if row else None

    async def used(self, key: IdentityKey) -> None:
        """Note that an identity has signed its person in."""
        await self._pool.execute(
            f"""UPDATE person_identity SET used_at = {NOW}
                WHERE (environment, issuer, subject) = ($1, $2, $3)""",  # noqa: S608 - constant
            key.environment.value,
            key.issuer,
            key.subject,
        )

    async def used_at(self, person_id: str) -> list[datetime | None]:
        """Return when the identities of a person were used last, each."""
        rows = await self._pool.fetch(
            "SELECT used_at FROM person_identity WHERE person_id = $1 ORDER BY issuer", person_id
        )
        return [row["used_at"] for row in rows]

    async def link(self, person_id: str, key: IdentityKey, by: Actor) -> Linking:
        """Let an identity sign a person in, in place of what the person had at the same provider; sessions that were
        begun by that end.
        """
        return await self._linked_by(
            key, by, "SELECT id FROM person WHERE (id, environment) = ($1, $2) FOR UPDATE", person_id
        )

    async def accept(self, invitation: bytes, key: IdentityKey, by: Actor, person_id: str) -> Linking:
        """Let an identity sign the person in whom the link of this digest invites, which is good no more then."""
        return await self._linked_by(
            key,
            by,
            f"""DELETE FROM person_invitation i USING person p
                WHERE p.id = $1 AND p.environment = $2 AND i.digest = $3 AND i.expires_at > {NOW}
                  AND i.person_id = p.id AND p.disabled_at IS NULL RETURNING p.id""",  # noqa: S608 - constant
            person_id,
            invitation,
        )

    async def unlink(self, person_id: str, by: Actor) -> int:
        """Let no identity sign a person in any more, and end the sessions that were begun so. Returns how many
        identities there were.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.fetchval("SELECT id FROM person WHERE id = $1 FOR UPDATE", person_id)
            gone = await connection.fetch(
                "DELETE FROM person_identity WHERE person_id = $1 RETURNING issuer", person_id
            )
            if gone:
                await _end_sessions(connection, person_id)
                await audit.note(connection, by, "person.unlink", person=person_id)
        return len(gone)

    async def _linked_by(
        self, key: IdentityKey, by: Actor, found: str, person_id: str, *values: object
    ) -> Linking:
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                if await connection.fetchval(found, person_id, key.environment.value, *values) is None:
                    return Linking.NOBODY
                before = await connection.fetchval(
                    "DELETE FROM person_identity WHERE (person_id, issuer) = ($1, $2) RETURNING subject",
                    person_id,
                    key.issuer,
                )
                if before is not None and before != key.subject:
                    await _end_sessions(connection, person_id)
                await connection.execute(
                    """INSERT INTO person_identity (environment, issuer, subject, person_id)
                       VALUES ($1, $2, $3, $4)""",
                    key.environment.value,
                    key.issuer,
                    key.subject,
                    person_id,
                )
                await audit.note(connection, by, "person.link", person=person_id, issuer=key.issuer)
        except UniqueViolationError:
            return Linking.TAKEN
        return Linking.DONE


async def _end_sessions(connection: Connection, person_id: str) -> None:
    await connection.execute(
        "DELETE FROM person_session WHERE (person_id, method) = ($1, $2)", person_id, Method.OIDC.value
    )
