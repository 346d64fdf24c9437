"""Keep the links by which persons enrol: one for a person at most, good once and not for long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatcher.store import audit
from dispatcher.store.keys import revoke_keys_of
from dispatcher.store.persons.credentials import put_password
from dispatcher.store.persons.persons import PERSON, person_of
from dispatcher.store.persons.sessions import Method
from dispatcher.store.sql import NOW

if TYPE_CHECKING:
    from datetime import timedelta

    from dispatcher.access.persons import Person
    from dispatcher.access.principals import Actor
    from dispatcher.store.record import Connection, Pool


class Invitations:
    """Reads and writes them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def invite(self, person_id: str, digest: bytes, life: timedelta, by: Actor) -> bool:
        """Let the token of this digest enrol a person, in place of an earlier one, and of whatever that has opened:
        somebody else may have had it. Returns whether there is such a person, and it is not disabled.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            return await _invite(connection, person_id, digest, life, by)

    async def recover(self, person_id: str, digest: bytes, life: timedelta, by: Actor) -> bool:
        """Invite a person anew, who has lost what it showed or fears that somebody else has it: all its credentials are
        good no more from now on, nor is what a provider knows it by, its sessions end, and the keys of sources that are
        its own are revoked. Returns as `invite`.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            if not await _invite(connection, person_id, digest, life, by):
                return False
            for table in ("person_credential", "person_identity", "person_session", "person_device"):
                await connection.execute(f"DELETE FROM {table} WHERE person_id = $1", person_id)  # noqa: S608 - ours
            revoked = await revoke_keys_of(connection, person_id, by)
            await audit.note(connection, by, "person.recover", person=person_id, keys=revoked)
        return True

    async def invited(self, digest: bytes) -> Person | None:
        """Return whom the token of this digest invites now. Nothing is changed: programs look at links beforehand."""
        row = await self._pool.fetchrow(
            f"""SELECT {PERSON} FROM person p JOIN person_invitation i ON i.person_id = p.id
                WHERE i.digest = $1 AND i.expires_at > {NOW} AND p.disabled_at IS NULL""",  # noqa: S608 - constant
            digest,
        )
        return person_of(row) if row else None

    async def accept(self, digest: bytes, hashed: str, by: Actor) -> Person | None:
        """Let the person of this token have the password of this hash, and the token be good no more. Returns the
        person; None, and nothing is changed, where the token invites nobody.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(
                f"""DELETE FROM person_invitation i USING person p
                    WHERE i.digest = $1 AND i.expires_at > {NOW} AND p.id = i.person_id AND p.disabled_at IS NULL
                    RETURNING {PERSON}""",  # noqa: S608 - constant
                digest,
            )
            if row is None:
                return None
            person = person_of(row)
            await put_password(connection, person.id, hashed, by)
        return person


async def _invite(connection: Connection, person_id: str, digest: bytes, life: timedelta, by: Actor) -> bool:
    there = await connection.fetchval(
        "SELECT id FROM person WHERE id = $1 AND disabled_at IS NULL FOR UPDATE", person_id
    )
    if there is None:
        return False
    until = await connection.fetchval(
        f"""INSERT INTO person_invitation (person_id, digest, expires_at) VALUES ($1, $2, {NOW} + $3)
            ON CONFLICT (person_id) DO UPDATE SET digest = $2, expires_at = {NOW} + $3, created_at = {NOW}
            RETURNING expires_at""",  # noqa: S608 - constant
        person_id,
        digest,
        life,
    )
    await connection.execute(
        "DELETE FROM person_session WHERE (person_id, method) = ($1, $2)", person_id, Method.INVITATION.value
    )
    await connection.execute("DELETE FROM sign_in_step WHERE person_id = $1", person_id)
    await audit.note(connection, by, "person.invite", person=person_id, until=until.isoformat())
    return True
