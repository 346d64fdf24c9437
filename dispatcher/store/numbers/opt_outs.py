"""Keep who wants no more SMS: whoever says STOP is told nothing more by anybody, and no import brings the number back.

What stays of it is a keyed hash of the number and a time. It is lifted by whoever proves the number anew.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from dispatcher.store import audit
from dispatcher.store.audience.unions import hold_shown, reunite
from dispatcher.store.sealed.clear_rows import seal_before
from dispatcher.store.sql import NOW

if TYPE_CHECKING:
    from dispatcher.access.principals import Actor
    from dispatcher.store.record import Connection, Pool
    from dispatcher.store.sealed.addresses import Addresses

CHANNEL: Final = "sms"
OPTED_OUT: Final = "opted_out"
"""The reason with which an endpoint ends whose owner wants no more SMS."""
_OPT_OUT: Final = f"""
INSERT INTO sms_opt_out (address_hash) VALUES ($1)
ON CONFLICT (address_hash) DO UPDATE SET stopped_at = {NOW}, lifted_at = NULL"""  # noqa: S608 - constant
_LIFT: Final = f"""
UPDATE sms_opt_out o SET lifted_at = {NOW} FROM subscription n
WHERE n.id = $1 AND n.channel = '{CHANNEL}' AND o.address_hash = n.address_hash AND o.lifted_at IS NULL"""  # noqa: S608 - constant
_OF_NUMBER: Final = f"""
SELECT id FROM subscription WHERE channel = '{CHANNEL}' AND address_hash = $1 AND ended_at IS NULL FOR UPDATE"""  # noqa: S608 - constant
_AROUND: Final = """
SELECT DISTINCT o.subscription_id AS id, s.device_hash FROM subscriber_endpoint e
JOIN subscriber s ON s.id = e.subscriber_id LEFT JOIN subscriber_endpoint o ON o.subscriber_id = s.id
WHERE e.subscription_id = $1"""
"""The endpoints of all who have this one, and their devices: who is one person is counted without it."""
_UNWANTED: Final = (
    # The same wish once more is another one from now on: it names a number that is gone.
    """UPDATE subscriber SET wish_digest = NULL
       WHERE id IN (SELECT subscriber_id FROM subscriber_endpoint WHERE subscription_id = $1)""",
    "DELETE FROM followed_municipality WHERE subscription_id = $1",
    "DELETE FROM watched_area WHERE subscription_id = $1",
    "DELETE FROM subscriber_endpoint WHERE subscription_id = $1",
    f"""UPDATE subscription SET ended_at = {NOW}, end_reason = '{OPTED_OUT}', legal_basis = NULL,
          imported_active = false WHERE id = $1""",  # noqa: S608 - constant
)
_REVIVED: Final = f"""
SELECT n.id FROM sms_opt_out o JOIN subscription n ON n.channel = '{CHANNEL}' AND n.address_hash = o.address_hash
WHERE o.lifted_at IS NULL AND n.ended_at IS NULL AND n.active LIMIT $1"""  # noqa: S608 - constant
_STILL: Final = """
SELECT EXISTS (SELECT FROM sms_opt_out o JOIN subscription n USING (address_hash)
  WHERE n.id = $1 AND o.lifted_at IS NULL AND n.ended_at IS NULL AND n.active)"""
_ANY: Final = "SELECT EXISTS (SELECT FROM sms_opt_out WHERE lifted_at IS NULL)"
_LEFT_OUT: Final = f"""
DELETE FROM incoming i USING sms_opt_out o
WHERE i.channel = '{CHANNEL}' AND o.address_hash = i.address_hash AND o.lifted_at IS NULL"""  # noqa: S608 - constant


class OptOut(StrEnum):
    """What a STOP did."""

    ENDED = "ended"
    """The number was told of warnings, and is no more."""
    NOTED = "noted"
    """Nothing was sent there; that nothing shall be is on record."""


class OptOuts:
    """Writes who wants no more SMS."""

    def __init__(self, pool: Pool, addresses: Addresses) -> None:
        self._pool = pool
        self._addresses = addresses

    async def stop(self, number: str, by: Actor) -> OptOut:
        """End the endpoint with this number (E.164), whoever has it: subscribers of all instances, and imports. What is
        known of it is erased, and later imports leave it out.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await hold_shown(connection)
            await seal_before(connection, self._addresses, [(CHANNEL, number)])
            return await self.stop_in(connection, self._addresses.hash(number), by)

    async def stop_in(self, connection: Connection, address_hash: bytes, by: Actor) -> OptOut:
        """Do so in the caller's transaction, for the number with this hash."""
        await connection.execute(_OPT_OUT, address_hash)
        endpoint: int | None = await connection.fetchval(_OF_NUMBER, address_hash)
        if endpoint is None:
            return OptOut.NOTED
        await self._end(connection, endpoint, by)
        return OptOut.ENDED

    async def end_revived(self, limit: int, by: Actor) -> int:
        """End endpoints that are told of warnings although their owners have said STOP and proven nothing since, at
        most so many: what an import that ran meanwhile brought back. Returns how many.
        """
        rows = await self._pool.fetch(_REVIVED, limit)
        ended = 0
        for row in rows:
            async with self._pool.acquire() as connection, connection.transaction():
                await hold_shown(connection)
                await connection.execute("SELECT FROM subscription WHERE id = $1 FOR UPDATE", row["id"])
                if await connection.fetchval(_STILL, row["id"]):
                    await self._end(connection, row["id"], by)
                    ended += 1
        return ended

    async def _end(self, connection: Connection, endpoint: int, by: Actor) -> None:
        around = await connection.fetch(_AROUND, endpoint)
        for statement in _UNWANTED:
            await connection.execute(statement, endpoint)
        touched = {endpoint} | {row["id"] for row in around} - {None}
        devices = {row["device_hash"] for row in around} - {None}
        await reunite(connection, self._addresses, touched, devices)
        await audit.note(connection, by, "subscription.opt_out", subscription=endpoint)


async def lift(connection: Connection, endpoint: int) -> None:
    """Note, in the caller's transaction, that the owner of an endpoint wants SMS again: it was just proven."""
    await connection.execute(_LIFT, endpoint)


async def leave_out(connection: Connection) -> int:
    """Take from what an import brings who wants no more SMS, in its transaction. Returns how many lines."""
    if not await connection.fetchval(_ANY):
        return 0
    # Without statistics each opt-out would be compared with every row.
    await connection.execute("ANALYZE incoming (address_hash)")
    done: str = await connection.execute(_LEFT_OUT)
    return int(done.rpartition(" ")[2])
