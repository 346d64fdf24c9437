"""Keep who is signed in, and in which browsers. Whether a session still holds is asked at each request, with the roles
that its person has then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from dispatcher.store import audit
from dispatcher.store.persons.persons import PERSON, person_of
from dispatcher.store.sources import source_of
from dispatcher.store.sql import NOW

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from dispatcher.access.persons import Person
    from dispatcher.access.principals import Actor
    from dispatcher.model.principals import Source
    from dispatcher.model.vocabulary import Environment
    from dispatcher.store.record import Pool

USE_NOTED_EVERY: Final = timedelta(minutes=1)
"""How often the use of a session is written at most. It ends by so much earlier than it might."""
MOST_DEVICES: Final = 20
"""Browsers of one person that are remembered: those that were used last."""
_HOLDS: Final = f"s.created_at > {NOW} - $2::interval AND s.used_at > {NOW} - $3::interval"
_SOURCE: Final = "p2.name, p2.senders, p2.territory, p2.inset_m, p2.by_severity, p2.may_flash, p2.quota"


class Method(StrEnum):
    """How a person signed in."""

    PASSWORD_AND_TOTP = "password+totp"  # noqa: S105 - no password
    PASSWORD_AND_RECOVERY = "password+recovery"  # noqa: S105 - as above
    PASSKEY = "passkey"
    OIDC = "oidc"
    """At an OpenID provider."""
    INVITATION = "invitation"
    """By the link: to enrol, and for nothing else."""


@dataclass(frozen=True, slots=True)
class SessionTerms:
    """When a session ends by itself: some time after its last use, and at last so long after its beginning."""

    idle: timedelta
    life: timedelta


@dataclass(frozen=True, slots=True)
class PersonSession:
    """A session that holds, with its person and the control centre that it writes for, as of `now` (aware)."""

    number: int
    method: Method
    person: Person
    source: Source | None
    now: datetime


@dataclass(frozen=True, slots=True)
class SessionEntry:
    """A session as its person sees it."""

    number: int
    method: Method
    created_at: datetime
    used_at: datetime


class Sessions:
    """Reads and writes them."""

    def __init__(self, pool: Pool, terms: SessionTerms) -> None:
        self._pool = pool
        self._terms = terms

    async def begin(
        self,
        digest: bytes,
        person: Person,
        method: Method,
        device: bytes | None,
        by: Actor,
        instead_of: int | None = None,
    ) -> bool:
        """Begin a session by the token of this digest, and remember the browser by that of `device`; another one of the
        person ends, if `instead_of` has its number. Returns whether the person may still sign in, and that one was
        there.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            there = await connection.fetchval(
                "SELECT id FROM person WHERE (id, environment) = ($1, $2) AND disabled_at IS NULL FOR SHARE",
                person.id,
                person.environment.value,
            )
            if there is None:
                return False
            if instead_of is not None:
                gone = await connection.fetchval(
                    "DELETE FROM person_session WHERE (person_id, id) = ($1, $2) RETURNING id",
                    person.id,
                    instead_of,
                )
                if gone is None:
                    return False
                await audit.note(connection, by, "person.sign_out", person=person.id, sessions=1)
            await connection.execute(
                f"DELETE FROM person_session s WHERE s.person_id = $1 AND NOT ({_HOLDS})",  # noqa: S608 - constant
                person.id,
                self._terms.life,
                self._terms.idle,
            )
            await connection.execute(
                "INSERT INTO person_session (digest, person_id, environment, method) VALUES ($1, $2, $3, $4)",
                digest,
                person.id,
                person.environment.value,
                method.value,
            )
            if device is not None:
                await connection.execute(
                    f"""INSERT INTO person_device (digest, person_id) VALUES ($1, $2)
                        ON CONFLICT (digest, person_id) DO UPDATE SET used_at = {NOW}""",  # noqa: S608 - constant
                    device,
                    person.id,
                )
                await connection.execute(
                    """DELETE FROM person_device WHERE person_id = $1 AND digest NOT IN (
                         SELECT digest FROM person_device WHERE person_id = $1 ORDER BY used_at DESC LIMIT $2)""",
                    person.id,
                    MOST_DEVICES,
                )
            await audit.note(connection, by, "person.sign_in", person=person.id, method=method.value)
        return True

    async def is_known(self, device: bytes, person_id: str) -> bool:
        """Whether this person has signed in before in the browser that has the token of this digest."""
        found = await self._pool.fetchval(
            "SELECT true FROM person_device WHERE (digest, person_id) = ($1, $2)", device, person_id
        )
        return bool(found)

    async def is_anybodys(self, device: bytes) -> bool:
        """Whether anybody has signed in before in the browser that has the token of this digest."""
        return bool(
            await self._pool.fetchval("SELECT EXISTS (SELECT FROM person_device WHERE digest = $1)", device)
        )

    async def holding(self, digests: Iterable[bytes]) -> set[bytes]:
        """Return those of the digests of tokens whose sessions hold. It is no use of them."""
        rows = await self._pool.fetch(
            f"""SELECT s.digest FROM person_session s JOIN person p ON p.id = s.person_id
                WHERE s.digest = ANY($1) AND {_HOLDS} AND p.disabled_at IS NULL""",  # noqa: S608 - constant
            list(digests),
            self._terms.life,
            self._terms.idle,
        )
        return {row["digest"] for row in rows}

    async def found(
        self, digest: bytes, environment: Environment, *, is_use: bool = True
    ) -> PersonSession | None:
        """Return the session of a token of this digest, which is used herewith unless nobody has done anything; None
        where there is none, or it holds no more, or its person is disabled or of the other environment.
        """
        row = await self._pool.fetchrow(
            f"""SELECT s.id AS number, s.method, s.used_at < {NOW} - $5::interval AS is_due, {NOW} AS now, {PERSON},
                  p2.id AS centre, {_SOURCE}
                FROM person_session s JOIN person p ON p.id = s.person_id LEFT JOIN source p2
                  ON p2.id = p.source_id AND p2.disabled_at IS NULL
                WHERE s.digest = $1 AND {_HOLDS} AND s.environment = $4 AND p.disabled_at IS NULL""",  # noqa: S608 - constant
            digest,
            self._terms.life,
            self._terms.idle,
            environment.value,
            USE_NOTED_EVERY,
        )
        if row is None:
            return None
        if is_use and row["is_due"]:
            await self._pool.execute(
                f"UPDATE person_session SET used_at = {NOW} WHERE id = $1",  # noqa: S608 - constant
                row["number"],
            )
        source = None if row["centre"] is None else source_of({**row, "id": row["centre"]})
        return PersonSession(row["number"], Method(row["method"]), person_of(row), source, row["now"])

    async def listed(self, person_id: str) -> list[SessionEntry]:
        """Return the sessions of a person that hold, the newest first."""
        rows = await self._pool.fetch(
            f"""SELECT s.id, s.method, s.created_at, s.used_at FROM person_session s
                WHERE s.person_id = $1 AND {_HOLDS} ORDER BY s.created_at DESC, s.id DESC""",  # noqa: S608 - constant
            person_id,
            self._terms.life,
            self._terms.idle,
        )
        return [
            SessionEntry(row["id"], Method(row["method"]), row["created_at"], row["used_at"]) for row in rows
        ]

    async def end(self, person_id: str, number: int, by: Actor) -> bool:
        """End a session of a person. Returns whether there was one."""
        async with self._pool.acquire() as connection, connection.transaction():
            gone = await connection.fetchval(
                "DELETE FROM person_session WHERE (person_id, id) = ($1, $2) RETURNING id", person_id, number
            )
            if gone is not None:
                await audit.note(connection, by, "person.sign_out", person=person_id, sessions=1)
        return gone is not None

    async def end_all(
        self, person_id: str, by: Actor, but: int | None = None, device: bytes | None = None
    ) -> int:
        """End all sessions of a person, `but` one. Its browsers are forgotten but that of the digest `device`: one of
        them may be in other hands.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(
                """DELETE FROM person_session WHERE person_id = $1 AND id IS DISTINCT FROM $2 RETURNING id""",
                person_id,
                but,
            )
            await connection.execute(
                "DELETE FROM person_device WHERE person_id = $1 AND digest IS DISTINCT FROM $2",
                person_id,
                device,
            )
            await audit.note(connection, by, "person.sign_out", person=person_id, sessions=len(rows))
        return len(rows)
