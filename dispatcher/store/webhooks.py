"""Record the webhook that each instance registers: a subscription of the channel `app`, and whose it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import asyncpg

from channels.endpoint_url import normal_spelling
from dispatcher.access.credentials import Bearer
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.model.webhooks import CallbackForm, Environment, Webhook, WebhookTaken
from dispatcher.store import audit
from dispatcher.store.delivery.relocation import move_waiting
from dispatcher.store.keys import NoSuchBearer
from dispatcher.store.sealed.addresses import COLUMNS
from dispatcher.store.sealed.clear_rows import seal_before
from dispatcher.store.sql import NOW

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import timedelta

    from dispatcher.access.principals import Actor
    from dispatcher.model.webhooks import WantedWebhook
    from dispatcher.store.record import Connection, Pool
    from dispatcher.store.sealed.addresses import Addresses

CHANNEL: Final = "app"
ORIGINS_MOST: Final = 500
"""How many servers of apps are looked at: each municipality has one app at most, and most share one with others."""
REMOVED: Final = "removed"
"""The reason with which a subscription ends whose instance gave up its webhook."""
_WEBHOOK: Final = f"""
SELECT s.id, {COLUMNS}, s.address, s.keys, s.language, s.ended_at, i.environment, w.places IS NULL AS follows_all,
  ARRAY(SELECT unnest(coalesce(w.places, i.shown)) AS p INTERSECT SELECT unnest(i.shown) ORDER BY p) AS places
FROM webhook w JOIN instance i ON i.id = w.instance_id JOIN subscription s ON s.id = w.subscription_id
WHERE w.instance_id = $1 AND s.end_reason IS DISTINCT FROM $2"""  # noqa: S608 - constant
_FOUND: Final = f"""
SELECT s.id, {COLUMNS}, s.address, s.keys, s.ended_at IS NOT NULL AS ended FROM subscription s
WHERE s.channel = $1 AND s.instance = $2
  AND (s.id = (SELECT subscription_id FROM webhook WHERE instance_id = $2) OR s.id = ANY($3::bigint[]))
ORDER BY s.ended_at IS NOT NULL, s.id = ANY($3::bigint[]) LIMIT 1 FOR UPDATE"""  # noqa: S608 - constant
"""The recipient that a webhook takes up: the one that it has, an imported one of the instance with this URL, or the
last one that it had."""


async def callback_origins(pool: Pool) -> list[str]:
    """Return the origins that apps' notices are posted to, each once, at most `ORIGINS_MOST`. No address is opened."""
    rows = await pool.fetch(
        "SELECT DISTINCT gateway FROM subscription WHERE channel = $1 AND ended_at IS NULL ORDER BY 1 LIMIT $2",
        CHANNEL,
        ORIGINS_MOST,
    )
    return [row["gateway"] for row in rows]


