"""Remember feeds from poll to poll: the state of each, and what it lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dispatcher.model.feeds import EntryState, FeedState, Overview
from dispatcher.model.vocabulary import FEED_PREFIX, FeedResult, Reason, Unresolved
from dispatcher.store.sql import is_in_force

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from dispatcher.store.record import Pool


UNRESOLVED = frozenset(Unresolved)
_ENTRY = """feed, key, part, version, reason, first_seen, links, tries, retry_at, event_key, alert_id, expires,
  open_ended, missed, ended_at"""
_STATE = "name, polled_at, succeeded_at, changed_at, next_at, failures, result, detail, validators"


def _entry(row: Any) -> EntryState:
    reason = row["reason"]
    closed = Unresolved(reason) if reason in UNRESOLVED else Reason(reason)
    return EntryState(**{**dict(row), "links": tuple(row["links"]), "reason": closed})


def _state(row: Any) -> FeedState:
    return FeedState(**{**dict(row), "result": FeedResult(row["result"])})


class Feeds:
    """Reads and writes state and entries of all feeds."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def register(self, names: Sequence[str]) -> None:
        """Make the feeds known: as such, and as sources of the record."""
        async with self._pool.acquire() as connection, connection.transaction():
            for name in names:
                await connection.execute("INSERT INTO feed (name) VALUES ($1) ON CONFLICT DO NOTHING", name)
                await connection.execute(
                    """INSERT INTO source (id, name, senders, territory) VALUES ($1, $2, '{}', '{}')
                       ON CONFLICT DO NOTHING""",
                    FEED_PREFIX + name,
                    name,
                )

    async def state(self, name: str) -> FeedState:
        """Return the state as the process that polled last left it."""
        row = await self._pool.fetchrow(f"SELECT {_STATE} FROM feed WHERE name = $1", name)  # noqa: S608 - constant columns
        return _state(row) if row else FeedState(name)

    async def states(self, names: Sequence[str]) -> list[FeedState]:
        """Return the states of these feeds, in their order."""
        rows = await self._pool.fetch(f"SELECT {_STATE} FROM feed WHERE name = ANY($1)", list(names))  # noqa: S608 - constant columns
        found = {row["name"]: _state(row) for row in rows}
        return [found.get(name) or FeedState(name) for name in names]

    async def save(self, state: FeedState) -> None:
        await self._pool.execute(
            """UPDATE feed SET polled_at = $2, succeeded_at = $3, changed_at = $4, next_at = $5, failures = $6,
                 result = $7, detail = $8, validators = $9 WHERE name = $1""",
            state.name,
            state.polled_at,
            state.succeeded_at,
            state.changed_at,
            state.next_at,
            state.failures,
            state.result,
            state.detail,
            state.validators,
        )

    async def record_contact(self, name: str, now: datetime, *, changed: bool) -> None:
        """Record that something came from a source that is not polled."""
        await self._pool.execute(
            """UPDATE feed SET polled_at = $2, succeeded_at = $2, result = $4,
                 changed_at = CASE WHEN $3 THEN $2 ELSE changed_at END WHERE name = $1""",
            name,
            now,
            changed,
            FeedResult.CHANGED,
        )

    async def entries(self, feed: str) -> dict[str, EntryState]:
        """Return everything the feed lists, and what it listed recently, by key."""
        rows = await self._pool.fetch(f"SELECT {_ENTRY} FROM feed_entry WHERE feed = $1", feed)  # noqa: S608 - constant columns
        return {row["key"]: _entry(row) for row in rows}

    async def put(self, entries: Sequence[EntryState]) -> None:
        """Write entries, new or changed."""
        await self._pool.executemany(
            f"""INSERT INTO feed_entry ({_ENTRY})
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
               ON CONFLICT (feed, key) DO UPDATE SET part = $3, version = $4, reason = $5, links = $7, tries = $8,
                 retry_at = $9, event_key = $10, alert_id = $11, expires = $12, open_ended = $13, missed = $14,
                 ended_at = $15""",  # noqa: S608 - constant columns
            [
                (
                    *(row.feed, row.key, row.part, row.version, row.reason, row.first_seen, list(row.links)),
                    *(row.tries, row.retry_at, row.event_key, row.alert_id, row.expires, row.open_ended),
                    *(row.missed, row.ended_at),
                )
                for row in entries
            ],
        )

    async def still_listed(self, feed: str, gone: Sequence[EntryState]) -> set[str]:
        """Return which event keys of entries that are gone from `feed` another entry has now, of whatever feed; not one
        whose message waits for a person.
        """
        rows = await self._pool.fetch(
            f"""SELECT DISTINCT event_key FROM feed_entry
               WHERE event_key = ANY($2) AND event_key <> '' AND ended_at IS NULL AND reason <> '{Reason.HELD}'
                 AND NOT (feed = $1 AND key = ANY($3))""",  # noqa: S608 - constant
            feed,
            [row.event_key for row in gone],
            [row.key for row in gone],
        )
        return {row["event_key"] for row in rows}

    async def delisted(self, alert_ids: Sequence[str]) -> set[str]:
        """Return which of these alerts, in this revision or an earlier one, people were notified of once that their
        source stopped listing them.
        """
        rows = await self._pool.fetch(
            f"""SELECT a.id FROM alert a WHERE a.id = ANY($1) AND EXISTS (
                 SELECT FROM reference r JOIN alert n ON n.id = r.alert_id
                 WHERE r.sender = a.sender AND r.identifier = a.identifier
                   AND n.reason = '{Reason.NO_LONGER_LISTED}')""",  # noqa: S608 - constant
            list(alert_ids),
        )
        return {row["id"] for row in rows}

    async def orphaned(self, feed: str, now: datetime) -> set[str]:
        """Return entries, by key, that were merged into another source's warning which has ended since or been
        replaced: they must be decided upon again.
        """
        rows = await self._pool.fetch(
            f"""SELECT e.key FROM feed_entry e JOIN alert a ON a.id = e.alert_id
               WHERE e.feed = $1 AND e.reason = '{Reason.MERGED}' AND e.ended_at IS NULL AND e.expires > $2
                 AND NOT {is_in_force("a", at="$2")}""",  # noqa: S608 - constant
            feed,
            now,
        )
        return {row["key"] for row in rows}

    async def extend(self, alert_ids: Sequence[str], until: datetime) -> None:
        """Extend warnings without an end of their own: they hold as long as their source lists them."""
        await self._pool.execute(
            "UPDATE alert SET expires = greatest(expires, $2) WHERE id = ANY($1)", list(alert_ids), until
        )

    async def forget(self, now: datetime, age: timedelta) -> None:
        """Drop entries that ended long ago."""
        await self._pool.execute("DELETE FROM feed_entry WHERE ended_at < $1", now - age)

    async def overview(self, names: Sequence[str]) -> list[Overview]:
        """Return the feeds' states with their numbers, in the order of `names`."""
        counts = await self._pool.fetch(
            """SELECT feed, reason, count(*) AS n, count(*) FILTER (WHERE links <> '{}') AS pending
               FROM feed_entry WHERE ended_at IS NULL AND feed = ANY($1) GROUP BY 1, 2 ORDER BY 1, 2""",
            list(names),
        )
        quarantined = dict(
            await self._pool.fetch(
                """SELECT feed, count(*) FROM quarantine WHERE feed = ANY($1) AND dealt_with_at IS NULL
                   GROUP BY 1""",
                list(names),
            )
        )
        result = []
        for name in names:
            own = [row for row in counts if row["feed"] == name]
            reasons = {row["reason"]: row["n"] for row in own}
            pending = sum(row["pending"] for row in own)
            state = await self.state(name)
            result.append(Overview(state, sum(reasons.values()), reasons, pending, quarantined.get(name, 0)))
        return result
