"""Record which endpoint follows which municipalities and watched areas, and count them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from channels.base import Endpoint
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.model.subscriptions import NewSubscription, SubscriberCounts
from dispatcher.store import audit
from dispatcher.store.delivery.alarmed import ALARMED, BESIDE, GRAPHS
from dispatcher.store.sql import Target, concerned, concerned_by_municipality

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from dispatcher.access.principals import Actor
    from dispatcher.store.record import Connection, Pool


_TARGET = Target(municipalities="SELECT unnest($1::text[])", located="$2::bigint[]", named="$3::text[]")
"""The target of a message that is not on record, given as parameters."""

_BESIDE = "SELECT id FROM beside WHERE id <> ALL($3::text[])"
"""Ids of what stays in force in the graphs when the alerts in $3 end."""
_TOLD_OF_END = f"""
{GRAPHS}, replaced AS (SELECT unnest($3::text[]) AS id), {ALARMED},
beside AS MATERIALIZED ({BESIDE}),
elsewhere AS ({concerned(Target.of_alerts(_BESIDE, "'{}'"))}),
told_of_end AS (SELECT id FROM alarmed EXCEPT SELECT id FROM elsewhere)"""  # noqa: S608 - constant
"""Who hears of an end of the alerts in $3, as plans have it. But a plan also asks the location index who has a watched
area in the mere shapes of what stays in force; this counts them although they hear of nothing yet.
"""


async def _add_watched_areas(connection: Connection, new_subscriptions: Sequence[NewSubscription]) -> None:
    rows = [
        (
            item.channel,
            hashlib.sha256(item.address.encode()).digest(),
            [lat for lat, _ in watched.lat_lon],
            [lon for _, lon in watched.lat_lon],
            watched.radius_m,
            list(watched.ags),
        )
        for item in new_subscriptions
        for watched in item.watched_areas
    ]
    await connection.executemany(
        """INSERT INTO watched_area (subscription_id, lat, lon, radius_m, ags)
           SELECT id, $3, $4, $5, $6 FROM subscription
           WHERE channel = $1 AND address_hash = $2 AND ended_at IS NULL
           ON CONFLICT DO NOTHING""",
        rows,
    )


class Subscriptions:
    """Reads and writes the endpoints of record."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add_many(self, subscriptions: Iterable[NewSubscription], by: Actor = UNNAMED_OPERATOR) -> int:
        """Add endpoints in bulk; one already known gets the new keys and the union of places. Returns how many."""
        new_subscriptions = list(subscriptions)
        rows = [
            (
                position,
                item.channel,
                item.gateway,
                item.address,
                hashlib.sha256(item.address.encode()).digest(),
                dict(item.keys),
                item.language,
                item.instance,
                item.ref,
                list(item.places),
            )
            for position, item in enumerate(new_subscriptions)
        ]
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(
                """CREATE TEMP TABLE incoming (position int, channel text, gateway text, address text,
                     address_hash bytea, keys jsonb, language text, instance text, ref text, places text[])
                   ON COMMIT DROP"""
            )
            await connection.copy_records_to_table("incoming", records=rows)
            await connection.execute(
                """INSERT INTO subscription (channel, gateway, address, address_hash, keys, language, instance, ref)
                   SELECT DISTINCT ON (channel, address_hash)
                          channel, gateway, address, address_hash, keys, language, instance, ref
                   FROM incoming ORDER BY channel, address_hash, position DESC
                   ON CONFLICT (channel, address_hash) WHERE ended_at IS NULL
                   DO UPDATE SET keys = excluded.keys, gateway = excluded.gateway, language = excluded.language,
                                 instance = excluded.instance, ref = excluded.ref"""
            )
            await connection.execute(
                """INSERT INTO followed_municipality (subscription_id, ags)
                   SELECT DISTINCT s.id, p.ags FROM incoming i
                   JOIN subscription s USING (channel, address_hash)
                   CROSS JOIN LATERAL unnest(i.places) p(ags) WHERE s.ended_at IS NULL
                   ON CONFLICT DO NOTHING"""
            )
            await _add_watched_areas(connection, new_subscriptions)
            await audit.note(connection, by, "subscriptions.add", count=len(rows))
        await self._pool.execute("ANALYZE subscription, followed_municipality, watched_area")
        return len(rows)

    async def reach(
        self, ags: Sequence[str], located: Sequence[int] = (), named: Sequence[str] = ()
    ) -> SubscriberCounts:
        """Count the subscribers that an alert for these municipalities would address. A person following several of
        them counts once per channel, and once in each of the municipalities.

        `located` are the subscriptions with a watched area in the alert's shapes; those with one in a municipality that
        is `named` are found here.
        """
        rows = await self._pool.fetch(
            f"""SELECT s.channel, c.ags, count(*) AS n FROM ({concerned_by_municipality(_TARGET)}) c
               JOIN subscription s ON s.id = c.id WHERE s.ended_at IS NULL GROUP BY 1, 2""",  # noqa: S608 - constant
            list(ags),
            list(located),
            list(named),
        )
        totals = await self._pool.fetch(
            f"""SELECT s.channel, count(*) AS n FROM ({concerned(_TARGET)}) c
               JOIN subscription s ON s.id = c.id WHERE s.ended_at IS NULL GROUP BY 1""",  # noqa: S608 - constant
            list(ags),
            list(located),
            list(named),
        )
        by_municipality: dict[str, dict[str, int]] = {code: {} for code in ags}
        for row in rows:
            if row["ags"] in by_municipality:
                by_municipality[row["ags"]][row["channel"]] = row["n"]
        return SubscriberCounts({row["channel"]: row["n"] for row in totals}, by_municipality)

    async def alarmed(self, chain_ids: Sequence[str], alert_ids: Sequence[str]) -> SubscriberCounts:
        """Count the subscribers who are alarmed by one of these alerts, of these graphs of references, and whom nothing
        else in force of the graphs concerns: those whom an end of the alerts would reach. Municipalities are those of
        the alerts.
        """
        totals = await self._pool.fetch(
            f"""WITH RECURSIVE {_TOLD_OF_END}
               SELECT s.channel, count(*) AS n FROM told_of_end a JOIN subscription s ON s.id = a.id
               WHERE s.ended_at IS NULL GROUP BY 1""",  # noqa: S608 - constant
            list(chain_ids),
            "",
            list(alert_ids),
        )
        rows = await self._pool.fetch(
            f"""WITH RECURSIVE {_TOLD_OF_END},
               place AS (
                 SELECT subscription_id AS id, ags FROM followed_municipality
                 UNION SELECT subscription_id, unnest(ags) FROM watched_area)
               SELECT f.ags, s.channel, count(DISTINCT s.id) FILTER (WHERE a.id IS NOT NULL) AS n
               FROM affected f LEFT JOIN place p ON p.ags = f.ags LEFT JOIN told_of_end a ON a.id = p.id
               LEFT JOIN subscription s ON s.id = a.id AND s.ended_at IS NULL
               WHERE f.alert_id = ANY($3) GROUP BY 1, 2""",  # noqa: S608 - constant
            list(chain_ids),
            "",
            list(alert_ids),
        )
        by_municipality: dict[str, dict[str, int]] = {}
        for row in rows:
            counts = by_municipality.setdefault(row["ags"], {})
            if row["channel"] is not None:
                counts[row["channel"]] = row["n"]
        return SubscriberCounts({row["channel"]: row["n"] for row in totals}, by_municipality)

    async def endpoints(self, ids: Sequence[int]) -> dict[int, Endpoint]:
        """Return the endpoints that still exist among `ids`."""
        rows = await self._pool.fetch(
            "SELECT id, address, keys FROM subscription WHERE id = ANY($1) AND ended_at IS NULL", list(ids)
        )
        return {number: Endpoint(number, address, keys) for number, address, keys in rows}

    async def endpoints_after(self, channel: str, last_id: int, limit: int) -> list[Endpoint]:
        """Return the channel's endpoints with the next higher ids, at most `limit`."""
        rows = await self._pool.fetch(
            """SELECT id, address, keys FROM subscription
               WHERE channel = $1 AND id > $2 AND ended_at IS NULL ORDER BY id LIMIT $3""",
            channel,
            last_id,
            limit,
        )
        return [Endpoint(number, address, keys) for number, address, keys in rows]

    async def counts(self) -> dict[str, int]:
        """Count the active subscriptions by channel."""
        rows = await self._pool.fetch(
            "SELECT channel, count(*) AS n FROM subscription WHERE ended_at IS NULL GROUP BY 1"
        )
        return {row["channel"]: row["n"] for row in rows}

    async def refs(self) -> AsyncIterator[tuple[int, str, str]]:
        """Yield every subscription ever, as (id, channel, ref), for joining ledgers."""
        async with self._pool.acquire() as connection, connection.transaction():
            async for row in connection.cursor(
                "SELECT id, channel, ref FROM subscription WHERE ref IS NOT NULL ORDER BY id", prefetch=5000
            ):
                yield row["id"], row["channel"], row["ref"]
