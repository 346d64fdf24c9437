"""End subscribers: who leaves is erased, whose end date has come follows nothing and hears the end of what they were
told, and what ended long ago is erased.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from dispatcher.model.vocabulary import WARNING
from dispatcher.store import audit
from dispatcher.store.audience.unions import erase, hold_shown, reunite
from dispatcher.store.delivery.relocation import CHANNEL as WEBHOOKS
from dispatcher.store.sql import NOW, among, is_dispatched

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dispatcher.access.principals import Actor
    from dispatcher.store.record import Connection, Pool
    from dispatcher.store.sealed.addresses import Addresses

EXPIRED: Final = "expired"
_FORGET: Final = f"DELETE FROM subscriber WHERE ended_at <= {NOW} - $1::interval RETURNING id"  # noqa: S608 - constant
_ENDED: Final = f"""
SELECT id FROM subscription WHERE ended_at <= {NOW} - $1::interval AND erased_at IS NULL AND channel <> '{WEBHOOKS}'
ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED"""  # noqa: S608 - constant
ERASED_AT_ONCE: Final = 1000
_ABANDONED: Final = f"""
SELECT s.id FROM subscriber s WHERE s.ended_at IS NULL AND s.seen_at <= {NOW} - $1::interval AND NOT EXISTS (
  SELECT FROM subscriber_endpoint e JOIN subscription n ON n.id = e.subscription_id
  WHERE e.subscriber_id = s.id AND (n.ended_at IS NULL OR n.ended_at > {NOW} - $1::interval))"""  # noqa: S608 - constant
"""A subscriber that has had no endpoint for so long, and whose app was not started since: it looks at all of them."""
FOLLOW_UP_MOST: Final = timedelta(days=30)
"""How long after a subscriber's end date its endpoints are kept at most, to hear of the end of what they were told."""
_EXPIRED: Final = f"""
WITH warned(since) AS (
  SELECT min(received_at) FROM alert a
  WHERE {is_dispatched("a")} AND a.reason IN {among(WARNING)} AND a.expires > {NOW})
SELECT s.id, s.device_hash, found.follows, found.is_over FROM subscriber s CROSS JOIN LATERAL (
  SELECT EXISTS (SELECT FROM subscriber_municipality m WHERE m.subscriber_id = s.id)
      OR EXISTS (SELECT FROM subscriber_area a WHERE a.subscriber_id = s.id) AS follows,
    s.expires_at <= coalesce((SELECT since FROM warned), {NOW}) OR s.expires_at <= {NOW} - $1::interval
      AS is_over) found
WHERE s.expires_at <= {NOW} AND s.ended_at IS NULL AND (found.follows OR found.is_over)
ORDER BY s.expires_at LIMIT 1 FOR UPDATE OF s SKIP LOCKED"""  # noqa: S608 - constant
"""A subscriber whose end date has come, and who follows anything still, or has heard of the end of all: nothing that
people were warned of before that date would be in force still.
"""


