"""Move what waits for a recipient to its new gateway, when that changes: who is paused, logged and counted is then the
server that is asked.

A webhook changes where it is, and so does a subscriber whose endpoint takes another's place; any other recipient's
gateway follows from its address, which stays, but for SMS, which `failover` moves. A batch that a
worker holds is left to that worker, which hands it over before it sends anything. The plan's fingerprint of an audience
is of the batches as they were planned.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from dispatcher.model.batches import ReadyBatch
from dispatcher.model.vocabulary import TERMINAL_OUTCOMES, BatchState
from dispatcher.store.audience.wishes import PLACE
from dispatcher.store.delivery import device_receipts
from dispatcher.store.sql import OPEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dispatcher.store.record import Connection, Pool

CHANNEL: Final = "app"
"""The channel of webhooks."""
_WAITING: Final = f"""
SELECT b.id, b.recipients, b.outcomes, b.gateway FROM batch b JOIN alert a ON a.id = b.alert_id
WHERE b.{OPEN} AND b.channel = $3 AND b.gateway <> $2 AND $1 = ANY(b.recipients)
  AND (b.lease_until IS NULL OR b.lease_until < clock_timestamp())
ORDER BY b.id FOR UPDATE OF b SKIP LOCKED FOR KEY SHARE OF a SKIP LOCKED"""  # noqa: S608 - constant
"""The rows of alerts are held too, as a new batch refers to one: nothing is waited for here."""
_ELSEWHERE: Final = """
SELECT id, gateway FROM subscription WHERE id = ANY($1) AND ended_at IS NULL AND gateway <> $2"""
_LEASED: Final = f"""
SELECT id, recipients, outcomes, gateway FROM batch
WHERE id = $1 AND lease_token = $2 AND {OPEN} FOR UPDATE"""  # noqa: S608 - constant
_KEEP: Final = f"""
UPDATE batch SET recipients = $2, outcomes = $3, gateway = $4, not_before = CASE
    WHEN $5 THEN greatest(clock_timestamp(), quiet_until) ELSE not_before END,
  lease_token = lease_token + 1, lease_until = NULL, enqueued_at = NULL, generation = (generation + 1) % 32767,
  state = CASE WHEN $6 THEN '{BatchState.DONE}' ELSE state END, done_at = CASE WHEN $6 THEN clock_timestamp() END
WHERE id = $1 RETURNING lease_token"""  # noqa: S608 - constant
"""The new token fences off a worker that wakes up late, the new generation devices that name positions from before."""
_MOVE: Final = """
INSERT INTO batch (alert_id, chain_id, kind, channel, gateway, language, lane, deadline, recipients, outcomes,
  text_parts, quiet_until, not_before)
SELECT alert_id, chain_id, kind, channel, $2, language, lane, deadline, $3, $4, text_parts, quiet_until,
  greatest(now(), quiet_until) FROM batch WHERE id = $1
RETURNING id"""
_PROBLEMS: Final = """
WITH place AS (SELECT * FROM unnest($2::bigint[], $3::bigint[], $4::int[]) AS p(recipient, batch_id, position)),
old AS (DELETE FROM problem WHERE batch_id = $1 RETURNING *, recipient = ANY($5) AS moves)
SELECT place.batch_id, place.position, old.recipient, old.attempts, old.crashes,
  CASE WHEN moves THEN '' ELSE old.label END, CASE WHEN moves THEN '' ELSE old.code END,
  CASE WHEN moves THEN '' ELSE old.detail END, old.due, old.updated_at, old.alike, old.since
FROM old JOIN place USING (recipient)"""
"""What the old gateway answered is nothing that the new one has said."""
_REPORTS: Final = """
WITH place AS (SELECT * FROM unnest($2::int[], $3::bigint[], $4::int[]) AS p(old, batch_id, position)),
old AS (DELETE FROM delivery_report WHERE batch_id = $1 RETURNING *)
SELECT place.batch_id, place.position, old.gateway, old.state, old.code, old.at, old.contradictions,
  old.delivered_parts, old.failed_parts
