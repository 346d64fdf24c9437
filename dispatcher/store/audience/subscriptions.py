"""Record which endpoint follows which municipalities and watched areas, and count them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.model.subscriptions import SubscriberCounts
from dispatcher.store import audit
from dispatcher.store.audience import failing
from dispatcher.store.audience.wishes import is_told, people_by_channel, severity_rank
from dispatcher.store.delivery.alarmed import ALARMED, BESIDE, GRAPHS
from dispatcher.store.imports.incoming import IMPORT_LOCK, begin, row_of, take_in
from dispatcher.store.sealed.addresses import COLUMNS
from dispatcher.store.sealed.clear_rows import seal_before
from dispatcher.store.sql import Target, concerned, concerned_by_municipality

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

    from channels.base import Endpoint
    from dispatcher.access.principals import Actor
    from dispatcher.model.retry_policy import LastingPolicy
    from dispatcher.model.subscriptions import NewSubscription
    from dispatcher.store.record import Pool
    from dispatcher.store.sealed.addresses import Addresses


_TARGET = Target(municipalities="SELECT unnest($1::text[])", located="$2::bigint[]", named="$3::text[]")
"""The target of a message that is not on record, given as parameters."""
_STAYS = Target(municipalities="SELECT unnest($4::text[])", located="$5::bigint[]", named="$6::text[]")
"""The same of a message that replaces the alerts in $3."""

_IS_TOLD = is_told("s")
_WISHED = f"{is_told('s', '$5::boolean')} AND s.min_severity <= $4::int"
_REACH = people_by_channel(f"({concerned(_TARGET)})", _WISHED)
_REACH_BY_MUNICIPALITY = people_by_channel(f"({concerned_by_municipality(_TARGET)})", _WISHED, "ags")
_FOLLOWERS = f"""
SELECT s.channel, c.ags, count(*) AS n FROM ({concerned_by_municipality(_TARGET)}) c JOIN subscription s ON s.id = c.id
WHERE {_IS_TOLD} GROUP BY 1, 2
"""  # noqa: S608 - constant

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
_DROPPED = f"""{_TOLD_OF_END},
dropped AS (
  SELECT s.id FROM subscription s JOIN told_of_end t ON t.id = s.id
  WHERE {_IS_TOLD} AND NOT EXISTS (SELECT FROM ({concerned(_STAYS)}) stays WHERE stays.id = s.id))"""  # noqa: S608 - constant
"""Who hears of an end of the alerts in $3 because the message that replaces them does not concern them."""


async def counts(pool: Pool) -> dict[str, int]:
    """Count the endpoints that are told of warnings, by channel: nothing of them has to be opened."""
    rows = await pool.fetch(
        """SELECT channel, count(*) AS n FROM subscription s WHERE ended_at IS NULL AND active
             AND NOT EXISTS (SELECT FROM canary c WHERE c.subscription_id = s.id) GROUP BY 1"""
    )
    return {row["channel"]: row["n"] for row in rows}


async def following_others(pool: Pool, known: Sequence[str]) -> dict[str, int]:
    """Count the endpoints that are told of warnings and follow another municipality than these (AGS), by municipality,
    that of most endpoints first.
    """
    rows = await pool.fetch(
        """SELECT f.ags, count(*) AS n FROM followed_municipality f JOIN subscription s ON s.id = f.subscription_id
           WHERE s.ended_at IS NULL AND s.active
             AND NOT EXISTS (SELECT FROM unnest($1::text[]) AS known (ags) WHERE known.ags = f.ags)
             AND NOT EXISTS (SELECT FROM canary c WHERE c.subscription_id = s.id)
           GROUP BY 1 ORDER BY 2 DESC, 1""",
        list(known),
    )
    return {row["ags"]: row["n"] for row in rows}


class AudienceCounts:
    """Counts whom messages reach: opens no address, so that it needs no keys."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def reach(
        self,
        ags: Sequence[str],
        located: Sequence[int] = (),
        named: Sequence[str] = (),
        severity: str = "",
        *,
        drill: bool = False,
    ) -> SubscriberCounts:
        """Count the people whom an alert of this severity for these municipalities would address, each once, by the
        channel on which it is told first; and once in each of the municipalities that the person follows. Quiet hours
        are not asked for: they end. `drill`: it is an exercise.

        `located` are the subscriptions with a watched area in the alert's shapes; those with one in a municipality that
        is `named` are found here.
        """
        wishes = (severity_rank(severity), drill)
        rows = await self._pool.fetch(_REACH_BY_MUNICIPALITY, list(ags), list(located), list(named), *wishes)
        totals = await self._pool.fetch(_REACH, list(ags), list(located), list(named), *wishes)
        by_municipality: dict[str, dict[str, int]] = {code: {} for code in ags}
        for row in rows:
            if row["ags"] in by_municipality:
                by_municipality[row["ags"]][row["channel"]] = row["n"]
        return SubscriberCounts({row["channel"]: row["n"] for row in totals}, by_municipality)

    async def followers(self, ags: Sequence[str]) -> dict[tuple[str, str], int]:
        """Count the endpoints, by municipality and channel, by which somebody follows these municipalities, or a place
        in them.
        """
        rows = await self._pool.fetch(_FOLLOWERS, list(ags), [], list(ags))
        return {(row["ags"], row["channel"]): row["n"] for row in rows}

    async def alarmed(self, chain_ids: Sequence[str], alert_ids: Sequence[str]) -> SubscriberCounts:
        """Count the subscribers who are alarmed by one of these alerts, of these graphs of references, and whom nothing
        else in force of the graphs concerns: those whom an end of the alerts would reach. Municipalities are those of
        the alerts.
        """
        totals = await self._pool.fetch(
            f"WITH RECURSIVE {_TOLD_OF_END} {people_by_channel('told_of_end', _IS_TOLD)}",
            list(chain_ids),
            "",
            list(alert_ids),
        )
        rows = await self._pool.fetch(
            f"""WITH RECURSIVE {_TOLD_OF_END},
               place AS (
                 SELECT subscription_id AS id, ags FROM followed_municipality
                 UNION SELECT subscription_id, unnest(ags) FROM watched_area),
               there AS (SELECT a.id, p.ags FROM told_of_end a JOIN place p ON p.id = a.id),
               counted AS ({people_by_channel("there", _IS_TOLD, "ags")})
               SELECT f.ags, c.channel, coalesce(c.n, 0) AS n
               FROM affected f LEFT JOIN counted c ON c.ags = f.ags WHERE f.alert_id = ANY($3)""",  # noqa: S608 - constant
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

    async def still_warned(
        self, chain_ids: Sequence[str], alert_ids: Sequence[str]
    ) -> tuple[int, tuple[str, ...]]:
        """Return how many are alarmed by one of these alerts, and the ids of what else of the graphs is in force, or
        waits behind an equal warning, and concerns some of them: so long they hear of no end.
        """
        arguments = (list(chain_ids), "", list(alert_ids))
        count = await self._pool.fetchval(
            f"""WITH RECURSIVE {_TOLD_OF_END}
               SELECT count(DISTINCT coalesce(s.person, -s.id)) FROM alarmed a JOIN subscription s ON s.id = a.id
               WHERE {_IS_TOLD}""",  # noqa: S608 - constant
            *arguments,
        )
        rows = await self._pool.fetch(
            f"""WITH RECURSIVE {_TOLD_OF_END}
               SELECT b.id FROM beside b WHERE b.id <> ALL($3::text[]) AND EXISTS (
                 SELECT FROM alarmed a JOIN ({concerned(Target.of_alert("b.id", "'{}'"))}) c ON c.id = a.id)
               ORDER BY b.id""",  # noqa: S608 - constant
            *arguments,
        )
        return count, tuple(row["id"] for row in rows)

    async def dropped(
        self,
        replaced: tuple[Sequence[str], Sequence[str]],
        stays: tuple[Sequence[str], Sequence[int], Sequence[str]],
        ags: Sequence[str],
    ) -> SubscriberCounts:
        """Count the subscribers who are alarmed by alerts that a message replaces (ids of their graphs, and theirs) and
        whom neither it nor anything else in force of the graphs concerns. `stays` is its target: municipalities,
        subscriptions located in its shapes, municipalities that are named. Counted in the municipalities `ags`.
        """
        chain_ids, alert_ids = replaced
        arguments = (list(chain_ids), "", list(alert_ids), *map(list, stays))
        totals = await self._pool.fetch(
            f"WITH RECURSIVE {_DROPPED} {people_by_channel('dropped', _IS_TOLD)}",
            *arguments,
        )
        rows = await self._pool.fetch(
            f"""WITH RECURSIVE {_DROPPED},
               place AS (
                 SELECT subscription_id AS id, ags FROM followed_municipality
                 UNION SELECT subscription_id, unnest(ags) FROM watched_area),
               there AS (SELECT d.id, p.ags FROM dropped d JOIN place p ON p.id = d.id WHERE p.ags = ANY($7))
               {people_by_channel("there", _IS_TOLD, "ags")}""",  # noqa: S608 - constant
            *arguments,
            list(ags),
        )
        by_municipality: dict[str, dict[str, int]] = {code: {} for code in ags}
        for row in rows:
            by_municipality[row["ags"]][row["channel"]] = row["n"]
        return SubscriberCounts({row["channel"]: row["n"] for row in totals}, by_municipality)

    async def counts(self) -> dict[str, int]:
        """Count the active subscriptions by channel."""
        return await counts(self._pool)


class Subscriptions(AudienceCounts):
    """Reads and writes the endpoints of record; `addresses` seals and opens them."""

    def __init__(self, pool: Pool, addresses: Addresses) -> None:
        super().__init__(pool)
        self._addresses = addresses

    async def add_many(self, subscriptions: Iterable[NewSubscription], by: Actor = UNNAMED_OPERATOR) -> int:
        """Add endpoints that may be written to, in bulk; one already known gets the new keys and the union of places.
        Returns how many.
        """
        new_subscriptions = list(subscriptions)
        rows = [
            (*row_of(line, one, self._addresses.seal(one.address, one.keys)), False, True)
            for line, one in enumerate(new_subscriptions)
        ]
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", IMPORT_LOCK)
            await seal_before(
                connection, self._addresses, [(one.channel, one.address) for one in new_subscriptions]
            )
            await begin(connection)
            await connection.copy_records_to_table("incoming", records=rows)
            put = await take_in(connection, self._addresses)
            await audit.note(connection, by, "subscriptions.add", count=put.lines)
        await self._pool.execute("ANALYZE subscription, followed_municipality, watched_area")
        return put.lines

    async def endpoints(self, ids: Sequence[int]) -> dict[int, Endpoint]:
        """Return those of the endpoints `ids` that may still be sent to: they have not ended, and somebody wants them
        told. One that cannot be opened is without address and keys.
        """
        rows = await self._pool.fetch(
            f"SELECT id, {COLUMNS} FROM subscription WHERE id = ANY($1) AND ended_at IS NULL AND active",  # noqa: S608 - constant
            list(ids),
        )
        return await self._opened(rows)

    async def _opened(self, rows: Sequence[Any]) -> dict[int, Endpoint]:
        """Return the endpoints of rows of id and `COLUMNS`, in their order. What is not sealed yet is read as it is."""
        opened = self._addresses.endpoints(rows)
        if len(opened) == len(rows):
            return opened
        again = await self._pool.fetch(
            f"SELECT id, {COLUMNS}, address, keys FROM subscription WHERE id = ANY($1)",  # noqa: S608 - constant
            [row["id"] for row in rows if row["id"] not in opened],
        )
        opened |= {one.id: one for one in map(self._addresses.of_either, again)}
        return {number: opened[number] for row in rows if (number := row["id"]) in opened}

    async def note_vapid_keys(self, names: Mapping[int, str]) -> None:
        """Record with which VAPID keys subscriptions turned out to be made."""
        await self._pool.execute(
            """UPDATE subscription s SET keys = s.keys || jsonb_build_object('vapid', o.name)
               FROM unnest($1::bigint[], $2::text[]) AS o(id, name)
               WHERE s.id = o.id AND s.channel = 'webpush' AND s.ended_at IS NULL""",
            list(names),
            list(names.values()),
        )

    async def note_failing(
        self, alert_id: str, codes: Mapping[int, str], policy: LastingPolicy, *, absent: bool
    ) -> int:
        """Note whose errors lasted at an alert, with their codes, or whose devices were away until its end; ends
        subscriptions and returns how many, see `failing.note_failing`.
        """
        return await failing.note_failing(self._pool, alert_id, codes, policy, absent=absent)

    async def endpoints_after(self, channel: str, last_id: int, limit: int) -> list[Endpoint]:
        """Return the channel's endpoints with the next higher ids, at most `limit`."""
        rows = await self._pool.fetch(
            f"""SELECT id, {COLUMNS} FROM subscription
               WHERE channel = $1 AND id > $2 AND ended_at IS NULL ORDER BY id LIMIT $3""",  # noqa: S608 - constant
            channel,
            last_id,
            limit,
        )
        return list((await self._opened(rows)).values())

    async def refs(self) -> AsyncIterator[tuple[int, str, str]]:
        """Yield every subscription ever, as (id, channel, ref), for joining ledgers."""
        async with self._pool.acquire() as connection, connection.transaction():
            async for row in connection.cursor(
                "SELECT id, channel, ref FROM subscription WHERE ref IS NOT NULL ORDER BY id", prefetch=5000
            ):
                yield row["id"], row["channel"], row["ref"]
