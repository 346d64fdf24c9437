"""Read which feeds hold something of which nobody knows yet what it means for people."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from cap.vocabulary import MsgType
from dispatcher.model.feeds import UnreadContent
from dispatcher.model.vocabulary import FEED_PREFIX, AlertState, Unresolved
from dispatcher.store.sql import among, is_public

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from dispatcher.store.record import Pool

LISTED_MOST: Final = timedelta(days=30)
"""How long it counts that something lies aside or waits for a person: as long as a warning may hold before a person is
asked. Whoever writes into a list cannot call more in doubt than that by one message."""
ONCE_MOST: Final = timedelta(days=1)
"""How long it counts where no list says whether the source still means it: of what was pushed, or cannot be fetched.
Twice as long as a message without an end of its own is taken to hold by default."""
_ASIDE: Final = f"""
SELECT q.feed, min(q.first_at) AS since FROM quarantine q JOIN feed f ON f.name = q.feed
  LEFT JOIN feed_entry e ON e.feed = q.feed AND left(e.key, 200) = q.name
WHERE q.feed = ANY($1) AND q.dealt_with_at IS NULL AND CASE
  WHEN NOT q.feed = ANY($2) THEN q.last_at > $4
  -- A list as a whole, or a part of it without a name: what was read since takes its place.
  WHEN e.key IS NULL THEN q.last_at >= coalesce(f.succeeded_at, '-infinity') AND q.last_at > $5
  WHEN e.ended_at IS NOT NULL THEN false
  WHEN e.reason IN {among(Unresolved)} THEN q.first_at > $5
  -- The entry was read before: its new content cannot be, unless the list has brought another since.
  ELSE q.last_at >= coalesce(f.changed_at, '-infinity') AND q.last_at > $4 END
GROUP BY q.feed
UNION ALL SELECT e.feed, min(e.first_seen) FROM feed_entry e
WHERE e.feed = ANY($1) AND e.reason = '{Unresolved.PENDING}' AND e.ended_at IS NULL
  AND coalesce(e.expires > $3, true) AND e.first_seen > $4
GROUP BY e.feed"""  # noqa: S608 - constant
_HELD: Final = f"""
SELECT substr(a.source_id, {len(FEED_PREFIX) + 1}) AS feed, min(a.received_at) AS since,
  coalesce(array_agg(DISTINCT p.ags ORDER BY p.ags) FILTER (WHERE p.ags IS NOT NULL), '{{}}') AS municipalities
FROM alert a LEFT JOIN affected p ON p.alert_id = a.id
WHERE a.state = '{AlertState.HELD}' AND starts_with(a.source_id, '{FEED_PREFIX}') AND {is_public("a")}
  AND a.msg_type IN {among((MsgType.ALERT, MsgType.UPDATE))} AND a.expires > $1 AND a.received_at > $2
GROUP BY a.source_id, p.ags IS NULL"""  # noqa: S608 - constant


class UnreadContents:
    """Reads what feeds hold undecided: what lies aside, cannot be fetched, or waits for a person."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def read(
        self, feeds: Sequence[str], polled: Sequence[str], now: datetime
    ) -> tuple[UnreadContent, ...]:
        """Return what there is at `now` of these feeds, of which those are `polled`; several of a feed where it may
        concern several places. Of held messages only warnings count that are meant, and meant for everybody, until
        they run out.
        """
        once, listed = now - ONCE_MOST, now - LISTED_MOST
        aside = await self._pool.fetch(_ASIDE, list(feeds), list(polled), now, once, listed)
        held = await self._pool.fetch(_HELD, now, listed)
        found = [UnreadContent(row["feed"], row["since"]) for row in aside]
        return (*found, *(_held(row) for row in held if row["feed"] in feeds))


def _held(row: Any) -> UnreadContent:
    return UnreadContent(row["feed"], row["since"], tuple(row["municipalities"]))
