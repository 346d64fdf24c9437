"""Find the addresses that are to be checked in a night, and end those of which the check says that they are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from dispatcher.store.audience.endpoint_messages import GONE
from dispatcher.store.audience.subscribers import SEEN_WITHIN
from dispatcher.store.sealed.addresses import COLUMNS
from dispatcher.store.sql import NOW

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from channels.base import Endpoint
    from dispatcher.store.record import Pool
    from dispatcher.store.sealed.addresses import Addresses

_PORTION: Final = f"""
SELECT id, {COLUMNS}, address, keys, gateway, address_hash, {NOW} AS asked_at FROM subscription
WHERE channel = $1 AND id > $2 AND id % $3 = $4 AND ended_at IS NULL ORDER BY id LIMIT $5"""  # noqa: S608 - constant
_END: Final = f"""
UPDATE subscription SET ended_at = {NOW}, end_reason = '{GONE}' WHERE id IN (
  SELECT s.id FROM subscription s
  JOIN unnest($1::bigint[], $2::bytea[], $3::timestamptz[]) AS o(id, address_hash, asked_at) USING (id)
  WHERE s.ended_at IS NULL AND s.address_hash = o.address_hash AND NOT EXISTS (
    SELECT FROM subscriber_endpoint e JOIN subscriber b ON b.id = e.subscriber_id
    WHERE e.subscription_id = s.id AND (b.seen_at > o.asked_at - {SEEN_WITHIN}
      OR greatest(e.proven_at, e.last_accepted_at, e.last_confirmed_at) > o.asked_at))
  FOR NO KEY UPDATE OF s SKIP LOCKED)
RETURNING id"""  # noqa: S608 - constant
"""As where a warning finds it: one that is just being renewed stays, and so does one with another address by now. The
answers are as old as the night: who was there since they were given stays, too."""


class CheckedAddress(NamedTuple):
    """An endpoint, behind which gateway it is, the hash of the address that is asked for, and when the record gave
    it for that: the answer is younger.
    """

    gateway: str
    endpoint: Endpoint
    address_hash: bytes
    asked_at: datetime


class AddressCheckStore:
    """Reads and ends subscriptions; `addresses` opens their endpoints."""

    def __init__(self, pool: Pool, addresses: Addresses) -> None:
        self._pool = pool
        self._addresses = addresses

    async def portion(
        self, channel: str, after: int, limit: int, *, part: int, parts: int
    ) -> list[CheckedAddress]:
        """Return the channel's next endpoints by id, at most `limit`, of one of so many equal parts."""
        rows = await self._pool.fetch(_PORTION, channel, after, parts, part, limit)
        return [
            CheckedAddress(
                row["gateway"], self._addresses.of_either(row), row["address_hash"], row["asked_at"]
            )
            for row in rows
        ]

    async def end(self, gone: Sequence[CheckedAddress]) -> int:
        """End those that still are where they were asked for, and of which nothing was heard since. Returns how
        many.
        """
        ids, hashes = [one.endpoint.id for one in gone], [one.address_hash for one in gone]
        return len(await self._pool.fetch(_END, ids, hashes, [one.asked_at for one in gone]))
