"""Keep where push services can be told to take accepted messages back, while their warning is valid.

An end takes the place of its warning at the push service, by its topic. Only where it could not be handed over does the
warning wait there still, and is to be taken back. Elsewhere that would do harm: at Mozilla the place of a message is
that of whatever has its topic now.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec
import structlog

from dispatcher.access.sealing import Unsealable
from dispatcher.model.vocabulary import AlertState, Reason, State
from dispatcher.store.sealed.clear_rows import location_bound
from dispatcher.store.sql import NOW, among, is_dispatched

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from dispatcher.store.record import Pool
    from dispatcher.store.sealed.addresses import Addresses

_ENDINGS: Final = among((Reason.CANCEL, Reason.ALL_CLEAR))
"""The reasons of messages that end a warning and say so. Nobody says that what is merely delisted is over."""
_REACHED_NOBODY: Final = frozenset({State.REJECTED, State.EXPIRED, State.DEAD, State.QUIET_PAST_END})
"""Outcomes without the flag UNCERTAIN after which a push service surely does not have the message."""

_CLAIM: Final = f"""
INSERT INTO withdrawal AS w (alert_id, leased_until)
SELECT e.id, {NOW} + $1 FROM alert e
WHERE e.reason IN {_ENDINGS} AND e.state = '{AlertState.SETTLED}' AND e.settled_at > {NOW} - interval '1 day'
  AND EXISTS (SELECT FROM message_location l JOIN alert a ON a.id = l.alert_id
              WHERE a.thread = e.thread AND a.number < e.number)
  AND NOT EXISTS (SELECT FROM withdrawal d
                  WHERE d.alert_id = e.id AND (d.done_at IS NOT NULL OR d.leased_until > {NOW}))
ORDER BY e.number LIMIT 1
ON CONFLICT (alert_id) DO UPDATE SET leased_until = excluded.leased_until
  WHERE w.done_at IS NULL AND w.leased_until <= {NOW}
RETURNING alert_id
"""  # noqa: S608 - constant

_GOES_ON: Final = f"""
SELECT EXISTS (SELECT FROM alert n JOIN alert e ON e.id = $1
               WHERE n.thread = e.thread AND n.number > e.number AND {is_dispatched("n")})
"""  # noqa: S608 - constant
"""Whether something newer has the same topic: what is at the push services now may be that."""

_ROWS: Final = """
SELECT l.id, l.alert_id, l.gateway, l.entries, l.sealed
FROM message_location l JOIN alert a ON a.id = l.alert_id JOIN alert e ON e.id = $1
WHERE a.thread = e.thread AND a.number < e.number AND l.id < $2 ORDER BY l.id DESC LIMIT 1
"""
"""The next earlier row: the latest message of a recipient is the one that a push service may have."""

_FORGET: Final = """
DELETE FROM message_location l USING alert a, alert e
WHERE e.id = $1 AND a.id = l.alert_id AND a.thread = e.thread AND a.number < e.number
"""

_DECODE: Final = msgspec.msgpack.Decoder(list[tuple[int, Any]]).decode
_ENCODE: Final = msgspec.msgpack.Encoder().encode
_LAST: Final = (1 << 63) - 1

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Kept:
    """One recipient's message at one push service."""

    recipient: int
    gateway: str
    location: str | bytes
    """Its `Location`, or the header block that has it."""


class MessageLocations:
    """Reads and writes where messages can be taken back; these are addresses, which `addresses` seals and opens."""

    def __init__(self, pool: Pool, addresses: Addresses) -> None:
        self._pool = pool
        self._addresses = addresses

    async def keep(self, alert_id: str, gateway: str, entries: Sequence[tuple[int, str | bytes]]) -> None:
        """Keep what a gateway answered for recipients of an alert, until that expires. Nothing if it is unknown."""
        await self._pool.execute(
            f"""INSERT INTO message_location (alert_id, gateway, until, sealed)
               SELECT id, $2, expires, $3 FROM alert WHERE id = $1 AND expires > {NOW}""",  # noqa: S608 - constant
            alert_id,
            gateway,
            self._addresses.seal_bytes(_ENCODE(entries), location_bound(alert_id, gateway)),
        )

    async def forget_expired(self) -> None:
        """Forget what nobody is shown any more."""
        await self._pool.execute(f"DELETE FROM message_location WHERE until <= {NOW}")  # noqa: S608 - constant

    async def claim(self, lease_s: float) -> str | None:
        """Return the id of an end that is settled and whose warnings' messages are to be looked through, and keep other
        workers from it for so long.
        """
        found: str | None = await self._pool.fetchval(_CLAIM, timedelta(seconds=lease_s))
        return found

    async def untold(self, end_id: str) -> set[int]:
        """Return the recipients of Web Push to whom the end could not be handed over. Nobody where something newer has
        the same topic.
        """
        if await self._pool.fetchval(_GOES_ON, end_id):
            return set()
        rows = await self._pool.fetch(
            "SELECT recipients, outcomes FROM batch WHERE alert_id = $1 AND channel = 'webpush'", end_id
        )
        return {
            recipient
            for row in rows
            for recipient, outcome in zip(row["recipients"], row["outcomes"], strict=True)
            if outcome in _REACHED_NOBODY
        }

    async def of(self, end_id: str, recipients: set[int]) -> AsyncIterator[list[Kept]]:
        """Yield the latest message of each of these recipients before the end, as many as stand in one row."""
        wanted, below = set(recipients), _LAST
        while wanted:
            row = await self._pool.fetchrow(_ROWS, end_id, below)
            if row is None:
                return
            below, found = row["id"], []
            for recipient, location in reversed(self._entries(row)):
                if recipient in wanted:
                    wanted.discard(recipient)
                    found.append(Kept(recipient, row["gateway"], location))
            if found:
                yield found

    def _entries(self, row: Any) -> list[tuple[int, Any]]:
        """Return what a row holds; nothing where it cannot be opened, as if nothing had been kept."""
        if row["sealed"] is None:
            return _DECODE(row["entries"])
        bound_to = location_bound(row["alert_id"], row["gateway"])
        with suppress(Unsealable):
            return _DECODE(self._addresses.open_bytes(row["sealed"], bound_to))
        log.error("locations_illegible", gateway=row["gateway"])
        return []

    async def finish(self, end_id: str) -> None:
        """Note that an end is dealt with, and forget the messages before it."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_FORGET, end_id)
            await connection.execute(
                f"UPDATE withdrawal SET done_at = {NOW} WHERE alert_id = $1",  # noqa: S608 - constant
                end_id,
            )


def by_gateway(kept: Sequence[Kept]) -> Mapping[str, list[str | bytes]]:
    """Return the locations by gateway."""
    found: dict[str, list[str | bytes]] = {}
    for one in kept:
        found.setdefault(one.gateway, []).append(one.location)
    return found
