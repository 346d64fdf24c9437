"""Note with subscribers' endpoints when each last took a warning, and when its device last confirmed one; and forget of
whoever took one that they failed before.

What became of a warning stands in its batches; what is shown of an endpoint must not be searched for there. So batches
that are done, and receipts that came, are gone through behind the senders, a few at a time, each once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from dispatcher.model.vocabulary import BatchState, State
from dispatcher.store.audience.failing import ABSENT, FAILING
from dispatcher.store.sql import NOW

if TYPE_CHECKING:
    from dispatcher.store.record import Connection, Pool

BATCHES_AT_ONCE: Final = 20
"""Twenty thousand recipients, of whom all may be subscribers: a fifth of a second of the record."""
RECEIPTS_AT_ONCE: Final = 10
"""Fewer: whoever adds receipts to one of these waits for the end of it."""
_LOCK: Final = 7207116117
"""The advisory lock of whoever goes through them: no two wait for each other. Any number of ours would do."""

# An endpoint counts for those who have proven it: nobody else learns when its owner was told. Whoever is just being
# changed is left out, and waits for nothing: the next warning is noted again.
_OWN: Final = """
SELECT e.ctid AS tid, c.at FROM concerned c JOIN subscriber_endpoint e ON e.subscription_id = c.id
WHERE e.proven_at IS NOT NULL AND (e.{column} IS NULL OR e.{column} < c.at) FOR NO KEY UPDATE OF e SKIP LOCKED"""
_ACCEPTED: Final = f"""
WITH due AS MATERIALIZED (
  SELECT id, recipients, outcomes, coalesce(last_at, done_at) AS at FROM batch
  WHERE state = '{BatchState.DONE}' AND NOT noted ORDER BY id LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED),
seen AS (UPDATE batch b SET noted = true FROM due WHERE b.id = due.id),
concerned AS (
  SELECT r.id, max(due.at) AS at FROM due CROSS JOIN LATERAL unnest(due.recipients) WITH ORDINALITY r(id, n)
  WHERE get_byte(due.outcomes, r.n::int - 1) & 127 BETWEEN {State.ACCEPTED:d} AND {State.DISPLAYED:d} GROUP BY 1),
own AS MATERIALIZED ({_OWN.format(column="last_accepted_at")}),
said AS (UPDATE subscriber_endpoint e SET last_accepted_at = own.at FROM own WHERE e.ctid = own.tid RETURNING 1),
mended AS (DELETE FROM {FAILING} f USING concerned c WHERE f.subscription_id = c.id AND f.first_at < c.at),
back AS (DELETE FROM {ABSENT} f USING concerned c WHERE f.subscription_id = c.id AND f.first_at < c.at)
SELECT (SELECT count(*) FROM due) AS looked_at, (SELECT count(*) FROM said) AS noted"""  # noqa: S608 - constant
_CONFIRMED: Final = f"""
WITH due AS MATERIALIZED (
  SELECT batch_id, confirmed, noted FROM batch_receipt
  WHERE unnoted ORDER BY batch_id LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED),
seen AS (
  UPDATE batch_receipt r SET noted = due.confirmed, unnoted = false FROM due WHERE r.batch_id = due.batch_id),
concerned AS (
  SELECT DISTINCT r.id, {NOW} AS at FROM due JOIN batch b ON b.id = due.batch_id
  CROSS JOIN LATERAL unnest(b.recipients) WITH ORDINALITY r(id, n)
  WHERE get_bit(due.confirmed, r.n::int - 1) = 1
    AND CASE WHEN length(due.noted) >= r.n THEN get_bit(due.noted, r.n::int - 1) = 0 ELSE true END),
own AS MATERIALIZED ({_OWN.format(column="last_confirmed_at")}),
said AS (UPDATE subscriber_endpoint e SET last_confirmed_at = own.at FROM own WHERE e.ctid = own.tid RETURNING 1)
SELECT (SELECT count(*) FROM due) AS looked_at, (SELECT count(*) FROM said) AS noted"""  # noqa: S608 - constant


class Noted(NamedTuple):
    """How many endpoints were given a later time, and whether more waits to be looked at."""

    accepted: int = 0
    confirmed: int = 0
    more: bool = False


class Liveness:
    """Writes when endpoints last took a warning, and when a warning was last confirmed on them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def note(self) -> Noted:
        """Note what the next batches and receipts say; nothing while another process does."""
        async with self._pool.acquire() as connection, connection.transaction():
            if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", _LOCK):
                return Noted()
            accepted, looked_at = await _done(connection, _ACCEPTED, BATCHES_AT_ONCE)
            confirmed, heard = await _done(connection, _CONFIRMED, RECEIPTS_AT_ONCE)
            return Noted(accepted, confirmed, looked_at == BATCHES_AT_ONCE or heard == RECEIPTS_AT_ONCE)


async def _done(connection: Connection, statement: str, limit: int) -> tuple[int, int]:
    row = await connection.fetchrow(statement, limit)
    return row["noted"], row["looked_at"]