class Webhooks:
    """Reads and writes webhooks; `addresses` seals and opens their URLs and secrets. Every act is on the audit trail,
    without the URL.
    """

    def __init__(self, pool: Pool, addresses: Addresses) -> None:
        self._pool = pool
        self._addresses = addresses

    async def of(self, instance_id: str) -> Webhook | None:
        """Return the webhook of an instance."""
        return await self._read(self._pool, instance_id)

    async def put(
        self,
        instance_id: str,
        wanted: WantedWebhook,
        keys: Callable[[Mapping[str, str]], dict[str, str]],
        by: Actor = UNNAMED_OPERATOR,
    ) -> Webhook:
        """Register or replace the webhook of an instance; `keys` returns its keys from those that it has. What is under
        way goes to the new URL, and one that had ended is the same recipient again: what the instance was warned of, it
        hears the end of. Raises `NoSuchBearer`, and `WebhookTaken` for a URL that is somebody else's.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            environment = await _lock(connection, instance_id)
            try:
                number = await self._put_subscription(connection, instance_id, wanted, keys)
            except asyncpg.UniqueViolationError:
                raise WebhookTaken from None
            await connection.execute(
                """INSERT INTO webhook (instance_id, subscription_id, places) VALUES ($1, $2, $3)
                   ON CONFLICT (instance_id) DO UPDATE SET subscription_id = $2, places = $3""",
                instance_id,
                number,
                None if wanted.places is None else list(wanted.places),
            )
            webhook = await self._known(connection, instance_id)
            warned = environment is Environment.PRODUCTION
            await _follow(connection, number, webhook.places if warned else ())
            await move_waiting(connection, number, wanted.gateway)
            await audit.note(connection, by, "webhook.put", instance=instance_id)
            return webhook

    async def change_keys(
        self,
        instance_id: str,
        keys: Callable[[Mapping[str, str]], dict[str, str]],
        by: Actor = UNNAMED_OPERATOR,
    ) -> Webhook | None:
        """Replace the keys of the webhook by what `keys` returns of them; None where there is no webhook, or its
        receiver ended it. Raises `NoSuchBearer`.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await _lock(connection, instance_id)
            webhook = await self._read(connection, instance_id)
            if webhook is None or webhook.ended_at is not None:
                return None
            sealed = self._addresses.seal(webhook.url, keys(webhook.keys))
            await connection.execute(
                """UPDATE subscription SET address = NULL, sealed = $2, address_hash = $3, keys = $4 WHERE id = $1""",
                webhook.subscription_id,
                sealed.sealed,
                sealed.address_hash,
                sealed.keys,
            )
            await audit.note(connection, by, "webhook.rotate", instance=instance_id)
            return await self._known(connection, instance_id)

    async def remove(self, instance_id: str, by: Actor = UNNAMED_OPERATOR) -> bool:
        """End the webhook: nothing more is sent to it. Returns whether there was one. Raises `NoSuchBearer`."""
        async with self._pool.acquire() as connection, connection.transaction():
            await _lock(connection, instance_id)
            webhook = await self._read(connection, instance_id)
            if webhook is None:
                return False
            # Its row stays, and says which recipient the instance was: registering again takes that one up.
            await connection.execute(
                f"UPDATE subscription SET ended_at = coalesce(ended_at, {NOW}), end_reason = $2 WHERE id = $1",  # noqa: S608 - constant
                webhook.subscription_id,
                REMOVED,
            )
            await audit.note(connection, by, "webhook.remove", instance=instance_id)
        return True

    async def claim_test(self, instance_id: str, every: timedelta) -> float:
        """Note that the webhook is being tested. Returns 0, or in how many seconds it may be: one test in `every`,
        over all processes.
        """
        claimed = await self._pool.fetchval(
            f"""UPDATE webhook SET tested_at = {NOW} WHERE instance_id = $1
                 AND (tested_at IS NULL OR tested_at <= {NOW} - $2::interval) RETURNING 0.0::float8""",  # noqa: S608 - constant
            instance_id,
            every,
        )
        if claimed is not None:
            return 0.0
        left: float | None = await self._pool.fetchval(
            f"""SELECT extract(epoch FROM tested_at + $2::interval - {NOW})::float8 FROM webhook
                WHERE instance_id = $1""",  # noqa: S608 - constant
            instance_id,
            every,
        )
        return max(left or 0.0, 0.001)

    async def _put_subscription(
        self,
        connection: Connection,
        instance_id: str,
        wanted: WantedWebhook,
        keys: Callable[[Mapping[str, str]], dict[str, str]],
    ) -> int:
        """Write the subscription and return its number: the one that the instance has, or else an imported one of its
        own with this URL, or the one that it had before its webhook ended, or a new one. Raises UniqueViolationError
        where the URL is another's.

        Who is alarmed is known by number: under another one the instance would hear of no end of what it has accepted.
        """
        same = await self._own_spellings(connection, instance_id, wanted)
        await seal_before(connection, self._addresses, [(CHANNEL, wanted.url)])
        row = await connection.fetchrow(_FOUND, CHANNEL, instance_id, same)
        # A secret ends with its webhook.
        before = self._addresses.of_either(row).keys if row and not row["ended"] else {}
        sealed = self._addresses.seal(wanted.url, keys(before))
        values = (wanted.gateway, sealed.sealed, sealed.address_hash, sealed.keys, wanted.language)
        if row is not None:
            await connection.execute(
                """UPDATE subscription SET gateway = $2, address = NULL, sealed = $3, address_hash = $4, keys = $5,
                     language = $6, ended_at = NULL, end_reason = NULL WHERE id = $1""",
                row["id"],
                *values,
            )
            return int(row["id"])
        number: int = await connection.fetchval(
            """INSERT INTO subscription (channel, gateway, sealed, address_hash, keys, language, instance)
               VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id""",
            CHANNEL,
            *values,
            instance_id,
        )
        return number

    async def _own_spellings(
        self, connection: Connection, instance_id: str, wanted: WantedWebhook
    ) -> list[int]:
        """Return the instance's own subscriptions with this URL, in whatever spelling. Raises `WebhookTaken` where it
        is another's.
        """
        await connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('webhook ' || $1, 0))", wanted.gateway
        )
        rows = await connection.fetch(
            f"""SELECT id, {COLUMNS}, address, keys, instance FROM subscription
                WHERE channel = $1 AND ended_at IS NULL AND gateway = $2""",  # noqa: S608 - constant
            CHANNEL,
            wanted.gateway,
        )
        url, own_hash = normal_spelling(wanted.url), self._addresses.hash(wanted.url)
        # What cannot be opened is compared by its hash.
        same = [
            row
            for row in rows
            if row["address_hash"] == own_hash
            or url == normal_spelling(self._addresses.of_either(row).address)
        ]
        if any(row["instance"] != instance_id for row in same):
            raise WebhookTaken
        return [row["id"] for row in same]

    async def _known(self, connection: Connection, instance_id: str) -> Webhook:
        """Return the webhook, which is there: this transaction wrote it."""
        webhook = await self._read(connection, instance_id)
        if webhook is None:
            raise LookupError(instance_id)
        return webhook

    async def _read(self, connection: Any, instance_id: str) -> Webhook | None:
        row = await connection.fetchrow(_WEBHOOK, instance_id, REMOVED)
        if row is None:
            return None
        endpoint = self._addresses.of_either(row)
        return Webhook(
            subscription_id=row["id"],
            url=endpoint.address,
            keys=endpoint.keys,
            language=row["language"],
            places=tuple(row["places"]),
            follows_all=row["follows_all"],
            environment=Environment(row["environment"]),
            ended_at=row["ended_at"],
            form=CallbackForm.CAP if endpoint.takes_message else CallbackForm.NOTICE,
        )


async def _lock(connection: Connection, instance_id: str) -> Environment:
    """Hold the instance's row until the transaction ends, so that two changes come one after the other."""
    found = await connection.fetchval(
        "SELECT environment FROM instance WHERE id = $1 FOR UPDATE", instance_id
    )
    if found is None:
        raise NoSuchBearer(str(Bearer.of(None, instance_id)))
    return Environment(found)


async def _follow(connection: Connection, number: int, places: Sequence[str]) -> None:
    """Let the subscription follow these places and nothing else."""
    await connection.execute("DELETE FROM watched_area WHERE subscription_id = $1", number)
    # As sets: an array is searched anew for each row, and an instance may have all eleven thousand municipalities.
    await connection.execute(
        """DELETE FROM followed_municipality f WHERE subscription_id = $1
             AND NOT EXISTS (SELECT FROM unnest($2::text[]) AS p (ags) WHERE p.ags = f.ags)""",
        number,
        places,
    )
    await connection.execute(
        """INSERT INTO followed_municipality (subscription_id, ags)
           SELECT $1::bigint, unnest($2::text[]) EXCEPT SELECT subscription_id, ags FROM followed_municipality
           WHERE subscription_id = $1 ON CONFLICT DO NOTHING""",
        number,
        places,
    )
