"""Keep what feeds delivered and nobody could read: it is counted, shown, and there for replay."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from dispatcher.model.feeds import QuarantinedItem
from dispatcher.store import audit

if TYPE_CHECKING:
    from datetime import datetime

    from dispatcher.access.principals import Actor
    from dispatcher.store.record import Pool

MAX_CONTENT_BYTES = 4 * 1024 * 1024
"""How much of each item is kept; of a longer one the hash and size are those of the whole."""
MAX_ITEMS = 500
"""Items kept per feed, so that a broken feed cannot fill the record; the oldest go first."""


_COLUMNS = "id, feed, name, sha256, size, code, detail, times, first_at, last_at"


class Quarantine:
    """Keeps unreadable items per feed, each content once."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def put(self, feed: str, name: str, content: bytes, code: str, detail: str, now: datetime) -> bool:
        """Keep the item. Returns whether it is new; what is here is counted, and what was dealt with stays so."""
        new = await self._pool.fetchval(
            """INSERT INTO quarantine (feed, name, sha256, size, content, code, detail, first_at, last_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
               ON CONFLICT (feed, sha256) DO UPDATE SET times = quarantine.times + 1, last_at = $8
               RETURNING times = 1""",
            feed,
            name[:200],
            hashlib.sha256(content).digest(),
            len(content),
            content[:MAX_CONTENT_BYTES],
            code,
            detail[:500],
            now,
        )
        await self._pool.execute(
            """DELETE FROM quarantine WHERE feed = $1 AND id IN (
                 SELECT id FROM quarantine WHERE feed = $1 ORDER BY last_at DESC OFFSET $2)""",
            feed,
            MAX_ITEMS,
        )
        return bool(new)

    async def listed(self, feed: str | None, limit: int = 50) -> list[QuarantinedItem]:
        """Return the newest items that nobody has dealt with, of one feed or of all."""
        rows = await self._pool.fetch(
            f"""SELECT {_COLUMNS} FROM quarantine WHERE ($1::text IS NULL OR feed = $1) AND dealt_with_at IS NULL
               ORDER BY last_at DESC LIMIT $2""",  # noqa: S608 - constant columns
            feed,
            limit,
        )
        return [QuarantinedItem(**dict(row)) for row in rows]

    async def deal_with(self, feed: str, number: int, actor: Actor, action: str, why: str = "") -> bool:
        """Note that an item of the feed is dealt with, and by whom. Returns whether it lay aside until now."""
        async with self._pool.acquire() as connection, connection.transaction():
            name = await connection.fetchval(
                """UPDATE quarantine SET dealt_with_at = clock_timestamp()
                   WHERE id = $1 AND feed = $2 AND dealt_with_at IS NULL RETURNING name""",
                number,
                feed,
            )
            if name is not None:
                await audit.note(connection, actor, action, feed=feed, number=number, name=name, why=why)
        return name is not None

    async def content(self, number: int) -> tuple[str, str, bytes] | None:
        """Return feed, name and bytes of an item."""
        row = await self._pool.fetchrow("SELECT feed, name, content FROM quarantine WHERE id = $1", number)
        return (row["feed"], row["name"], row["content"]) if row else None

    async def received_at(self, number: int) -> datetime | None:
        """Return when an item came first."""
        first: datetime | None = await self._pool.fetchval(
            "SELECT first_at FROM quarantine WHERE id = $1", number
        )
        return first
