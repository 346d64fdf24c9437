"""Keep canaries: endpoints of the service's own, which no warning reaches and no citizen is behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import asyncpg

from channels.webpush.channel import VAPID_KEY, WebPush
from channels.webpush.vapid import KEY_NAME_CHARACTERS
from dispatcher.model.canary.canaries import PAID_CHANNELS, Canary, CanaryStage, LaneProof, place_of
from dispatcher.model.vocabulary import CANARY_SOURCE, Lane
from dispatcher.store import audit
from dispatcher.store.canary.sends import proof
from dispatcher.store.sql import NOW

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from dispatcher.access.principals import Actor
    from dispatcher.model.canary.canaries import NewCanary
    from dispatcher.store.record import Connection, Pool
    from dispatcher.store.sealed.addresses import Addresses

_SOURCE: Final = """
INSERT INTO source (id, name, senders, territory) VALUES ($1, 'Canaries', '{}', '{}') ON CONFLICT DO NOTHING"""
_ENDPOINT: Final = """
INSERT INTO subscription (channel, gateway, sealed, address_hash, keys) VALUES ($1, $2, $3, $4, $5) RETURNING id"""
# Wished for, as nothing that is imported: no import takes it away, and no export has it.
_FOLLOW: Final = """
INSERT INTO followed_municipality (subscription_id, ags, imported, wished) VALUES ($1, $2, false, true)"""
_VAPID: Final = "SELECT left(fingerprint, $1) FROM shared_secret WHERE name = 'vapid'"
_ADD: Final = (
    "INSERT INTO canary (name, subscription_id, every, expects, in_turn) VALUES ($1, $2, $3, $4, $5)"
)
_REMOVE: Final = """
DELETE FROM subscription WHERE id = (SELECT subscription_id FROM canary WHERE name = $1) RETURNING channel"""
_LISTED: Final = f"""
SELECT c.name, s.channel, s.gateway, c.every, c.expects, c.in_turn, c.created_at, s.ended_at, {NOW} AS now
FROM canary c JOIN subscription s ON s.id = c.subscription_id ORDER BY c.name"""  # noqa: S608 - constant
_EACH: Final = f"canary c CROSS JOIN unnest(ARRAY[{', '.join(repr(lane.value) for lane in Lane)}]) l(lane)"
# Every second: the index gives the last one of each lane, and the rest of a day is not read.
_SENT: Final = f"""
SELECT c.name, l.lane, w.sent_at FROM {_EACH}
CROSS JOIN LATERAL (SELECT sent_at FROM canary_send s WHERE (s.name, s.lane) = (c.name, l.lane)
                    ORDER BY sent_at DESC LIMIT 1) w"""  # noqa: S608 - constant
_PROVEN: Final = f"""
SELECT c.name, l.lane, w.sent_at AS proven_at, w.at - w.sent_at AS took FROM {_EACH}
CROSS JOIN LATERAL (SELECT s.sent_at, {proof("c", "s")} AS at FROM canary_send s
                    WHERE (s.name, s.lane) = (c.name, l.lane) AND {proof("c", "s")} IS NOT NULL
                    ORDER BY s.sent_at DESC LIMIT 1) w"""  # noqa: S608 - constant
# As the plan of the last text counted it, at its gateway.
_TEXT_PARTS: Final = """
SELECT DISTINCT ON (c.name) c.name, b.text_parts
FROM canary c JOIN subscription s ON s.id = c.subscription_id AND s.channel = ANY($1)
JOIN canary_send w ON w.name = c.name
JOIN batch b ON b.alert_id = w.alert_id AND b.channel = s.channel AND s.id = ANY(b.recipients)
WHERE b.text_parts > 0 ORDER BY c.name, w.sent_at DESC"""
_SOON: Final = "UPDATE canary SET sent_at = NULL WHERE name = $1 RETURNING name"


class EndpointTaken(Exception):
    """Somebody else's endpoint has this address."""