class SubscriberEnds:
    """Ends subscribers, and erases what is left of them."""

    def __init__(self, pool: Pool, addresses: Addresses) -> None:
        self._pool = pool
        self._addresses = addresses

    async def leave(self, number: int, by: Actor | None = None) -> bool:
        """Erase a subscriber: wish, endpoints, token. Returns whether there was one. An operator's act (`by`) is on the
        audit trail.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            left = await self._erase(connection, number)
            if left and by is not None:
                await audit.note(connection, by, "subscriber.leave", subscriber=number)
        return left

    async def leave_by(self, digest: bytes) -> bool:
        """Erase the subscriber whose link to leave by has this digest. Returns whether there was one."""
        async with self._pool.acquire() as connection, connection.transaction():
            number = await connection.fetchval("SELECT id FROM subscriber WHERE leave_digest = $1", digest)
            return number is not None and await self._erase(connection, number)

    async def erase_ended(self, days: int) -> int:
        """Erase what ended so many days ago: subscribers, and endpoints with what they followed. Of a webhook the URL
        stays, which is no person's. Returns how many.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            before = timedelta(days=days)
            ended = await connection.fetch(_FORGET, before)
            await connection.execute(f"DELETE FROM succession WHERE at <= {NOW} - $1::interval", before)  # noqa: S608 - constant
            rows = await connection.fetch(_ENDED, before, ERASED_AT_ONCE)
            numbers = [row["id"] for row in rows]
            await erase(connection, self._addresses, numbers)
        return len(ended) + len(numbers)

    async def erase_abandoned(self, days: int, limit: int = ERASED_AT_ONCE) -> int:
        """Erase subscribers, at most so many, whose endpoints all ended so many days ago, or who have none, and whose
        app was not started since. An app that is started once more says all that is wanted, and is a new one. Returns
        how many.
        """
        before = timedelta(days=days)
        erased = 0
        for row in await self._pool.fetch(f"{_ABANDONED} ORDER BY s.id LIMIT $2", before, limit):
            async with self._pool.acquire() as connection, connection.transaction():
                await hold_shown(connection)
                held = f"{_ABANDONED} AND s.id = $2 FOR UPDATE OF s"
                number = await connection.fetchval(held, before, row["id"])
                if number is not None and await self._erase(connection, number):
                    erased += 1
        return erased

    async def end_expired(self, limit: int) -> int:
        """Let subscribers whose end date has come follow nothing, at most so many, and end those who have heard the end
        of what they were told. Returns how many have come to their date.
        """
        reached = 0
        for _ in range(limit):
            async with self._pool.acquire() as connection, connection.transaction():
                row = await connection.fetchrow(_EXPIRED, FOLLOW_UP_MOST)
                if row is None:
                    break
                if row["is_over"]:
                    await self._end(connection, row["id"], row["device_hash"])
                else:
                    await self._unfollow(connection, row["id"])
                reached += row["follows"]
        return reached

    async def _erase(self, connection: Connection, number: int) -> bool:
        await hold_shown(connection)
        row = await connection.fetchrow("SELECT device_hash FROM subscriber WHERE id = $1 FOR UPDATE", number)
        if row is None:
            return False
        touched = await _numbers(connection, number)
        await connection.execute("DELETE FROM subscriber WHERE id = $1", number)
        await reunite(connection, self._addresses, touched, filter(None, [row["device_hash"]]))
        return True

    async def _unfollow(self, connection: Connection, number: int) -> None:
        """Let a subscriber follow nothing. The endpoints stay, for who was warned hears the end of it."""
        await hold_shown(connection)
        touched = await _numbers(connection, number)
        for table in ("subscriber_municipality", "subscriber_area"):
            await connection.execute(f"DELETE FROM {table} WHERE subscriber_id = $1", number)  # noqa: S608 - constant
        await reunite(connection, self._addresses, touched)

    async def _end(self, connection: Connection, number: int, device: bytes | None) -> None:
        """End a subscriber whose end date has come. Its row stays for a while, without anything that it wanted."""
        await hold_shown(connection)
        touched = await _numbers(connection, number)
        for table in ("subscriber_endpoint", "subscriber_municipality", "subscriber_area"):
            await connection.execute(f"DELETE FROM {table} WHERE subscriber_id = $1", number)  # noqa: S608 - constant
        await connection.execute(
            f"""UPDATE subscriber SET ended_at = {NOW}, end_reason = '{EXPIRED}', device_hash = NULL,
                  leave_digest = NULL WHERE id = $1""",  # noqa: S608 - constant
            number,
        )
        await reunite(connection, self._addresses, touched, filter(None, [device]))


async def _numbers(connection: Connection, number: int) -> set[int]:
    rows: Iterable[Any] = await connection.fetch(
        "SELECT subscription_id FROM subscriber_endpoint WHERE subscriber_id = $1", number
    )
    return {row["subscription_id"] for row in rows}