FROM old JOIN place ON place.old = old.position"""
_REPORT_COLUMNS: Final = (
    *("batch_id", "position", "gateway", "state", "code", "at"),
    *("contradictions", "delivered_parts", "failed_parts"),
)
_PROBLEM_COLUMNS: Final = (
    *("batch_id", "position", "recipient", "attempts", "crashes"),
    *("label", "code", "detail", "due", "updated_at", "alike", "since"),
)


async def move_waiting(connection: Connection, recipient: int, gateway: str, channel: str = CHANNEL) -> None:
    """Move what waits for a recipient to the gateway that it has now, in the caller's transaction."""
    for row in await connection.fetch(_WAITING, recipient, gateway, channel):
        await split(connection, row, {recipient: gateway})


async def hand_over(
    pool: Pool, batch: ReadyBatch, alert_id: str, gateway: str, recipients: Iterable[int]
) -> list[ReadyBatch] | None:
    """Take those of a leased batch's recipients out whose gateway is another one by now. Returns what is to be worked
    on then, none of it leased; None where all are where the batch says. An empty list: the lease was lost.
    """
    wanted = list(recipients)
    if not await pool.fetch(_ELSEWHERE, wanted, gateway):
        return None
    async with pool.acquire() as connection, connection.transaction():
        # As in a plan, the alert's row comes before its batches'.
        await connection.execute("SELECT FROM alert WHERE id = $1 FOR KEY SHARE", alert_id)
        row = await connection.fetchrow(_LEASED, batch.batch_id, batch.token)
        if row is None:
            return []
        moved = await connection.fetch(_ELSEWHERE, wanted, gateway)
        if not moved:
            return None  # it came back meanwhile
        made = await split(connection, row, {one["id"]: one["gateway"] for one in moved})
    return [ReadyBatch(number, batch.lane, token, batch.source_id) for number, token in made]


async def split(connection: Connection, row: Any, moved: Mapping[int, str]) -> list[tuple[int, int]]:
    """Move recipients without a terminal state out of a locked batch. Returns number and token of what is open then."""
    parts: dict[str, list[int]] = defaultdict(list)
    for n, recipient in enumerate(row["recipients"]):
        is_open = row["outcomes"][n] not in TERMINAL_OUTCOMES
        parts[moved.get(recipient, row["gateway"]) if is_open else row["gateway"]].append(n)
    # Where nobody stays, the first of the others do: the batch itself moves, with its place in the order of batches.
    stays = row["gateway"] if row["gateway"] in parts else next(iter(parts))
    if (stays, len(parts)) == (row["gateway"], 1):
        return []
    kept = parts.pop(stays)
    recipients, outcomes = _those(row, kept)
    done = not outcomes.translate(None, TERMINAL_OUTCOMES)
    places = {recipient: (row["id"], n) for n, recipient in enumerate(recipients)}
    token = await connection.fetchval(
        _KEEP, row["id"], recipients, outcomes, stays, stays != row["gateway"], done
    )
    found = [] if done else [(row["id"], token)]
    for gateway, positions in parts.items():
        there, states = _those(row, positions)
        number = await connection.fetchval(_MOVE, row["id"], gateway, there, states)
        places |= {recipient: (number, n) for n, recipient in enumerate(there)}
        found.append((number, 0))
    remain = set(recipients) if stays == row["gateway"] else set()
    await _renumber(connection, row, places, places.keys() - remain)
    await connection.execute(PLACE, sorted({number for number, _ in places.values()}))
    return found


def _those(row: Any, positions: list[int]) -> tuple[list[int], bytes]:
    return [row["recipients"][n] for n in positions], bytes(row["outcomes"][n] for n in positions)


async def _renumber(
    connection: Connection, row: Any, places: Mapping[int, tuple[int, int]], moved: Iterable[int]
) -> None:
    """Let the problems of a batch's recipients, and what is reported of them and by their devices, stand where they are
    now: batch and position; of those `moved` to another gateway without what the old one said.
    """
    batch = row["id"]
    problems = await connection.fetch(
        _PROBLEMS,
        batch,
        list(places),
        [number for number, _ in places.values()],
        [n for _, n in places.values()],
        list(moved),
    )
    await connection.copy_records_to_table("problem", records=problems, columns=_PROBLEM_COLUMNS)
    now = [places[recipient] for recipient in row["recipients"]]
    reports = await connection.fetch(
        _REPORTS, batch, list(range(len(now))), [number for number, _ in now], [n for _, n in now]
    )
    await connection.copy_records_to_table("delivery_report", records=reports, columns=_REPORT_COLUMNS)
    await device_receipts.renumber(connection, batch, now)
