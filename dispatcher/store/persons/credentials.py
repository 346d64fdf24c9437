"""Keep what persons show to sign in: passwords, passkeys, secrets of TOTP, recovery codes. Every change is on the
trail.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from dispatcher.store import audit
from dispatcher.store.sql import NOW

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from dispatcher.access.principals import Actor
    from dispatcher.access.sealing import Sealing
    from dispatcher.model.vocabulary import Environment
    from dispatcher.store.record import Connection, Pool

_GOOD: Final = "p.id = c.person_id AND p.environment = $2 AND p.disabled_at IS NULL"


class CredentialKind(StrEnum):
    """What a person shows."""

    PASSWORD = "password"  # noqa: S105 - the kind, not one
    PASSKEY = "passkey"
    TOTP = "totp"
    RECOVERY = "recovery"


SECOND_FACTORS: Final = frozenset({CredentialKind.PASSKEY, CredentialKind.TOTP})
"""What makes an account whole: without one of these a password alone would be enough."""


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey as the record has it; the private half never leaves the person's device."""

    number: int
    person_id: str
    passkey_id: bytes
    public_key: bytes = field(repr=False)
    sign_count: int
    """How often it was used, as it says itself; 0 of those that do not count."""


@dataclass(frozen=True, slots=True)
class CredentialEntry:
    """A credential as its person sees it."""

    number: int
    kind: CredentialKind
    label: str
    created_at: datetime
    used_at: datetime | None


