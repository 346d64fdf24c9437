"""Hand the SMS recipients of a gateway that accepts nothing over to others, on record: a process that dies meanwhile
loses nothing, and each move is kept in `handover`, with how many may get the message twice by it.

A batch that a worker holds is left to it: it is released soon, as the gateway is paused, or it only waits to try again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dispatcher.model.batches import ReadyBatch
from dispatcher.model.vocabulary import Kind, Lane, is_exempt
from dispatcher.sms.budget import Spent, room
from dispatcher.sms.takeover import DOUBLES_SHARE, takeover
from dispatcher.store.delivery.relocation import split
from dispatcher.store.sms.charges import BUDGET_LOCK, STOPPABLE
from dispatcher.store.sms.outages import Outages, left, outages, removed
from dispatcher.store.sms.routing import CHANNEL
from dispatcher.store.sql import OPEN

if TYPE_CHECKING:
    from dispatcher.store.record import Connection, Pool
    from dispatcher.store.sms.charges import Charges

BATCHES_AT_ONCE: Final = 200
"""How many batches one sweep looks at, each in a transaction of some milliseconds."""

_WAITING: Final = f"""
SELECT b.id FROM batch b JOIN alert a ON a.id = b.alert_id
WHERE b.{OPEN} AND b.channel = '{CHANNEL}' AND b.gateway = ANY($1) AND b.held_for = '' AND a.stopped_at IS NULL
  AND b.deadline > clock_timestamp() AND (b.lease_until IS NULL OR b.lease_until < clock_timestamp())
  AND b.id > $3
ORDER BY b.id LIMIT $2
"""  # noqa: S608 - constant
_TAKE: Final = f"""
SELECT b.id, b.alert_id, b.gateway, b.kind, b.lane, b.recipients, b.outcomes, b.text_parts, a.severity, a.source_id
FROM batch b JOIN alert a ON a.id = b.alert_id
WHERE b.id = $1 AND b.{OPEN} AND a.stopped_at IS NULL
  AND (b.lease_until IS NULL OR b.lease_until < clock_timestamp())
FOR UPDATE OF b SKIP LOCKED FOR KEY SHARE OF a SKIP LOCKED
"""  # noqa: S608 - constant
_DOUBLES: Final = f"""
SELECT (SELECT coalesce(sum(cardinality(recipients)), 0) FROM batch
        WHERE alert_id = $1 AND channel = '{CHANNEL}') AS people,
  (SELECT coalesce(sum(uncertain), 0) FROM handover WHERE alert_id = $1) AS doubled
"""  # noqa: S608 - constant
_NOTE: Final = """
INSERT INTO handover (alert_id, gateway, to_gateway, reason, recipients, uncertain) VALUES ($1, $2, $3, $4, $5, $6)
"""
_DUE_NOW: Final = "UPDATE problem SET due = least(due, clock_timestamp()) WHERE batch_id = ANY($1)"


@dataclass(frozen=True, slots=True)
class HandOver:
    """What one batch handed over: to each gateway so many, and what is to be worked on now."""

    gateway: str
    recipients: Counter[str]
    uncertain: int
    ready: tuple[ReadyBatch, ...]


class Failover:
    """Lets gateways take over from those that are out."""

    def __init__(self, pool: Pool, charges: Charges, doubles_share: float = DOUBLES_SHARE) -> None:
        self._pool = pool
        self._charges = charges
        self._doubles_share = doubles_share
        self._last = 0

    async def sweep(self) -> list[HandOver]:
        """Hand over what waits for gateways that are out, as far as another one takes it. Idempotent."""
        if not self._charges.contracts:
            return []
        contracts = self._charges.contracts
        found = await outages(self._pool, contracts)
        out = {**await removed(self._pool, contracts), **found.out}
        if not out or out.keys() >= {one.gateway for one in contracts}:
            return []
        found = Outages(out, found.doubtful | await left(self._pool))
        rows = await self._pool.fetch(_WAITING, list(found.out), BATCHES_AT_ONCE, self._last)
        # What nobody takes over must not keep the rest from its turn.
        self._last = rows[-1]["id"] if len(rows) == BATCHES_AT_ONCE else 0
        moved = [await self._hand_over(row["id"], found) for row in rows]
        return [one for one in moved if one is not None]

    async def _hand_over(self, batch_id: int, known: Outages) -> HandOver | None:
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(_TAKE, batch_id)
            if row is None or row["gateway"] not in known.out:
                return None
            found = takeover(
                row["recipients"],
                row["outcomes"],
                self._charges.contracts,
                known.out,
                await self._doubles_left(connection, row),
                await self._most(connection, row),
                doubtful=known.doubtful,
            )
            if not found.moved:
                return None
            made = await split(connection, row, found.moved)
            await connection.execute(_DUE_NOW, [number for number, _ in made])
            by_gateway: dict[str, list[int]] = {}
            for recipient, gateway in found.moved.items():
                by_gateway.setdefault(gateway, []).append(recipient)
            for gateway, recipients in by_gateway.items():
                uncertain = len(found.uncertain.intersection(recipients))
                reason = known.out[row["gateway"]]
                await connection.execute(
                    _NOTE, row["alert_id"], row["gateway"], gateway, reason, recipients, uncertain
                )
        ready = tuple(
            ReadyBatch(number, Lane(row["lane"]), token, row["source_id"]) for number, token in made
        )
        return HandOver(row["gateway"], Counter(found.moved.values()), len(found.uncertain), ready)

    async def _most(self, connection: Connection, row: Any) -> dict[str, int]:
        """Return how many of the batch's people the gateways' budgets hold, of those that may stop it."""
        if _is_exempt(row) or Kind(row["kind"]) not in STOPPABLE or not row["text_parts"]:
            return {}
        if not self._charges.has_budget:
            return {}
        # As a plan: else both would use the same rest of a budget.
        await connection.execute("SELECT pg_advisory_xact_lock($1)", BUDGET_LOCK)
        spent = await self._charges.spent(connection, row["alert_id"])
        rooms = {one.gateway: room(one, spent.get(one.gateway, Spent())) for one in self._charges.contracts}
        return {name: left // row["text_parts"] for name, left in rooms.items() if left is not None}

    async def _doubles_left(self, connection: Connection, row: Any) -> int:
        """Return how many of an alert's recipients may still be handed over who may have the message already."""
        if not _is_exempt(row):
            return 0
        # Two batches of one alert count one after the other.
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 15))", row["alert_id"])
        counted = await connection.fetchrow(_DOUBLES, row["alert_id"])
        return int(self._doubles_share * counted["people"]) - int(counted["doubled"])


def _is_exempt(row: Any) -> bool:
    return is_exempt(row["severity"], Lane(row["lane"]))
