"""Keep the fingerprints of the secrets that all machines of a service share; the secrets themselves are never here."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from channels.webpush.vapid import key_name
from dispatcher.access.fingerprints import SecretName
from dispatcher.access.principals import SERVICE
from dispatcher.store import audit
from dispatcher.store.sealed.keys import SealingKeys

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from dispatcher.access.principals import Actor
    from dispatcher.store.record import Connection, Pool

NO_KEYS: Mapping[int, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class NotedSecret:
    """A secret as the record knows it. A VAPID key's fingerprint is its public key, which browsers subscribe with."""

    fingerprint: str
    noted_at: datetime


class Secrets:
    """Reads and writes fingerprints. Every change is on the audit trail."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def are_kept(self) -> bool:
        """Whether the record has a table for fingerprints: a new one has none, nor has one of an older version."""
        return bool(await self._pool.fetchval("SELECT to_regclass('shared_secret') IS NOT NULL"))

    async def noted(self, name: SecretName) -> NotedSecret | None:
        """Return what the record knows of a secret."""
        row = await self._pool.fetchrow(
            "SELECT fingerprint, noted_at FROM shared_secret WHERE name = $1", name.value
        )
        return NotedSecret(row["fingerprint"], row["noted_at"]) if row else None

    async def replace(
        self, name: SecretName, fingerprint: str, by: Actor, keys: Mapping[int, str] = NO_KEYS
    ) -> None:
        """Let the record know another secret in place of the one that it knew; of a ring also the fingerprints of its
        `keys`, by number.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            before = await connection.fetchval(
                "SELECT fingerprint FROM shared_secret WHERE name = $1 FOR UPDATE", name.value
            )
            await connection.execute(
                """INSERT INTO shared_secret (name, fingerprint) VALUES ($1, $2)
                   ON CONFLICT (name) DO UPDATE SET fingerprint = $2, noted_at = statement_timestamp()""",
                name.value,
                fingerprint,
            )
            if name is SecretName.PEPPER and before is not None:
                await _note_replaced_pepper(connection, before, fingerprint)
            if name is SecretName.VAPID:
                await _note_vapid_key(connection, fingerprint)
            if name is SecretName.ADDRESSES:
                await SealingKeys(connection).replace(keys)
            await audit.note(
                connection, by, "secret.replace", secret=name.value, before=before, after=fingerprint
            )

    async def vapid_keys(self) -> list[NotedSecret]:
        """Return every VAPID key that the service has had, by its public key, the first one first."""
        rows = await self._pool.fetch(
            "SELECT public_key, noted_at FROM vapid_key ORDER BY noted_at, public_key"
        )
        return [NotedSecret(row["public_key"], row["noted_at"]) for row in rows]

    async def keys(self) -> int:
        """Return how many keys were hashed under the service's pepper and are not revoked."""
        return int(
            await self._pool.fetchval(
                "SELECT count(*) FROM api_key WHERE revoked_at IS NULL AND replaced_pepper IS NULL"
            )
        )

    async def sealed(self) -> int:
        """Return how many endpoints are sealed with the service's ring of keys: of subscriptions that have not ended,
        and of people on duty.
        """
        return int(
            await self._pool.fetchval(
                """SELECT (SELECT count(*) FROM subscription WHERE ended_at IS NULL AND sealed IS NOT NULL)
                   + (SELECT count(*) FROM person_endpoint)"""
            )
        )

    async def push_subscriptions(self) -> dict[str, int]:
        """Return how many Web Push subscriptions there are, those of people on duty as well, by the name of the VAPID
        key that each was made with; one that names none was made with the first key of all, as far as anybody knows.
        """
        rows = await self._pool.fetch(
            """SELECT name, sum(n) AS n FROM (
                 SELECT coalesce(keys->>'vapid', '') AS name, count(*) AS n FROM subscription
                 WHERE channel = 'webpush' AND ended_at IS NULL GROUP BY 1
                 UNION ALL
                 SELECT coalesce(vapid, ''), count(*) FROM person_endpoint
                 WHERE channel = 'webpush' AND gone_at IS NULL GROUP BY 1) AS found
               GROUP BY name"""
        )
        found = {row["name"]: int(row["n"]) for row in rows}
        noted = await self.vapid_keys() if found.get("") else []
        if noted:
            eldest = key_name(noted[0].fingerprint)
            found[eldest] = found.get(eldest, 0) + found.pop("")
        return found


async def _note_replaced_pepper(connection: Connection, before: str, after: str) -> None:
    """Let every key that can be recognised now be worthless, and those be good again whose pepper comes back."""
    await connection.execute(
        """UPDATE api_key SET replaced_pepper = nullif(coalesce(replaced_pepper, $1), $2)
           WHERE replaced_pepper IS NULL OR replaced_pepper = $2""",
        before,
        after,
    )


async def _note_vapid_key(connection: Connection, public_key: str) -> None:
    """Let the record know what keys subscriptions may have been made with."""
    await connection.execute(
        "INSERT INTO vapid_key (public_key) VALUES ($1) ON CONFLICT DO NOTHING", public_key
    )


async def note_first(connection: Connection, name: SecretName, fingerprint: str) -> bool:
    """Let the record know a secret, within the caller's transaction, where it knows none. Returns whether it is now
    this one: of two machines that start at once the second waits here until the first has committed, and is told no.
    """
    noted = await connection.fetchval(
        "INSERT INTO shared_secret (name, fingerprint) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING name",
        name.value,
        fingerprint,
    )
    if noted is None:
        return False
    if name is SecretName.VAPID:
        await _note_vapid_key(connection, fingerprint)
    await audit.note(connection, SERVICE, "secret.note", secret=name.value, fingerprint=fingerprint)
    return True


class PushKey:
    """The VAPID public key as the record has it: an API process, which strangers reach, needs no more of it."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._known: str | None = None

    async def get(self) -> str | None:
        """Return the key as browsers take it; None until the first worker of the service has started. Once known it is
        not asked for again: a process that has asked at its start gives no key that was made since, which workers on
        other machines may not have yet.
        """
        if self._known is None:
            noted = await self._secrets.noted(SecretName.VAPID)
            self._known = noted.fingerprint if noted else None
        return self._known
