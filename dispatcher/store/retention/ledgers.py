"""Take the numbers of people out of the ledgers of alerts that ended long ago; what became of how many stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from asyncpg import BitString

from dispatcher.store import audit
from dispatcher.store.sql import NOW, OPEN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime, timedelta

    from dispatcher.access.principals import Actor
    from dispatcher.store.record import Connection, Pool

_OLD: Final = f"""
FROM alert a
WHERE EXISTS (SELECT FROM batch b WHERE b.alert_id = a.id AND b.recipients[1] > 0)
  AND NOT EXISTS (
    WITH RECURSIVE graphs(chain_id) AS (
      SELECT a.chain_id
      UNION SELECT s.chain_id FROM graphs g JOIN alert m USING (chain_id) JOIN alert s ON s.id = m.merged_into)
    SELECT FROM alert x JOIN graphs USING (chain_id)
    WHERE greatest(x.expires, x.received_at) > {NOW} - $1::interval
      OR EXISTS (SELECT FROM batch b WHERE b.alert_id = x.id AND b.{OPEN}))"""  # noqa: S608 - constant
"""Alerts of whose graph, and of those that an equal warning of it was merged into, nothing was in force for so long:
nobody is to hear of an end any more. What was gone through has negative numbers.
"""
_COUNT: Final = f"""
SELECT count(*) AS alerts, min(a.received_at) AS oldest, coalesce(sum((
  SELECT sum(octet_length(outcomes)) FROM batch WHERE alert_id = a.id)), 0)::bigint AS recipients {_OLD}"""  # noqa: S608 - constant
"""Outcomes are a byte for each recipient, whose number is known without reading them."""
_NEXT: Final = f"SELECT a.id, a.received_at {_OLD} ORDER BY a.received_at, a.id"
_STILL: Final = f"SELECT EXISTS (SELECT {_OLD} AND a.id = $2)"
_BITS: Final = ("delivered", "displayed", "confirmed", "noted")
_DUTY: Final = f"FROM duty_message WHERE due_at IS NULL AND created_at <= {NOW} - $1::interval"


@dataclass(frozen=True, slots=True)
class OldLedgers:
    """What is older than it may be: alerts and their recipients, since when, and messages to people on duty."""

    alerts: int
    recipients: int
    oldest: datetime | None
    duty_messages: int


async def old_ledgers(connection: Connection | Pool, age: timedelta) -> OldLedgers:
    """Return what `forget_recipients` and `forget_duty_messages` would take out now."""
    row = await connection.fetchrow(_COUNT, age)
    messages = await connection.fetchval(f"SELECT count(*) {_DUTY}", age)
    return OldLedgers(row["alerts"], row["recipients"], row["oldest"], int(messages))


async def forget_recipients(
    pool: Pool, age: timedelta, by: Actor, shuffle: Callable[[list[int]], None]
) -> OldLedgers:
    """Replace the recipients of old alerts by numbers that are nobody's, in an order that says nothing. One alert is
    one transaction, with its line on the audit trail: begun again it goes on where it was ended. What was taken up
    again meanwhile is left. Returns what it was.
    """
    alerts = recipients = 0
    oldest = None
    for row in await pool.fetch(_NEXT, age):
        async with pool.acquire() as connection, connection.transaction():
            forgotten = await _forget_alert(connection, row["id"], age, shuffle)
            if forgotten:
                await audit.note(
                    connection, by, "retention.run", row["id"], days=age.days, recipients=forgotten
                )
        if forgotten:
            alerts, recipients, oldest = alerts + 1, recipients + forgotten, oldest or row["received_at"]
    return OldLedgers(alerts, recipients, oldest, 0)


async def forget_duty_messages(connection: Connection | Pool, age: timedelta) -> int:
    """Delete what was sent to people on duty long ago. Returns how many."""
    return int((await connection.execute(f"DELETE {_DUTY}", age)).rpartition(" ")[2])


async def _forget_alert(
    connection: Connection, alert_id: str, age: timedelta, shuffle: Callable[[list[int]], None]
) -> int:
    batches = await connection.fetch(
        "SELECT id, recipients, outcomes FROM batch WHERE alert_id = $1 ORDER BY id FOR UPDATE", alert_id
    )
    if not await connection.fetchval(_STILL, age, alert_id):
        return 0
    known = sorted({one for batch in batches for one in batch["recipients"]})
    new = list(range(-len(known), 0))
    shuffle(new)
    # Who was planned twice for an alert is still one.
    number = dict(zip(known, new, strict=True))
    for batch in batches:
        order = list(range(len(batch["recipients"])))
        shuffle(order)
        await _rewrite(connection, batch, order, number)
    for row in await connection.fetch("SELECT id, recipients FROM handover WHERE alert_id = $1", alert_id):
        handed = sorted(number.get(one, 0) for one in row["recipients"])
        await connection.execute("UPDATE handover SET recipients = $2 WHERE id = $1", row["id"], handed)
    return sum(len(batch["recipients"]) for batch in batches)


async def _rewrite(
    connection: Connection, batch: Any, order: Sequence[int], number: Mapping[int, int]
) -> None:
    """Put recipients, and all that is kept by their positions, into the order of `order`: old positions, in the new
    places.
    """
    recipients = [number[batch["recipients"][old]] for old in order]
    outcomes = bytes(batch["outcomes"][old] for old in order)
    await connection.execute(
        "UPDATE batch SET recipients = $2, outcomes = $3, generation = generation + 1 WHERE id = $1",
        batch["id"],
        recipients,
        outcomes,
    )
    place = {old: new for new, old in enumerate(order)}
    for table in ("problem", "delivery_report"):
        rows = await connection.fetch(f"DELETE FROM {table} WHERE batch_id = $1 RETURNING *", batch["id"])  # noqa: S608 - ours
        moved = [dict(row) | {"position": place[row["position"]]} for row in rows]
        if table == "problem":
            moved = [row | {"recipient": recipients[row["position"]]} for row in moved]
        if moved:
            await connection.copy_records_to_table(
                table, records=[tuple(row.values()) for row in moved], columns=list(moved[0])
            )
    await _move_bits(connection, batch["id"], order)


async def _move_bits(connection: Connection, batch: int, order: Sequence[int]) -> None:
    row = await connection.fetchrow(
        f"SELECT {', '.join(_BITS)} FROM batch_receipt WHERE batch_id = $1 FOR UPDATE",  # noqa: S608 - constant
        batch,
    )
    if row is not None:
        await connection.execute(
            f"UPDATE batch_receipt SET ({', '.join(_BITS)}) = ($2, $3, $4, $5) WHERE batch_id = $1",  # noqa: S608 - constant
            batch,
            *(_permuted(row[name], order) for name in _BITS),
        )


def _permuted(bits: BitString, order: Sequence[int]) -> BitString:
    text = bits.as_string().replace(" ", "").ljust(len(order), "0")
    return BitString("".join(text[old] for old in order)) if len(bits) else bits