class CanaryEndpoints:
    """Reads and writes canaries; `addresses` seals their addresses. Every change is on the audit trail."""

    def __init__(self, pool: Pool, addresses: Addresses) -> None:
        self._pool = pool
        self._addresses = addresses

    async def add(self, new: NewCanary, by: Actor) -> bool:
        """Add a canary; its first test is made within a second. Returns False, and changes nothing, where there is one
        of this name. Raises `EndpointTaken`.
        """
        sealed = self._addresses.seal(new.address, new.keys)
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval("SELECT name FROM canary WHERE name = $1 FOR UPDATE", new.name):
                return False
            await connection.execute(_SOURCE, CANARY_SOURCE)
            keys = sealed.keys
            if (
                new.channel == WebPush.name
                and VAPID_KEY not in keys
                and (key := await _current_key(connection))
            ):
                keys = {**keys, VAPID_KEY: key}
            values = (new.channel, new.gateway, sealed.sealed, sealed.address_hash, keys)
            try:
                number = await connection.fetchval(_ENDPOINT, *values)
            except asyncpg.UniqueViolationError:
                raise EndpointTaken(new.name) from None
            await connection.execute(_FOLLOW, number, place_of(new.name))
            await connection.execute(_ADD, new.name, number, new.every, new.expects, new.in_turn)
            await audit.note(connection, by, "canary.add", canary=new.name, channel=new.channel)
        return True

    async def remove(self, name: str, by: Actor) -> bool:
        """Erase a canary with its endpoint. Returns whether there was one."""
        async with self._pool.acquire() as connection, connection.transaction():
            channel = await connection.fetchval(_REMOVE, name)
            if channel is None:
                return False
            await audit.note(connection, by, "canary.remove", canary=name, channel=channel)
        return True

    async def test_soon(self, name: str) -> bool:
        """Let the next test of a canary be made at once. Returns whether there is such a canary."""
        return await self._pool.fetchval(_SOON, name) is not None

    async def listed(self) -> tuple[list[Canary], datetime]:
        """Return all canaries by name, and the record's time."""
        return await canaries(self._pool)

    async def text_parts(self) -> dict[str, int]:
        """Return how many parts the texts have that cost, by the canary's name."""
        return await text_parts(self._pool)


async def text_parts(pool: Pool) -> dict[str, int]:
    """Return how many parts the last text to each canary had of which each costs, by name; no test yet, no number."""
    return {row["name"]: row["text_parts"] for row in await pool.fetch(_TEXT_PARTS, [*PAID_CHANNELS])}


async def _current_key(connection: Connection) -> str | None:
    """Return the name of the VAPID key that the service signs with now; None before its first start."""
    name: str | None = await connection.fetchval(_VAPID, KEY_NAME_CHARACTERS)
    return name


async def canaries(pool: Pool) -> tuple[list[Canary], datetime]:
    """Return all canaries by name, with what is known of each lane, and the record's time."""
    rows = await pool.fetch(_LISTED)
    if not rows:
        return [], await pool.fetchval(f"SELECT {NOW}")
    known: dict[tuple[str, str], dict[str, Any]] = {}
    for statement in (_SENT, _PROVEN):
        for row in await pool.fetch(statement):
            known.setdefault((row["name"], row["lane"]), {}).update(row)
    return [_canary(row, known) for row in rows], rows[0]["now"]


def _canary(row: Any, known: Mapping[tuple[str, str], Mapping[str, Any]]) -> Canary:
    values = {name: value for name, value in row.items() if name != "now"}
    lanes = tuple(_proof(lane, known.get((row["name"], lane), {})) for lane in Lane)
    return Canary(**(values | {"expects": CanaryStage(row["expects"]), "lanes": lanes}))


def _proof(lane: Lane, known: Mapping[str, Any]) -> LaneProof:
    return LaneProof(lane, known.get("sent_at"), known.get("proven_at"), known.get("took"))