class PersonCredentials:
    """Reads and writes them. `sealing` opens the secrets of TOTP. Changes of one person's come one after the other; one
    that is made in a session, by its number, is made only while that is there: what is under way ends with a recovery.
    """

    def __init__(self, pool: Pool, sealing: Sealing) -> None:
        self._pool = pool
        self._sealing = sealing

    async def listed(self, person_id: str) -> list[CredentialEntry]:
        """Return all credentials of a person, the oldest first."""
        rows = await self._pool.fetch(
            """SELECT id, kind, label, created_at, used_at FROM person_credential
               WHERE person_id = $1 ORDER BY created_at, id""",
            person_id,
        )
        return [
            CredentialEntry(
                row["id"], CredentialKind(row["kind"]), row["label"], row["created_at"], row["used_at"]
            )
            for row in rows
        ]

    async def password_hash(self, person_id: str, environment: Environment) -> str | None:
        """Return the hash of a person's password; None where nobody of this id can sign in there."""
        found: str | None = await self._pool.fetchval(
            f"SELECT c.hash FROM person_credential c JOIN person p ON {_GOOD} WHERE c.person_id = $1 AND c.kind = 'password'",  # noqa: S608, E501 - constant
            person_id,
            environment.value,
        )
        return found

    async def put_password(self, person_id: str, hashed: str, by: Actor, session: int | None = None) -> bool:
        """Give a person a password, in place of the one before. Returns False where the session has ended."""
        async with self._pool.acquire() as connection, connection.transaction():
            if not await _begin(connection, person_id, session):
                return False
            await put_password(connection, person_id, hashed, by)
        return True

    async def rehash(self, person_id: str, before: str, after: str) -> None:
        """Keep a better hash of the same password, unless it was changed meanwhile."""
        await self._pool.execute(
            """UPDATE person_credential SET hash = $3
               WHERE person_id = $1 AND kind = 'password' AND hash = $2""",
            person_id,
            before,
            after,
        )

    async def put_totp(
        self, person_id: str, secret: str, step: int, by: Actor, session: int | None = None
    ) -> bool:
        """Give a person a secret of TOTP, in place of the one before. The code of time step `step` was taken already:
        the one that proved it is good no more. Returns False where the session has ended.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            if not await _begin(connection, person_id, session):
                return False
            await connection.execute(
                "DELETE FROM person_credential WHERE person_id = $1 AND kind = 'totp'", person_id
            )
            await connection.execute(
                "INSERT INTO person_credential (person_id, kind, sealed, used_step) VALUES ($1, 'totp', $2, $3)",
                person_id,
                self._sealing.seal(secret.encode(), _bound_to(person_id)),
                step,
            )
            await _note(connection, by, "put", person_id, CredentialKind.TOTP)
        return True

    async def totp_secret(self, person_id: str) -> str | None:
        """Return a person's secret of TOTP, if it has one. Raises `Unsealable`."""
        sealed = await self._pool.fetchval(
            "SELECT sealed FROM person_credential WHERE person_id = $1 AND kind = 'totp'", person_id
        )
        return None if sealed is None else self._sealing.open(sealed, _bound_to(person_id)).decode()

    async def take_step(self, person_id: str, step: int) -> bool:
        """Take the code of a time step. Returns whether it was not taken before, nor a later one: a code that somebody
        has seen is good for nobody else.
        """
        taken = await self._pool.fetchval(
            f"""UPDATE person_credential SET used_step = $2, used_at = {NOW}
                WHERE person_id = $1 AND kind = 'totp' AND (used_step IS NULL OR used_step < $2) RETURNING id""",  # noqa: S608 - constant
            person_id,
            step,
        )
        return taken is not None

    async def put_recovery_codes(
        self, person_id: str, hashes: Sequence[str], by: Actor, session: int | None = None
    ) -> bool:
        """Give a person these recovery codes, in place of all before. Returns False where the session has ended."""
        async with self._pool.acquire() as connection, connection.transaction():
            if not await _begin(connection, person_id, session):
                return False
            await connection.execute(
                "DELETE FROM person_credential WHERE person_id = $1 AND kind = 'recovery'", person_id
            )
            await connection.executemany(
                "INSERT INTO person_credential (person_id, kind, hash) VALUES ($1, 'recovery', $2)",
                [(person_id, hashed) for hashed in hashes],
            )
            await _note(connection, by, "put", person_id, CredentialKind.RECOVERY)
        return True

    async def take_recovery_code(self, person_id: str, hashed: str, by: Actor) -> bool:
        """Take a recovery code, which is gone then. Returns whether there was one of this hash."""
        async with self._pool.acquire() as connection, connection.transaction():
            gone = await connection.fetchval(
                "DELETE FROM person_credential WHERE (person_id, kind, hash) = ($1, 'recovery', $2) RETURNING id",
                person_id,
                hashed,
            )
            if gone is not None:
                await _note(connection, by, "use", person_id, CredentialKind.RECOVERY)
        return gone is not None

    async def add_passkey(self, passkey: Passkey, label: str, by: Actor, session: int | None = None) -> bool:
        """Let a passkey sign its person in. Returns whether it is new, and the session has not ended; nobody takes
        another's.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            if not await _begin(connection, passkey.person_id, session):
                return False
            new = await connection.fetchval(
                """INSERT INTO person_credential (person_id, kind, passkey_id, public_key, sign_count, label)
                   VALUES ($1, 'passkey', $2, $3, $4, $5) ON CONFLICT (passkey_id) DO NOTHING RETURNING id""",
                passkey.person_id,
                passkey.passkey_id,
                passkey.public_key,
                passkey.sign_count,
                label,
            )
            if new is not None:
                await _note(connection, by, "put", passkey.person_id, CredentialKind.PASSKEY)
        return new is not None

    async def passkey(self, passkey_id: bytes, environment: Environment) -> Passkey | None:
        """Return a passkey whose person can sign in there."""
        row = await self._pool.fetchrow(
            f"""SELECT c.id, c.person_id, c.passkey_id, c.public_key, c.sign_count
                FROM person_credential c JOIN person p ON {_GOOD} WHERE c.passkey_id = $1""",  # noqa: S608 - constant
            passkey_id,
            environment.value,
        )
        return Passkey(*row) if row else None

    async def passkey_ids(self, person_id: str) -> list[bytes]:
        """Return the ids of a person's passkeys."""
        rows = await self._pool.fetch(
            "SELECT passkey_id FROM person_credential WHERE person_id = $1 AND kind = 'passkey'", person_id
        )
        return [row["passkey_id"] for row in rows]

    async def count_up(self, passkey: Passkey, sign_count: int) -> bool:
        """Note that a passkey was used. Returns whether it had still the count that it was judged by: of two answers at
        once that show the same one, one is a copy's.
        """
        done = await self._pool.fetchval(
            f"""UPDATE person_credential SET sign_count = $3, used_at = {NOW}
                WHERE id = $1 AND sign_count = $2 RETURNING id""",  # noqa: S608 - constant
            passkey.number,
            passkey.sign_count,
            sign_count,
        )
        return done is not None

    async def remove(self, person_id: str, number: int, by: Actor, session: int | None = None) -> bool:
        """Remove a passkey or the secret of TOTP of a person. Returns False, and leaves it, where there is no such, or
        it is the last second factor, or the session has ended.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            if not await _begin(connection, person_id, session):
                return False
            rows = await connection.fetch(
                "SELECT id, kind FROM person_credential WHERE person_id = $1 AND kind IN ('passkey', 'totp')",
                person_id,
            )
            kinds = {row["id"]: CredentialKind(row["kind"]) for row in rows}
            if number not in kinds or len(kinds) == 1:
                return False
            await connection.execute("DELETE FROM person_credential WHERE id = $1", number)
            await _note(connection, by, "remove", person_id, kinds[number])
        return True


async def put_password(connection: Connection, person_id: str, hashed: str, by: Actor) -> None:
    """Give a person a password, in place of the one before, in a transaction of the caller's."""
    await connection.execute(
        f"""INSERT INTO person_credential (person_id, kind, hash) VALUES ($1, 'password', $2)
            ON CONFLICT (person_id, kind) WHERE kind IN ('password', 'totp')
            DO UPDATE SET hash = $2, created_at = {NOW}""",  # noqa: S608 - constant
        person_id,
        hashed,
    )
    await _note(connection, by, "put", person_id, CredentialKind.PASSWORD)


async def _begin(connection: Connection, person_id: str, session: int | None) -> bool:
    """Let whoever else changes this person's credentials wait. Returns whether the session is there, if one is asked
    for.
    """
    await connection.fetchval("SELECT id FROM person WHERE id = $1 FOR UPDATE", person_id)
    return session is None or await connection.fetchval(
        "SELECT EXISTS (SELECT FROM person_session WHERE (id, person_id) = ($1, $2))", session, person_id
    )


async def _note(connection: Any, by: Actor, act: str, person_id: str, kind: CredentialKind) -> None:
    await audit.note(connection, by, f"person.credential.{act}", person=person_id, kind=kind.value)


def _bound_to(person_id: str) -> bytes:
    return f"person_credential\n{person_id}".encode()
