"""Keep the ledger: batches, leases, and what became of every recipient.

A batch is one channel, one gateway, one language, one lane and up to about a thousand recipients, with one
outcome byte for each. A worker holds a batch by a lease; every write carries the lease's token, so that a
worker that slept past its lease can change nothing any more (fencing). All times are the record's.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from channels.clock import elapsed
from dispatcher.model.batches import Closed, Lease, Progress, ReadyBatch, RecipientProblem
from dispatcher.model.vocabulary import (
    CANARY_PREFIX,
    EXTREME,
    TERMINAL_OUTCOMES,
    UNCERTAIN,
    AlertState,
    BatchState,
    Kind,
    Lane,
    State,
)
from dispatcher.store.delivery import relocation
from dispatcher.store.sealed.clear_rows import plain_hash
from dispatcher.store.sms.routing import CHANNEL
from dispatcher.store.sql import OPEN, OUTAGE_GAP

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from channels.base import Endpoint
    from dispatcher.store.record import Connection, Pool
    from dispatcher.store.sealed.addresses import Addresses


_END = """
UPDATE subscription SET ended_at = clock_timestamp(), end_reason = $2 WHERE id IN (
  SELECT s.id FROM subscription s
  JOIN unnest($1::bigint[], $3::bytea[], $4::bytea[], $5::timestamptz[]) AS o(id, address_hash, plain_hash, since)
    USING (id)
  WHERE s.ended_at IS NULL AND s.address_hash IN (
    coalesce(o.address_hash, s.address_hash), CASE WHEN s.sealed IS NULL THEN o.plain_hash END)
    AND NOT EXISTS (SELECT FROM subscriber_endpoint e JOIN subscriber b ON b.id = e.subscriber_id
                    WHERE e.subscription_id = s.id AND b.seen_at > o.since)
    AND NOT EXISTS (SELECT FROM canary c WHERE c.subscription_id = s.id)
  FOR NO KEY UPDATE OF s SKIP LOCKED)"""
"""Those who still are where they were sent to, and whose app has not named the endpoint again since it was gone. One
that is just being renewed stays; and never waiting here avoids a deadlock. A canary stays, too: one wrong answer would
end the service's tests of itself for good."""


class LeaseLostError(Exception):
    """Another worker holds the batch now; nothing was written."""


NOBODY: Mapping[int, Endpoint] = MappingProxyType({})
"""No endpoints: none was sent to."""

PROMPT_S = 1.0
"""How old an answer of the record may be that still says what time it is; after an older one the time is asked again,
as this process may have been suspended meanwhile."""

_ACQUIRE = f"""
UPDATE batch b SET lease_token = b.lease_token + 1, lease_until = clock_timestamp() + $2
FROM alert a
WHERE b.id = $1 AND a.id = b.alert_id AND b.{OPEN} AND a.stopped_at IS NULL
  AND b.not_before <= clock_timestamp()
  AND (b.lease_until IS NULL OR b.lease_until < clock_timestamp())
  AND NOT EXISTS (SELECT FROM gateway g WHERE g.channel = b.channel AND g.name = b.gateway
                  AND g.paused_until > clock_timestamp())
RETURNING b.id AS batch_id, b.lease_token AS token, b.alert_id, b.chain_id, a.source_id, b.kind, b.channel, b.gateway,
  b.language, b.lane, b.deadline, a.received_at, clock_timestamp() AS now, b.recipients, b.outcomes, b.text_parts,
  b.parts_sent, a.severity = '{EXTREME}' AND b.lane <> '{Lane.EXERCISE}' AS extreme, b.generation
"""  # noqa: S608 - constant

_ADVANCE = f"""
UPDATE batch b SET outcomes = $3, lease_until = clock_timestamp() + $4,
  first_at = least(b.first_at, $5), last_at = greatest(b.last_at, $6),
  text_parts = coalesce(nullif($7::smallint, 0), b.text_parts), parts_sent = greatest(b.parts_sent, $8)
WHERE b.id = $1 AND b.lease_token = $2 AND b.{OPEN}
RETURNING (SELECT a.stopped_at IS NOT NULL FROM alert a WHERE a.id = b.alert_id) AS stopped
"""  # noqa: S608 - constant

_RELEASE = f"""
UPDATE batch b SET outcomes = $3, lease_until = NULL,
  first_at = least(b.first_at, $4), last_at = greatest(b.last_at, $5),
  not_before = coalesce($6, b.not_before), enqueued_at = CASE WHEN $7 THEN b.enqueued_at END,
  state = CASE WHEN $7 THEN '{BatchState.DONE}' ELSE '{BatchState.OPEN}' END,
  done_at = CASE WHEN $7 THEN clock_timestamp() END,
  text_parts = coalesce(nullif($8::smallint, 0), b.text_parts), parts_sent = greatest(b.parts_sent, $9)
WHERE b.id = $1 AND b.lease_token = $2 AND b.{OPEN} RETURNING true
"""  # noqa: S608 - constant

_SETTLE_ALERT = f"""
UPDATE alert SET state = '{AlertState.SETTLED}', settled_at = clock_timestamp()
WHERE id = $1 AND state = '{AlertState.PLANNED}' AND NOT EXISTS (SELECT FROM batch WHERE alert_id = $1 AND {OPEN})
  AND NOT EXISTS (SELECT FROM standby WHERE alert_id = $1)
"""  # noqa: S608 - constant

_DUE = f"""
WITH waiting AS (
  SELECT b.id, row_number() OVER (PARTITION BY b.lane, a.source_id ORDER BY b.id) AS turn
  FROM batch b JOIN alert a ON a.id = b.alert_id
  WHERE b.{OPEN} AND b.not_before <= clock_timestamp() AND a.stopped_at IS NULL
    AND (b.lease_until IS NULL OR b.lease_until < clock_timestamp())
    AND (b.enqueued_at IS NULL OR b.enqueued_at < clock_timestamp() - $2::interval
         OR b.lease_until < clock_timestamp() AND b.enqueued_at < b.lease_until)
    AND NOT EXISTS (SELECT FROM gateway g WHERE g.channel = b.channel AND g.name = b.gateway
                    AND g.paused_until > clock_timestamp())),
free AS (
  SELECT id FROM batch WHERE id IN (SELECT id FROM waiting ORDER BY turn, id LIMIT $1) FOR UPDATE SKIP LOCKED)
UPDATE batch b SET enqueued_at = clock_timestamp() FROM free, alert a WHERE b.id = free.id AND a.id = b.alert_id
RETURNING b.id, b.lane, b.lease_token, a.source_id
"""  # noqa: S608 - constant
"""In each lane the sources take turns, so that the limit leaves none of them out."""

_BETTER_PROBE = f"""
SELECT EXISTS (
  SELECT FROM batch b JOIN alert a ON a.id = b.alert_id
  WHERE b.{OPEN} AND b.channel = $1 AND b.gateway = $2 AND b.id <> $3 AND b.lane = ANY($4)
    AND position($5::bytea IN b.outcomes) > 0 AND a.stopped_at IS NULL AND b.deadline > clock_timestamp()
    AND b.not_before <= clock_timestamp())
"""  # noqa: S608 - constant

_WITHOUT_PROBLEMS = bytes((State.PENDING, State.ACCEPTED))
"""The outcome bytes of recipients that were not tried yet, and of those of which nothing more is recorded."""
_WITHOUT_FLAG = bytes(byte & ~UNCERTAIN for byte in range(256))


class Ledger:
    """Leases batches of record, and writes what becomes of their recipients."""

    def __init__(
        self,
        pool: Pool,
        *,
        lease: timedelta,
        wake_up_again: timedelta,
        addresses: Addresses,
        monotonic: Callable[[], float] = elapsed,
    ) -> None:
        """`lease` is how long a lease lasts without a sign of life, `wake_up_again` after what time workers are woken
        once more for a batch that none took up; by `addresses` the record finds who was sent to; `monotonic` gives
        seconds.
        """
        self._pool = pool
        self._addresses = addresses
        self._lease = lease
        self._wake_up_again = wake_up_again
        self._monotonic = monotonic

    async def acquire(self, batch_id: int) -> Lease | None:
        """Acquire the lease of the batch, if it may be worked on now and no other worker holds it.

        Its `now` is the record's time when this was called, rather ahead, by as long as the answer took, than behind.
        """
        asked = self._monotonic()
        row = await self._pool.fetchrow(_ACQUIRE, batch_id, self._lease)
        if row is None:
            return None
        problems = []
        # This is rare. The row itself says so: where the statement waited for the holder before us, anything else that
        # it reads is older than that holder's last write. From here on only we write problems.
        if row["outcomes"].translate(None, _WITHOUT_PROBLEMS):
            problems = await self._pool.fetch(
                """SELECT position, recipient, attempts, crashes, label, code, detail, due, alike, since
                   FROM problem WHERE batch_id = $1""",
                batch_id,
            )
        fields = dict(row)
        fields |= {
            "kind": Kind(row["kind"]),
            "lane": Lane(row["lane"]),
            "recipients": tuple(row["recipients"]),
            "problems": {item["position"]: RecipientProblem(**dict(item)) for item in problems},
        }
        if self._monotonic() - asked > PROMPT_S:
            fields["now"] = await self._time_at(asked)
        return Lease(**fields)

    async def hand_over(self, lease: Lease, recipients: Sequence[int]) -> list[ReadyBatch] | None:
        """End the lease if one of these recipients has another gateway by now, and leave each to a batch of its own
        gateway. Returns what is to be worked on instead; None if the lease goes on.
        """
        if lease.channel != relocation.CHANNEL:
            return None
        held = ReadyBatch(lease.batch_id, lease.lane, lease.token, lease.source_id)
        return await relocation.hand_over(self._pool, held, lease.alert_id, lease.gateway, recipients)

    async def find(self, batch_id: int) -> tuple[str, str, ReadyBatch] | None:
        """Return channel, gateway and what a wake-up needs of an open batch, without changing it."""
        row = await self._pool.fetchrow(
            f"""SELECT b.channel, b.gateway, b.id, b.lane, b.lease_token, a.source_id
               FROM batch b JOIN alert a ON a.id = b.alert_id WHERE b.id = $1 AND b.{OPEN}""",  # noqa: S608 - constant
            batch_id,
        )
        return (row["channel"], row["gateway"], _ready(row)) if row else None

    async def _time_at(self, instant: float) -> datetime:
        """Return the record's time at `instant`, rather ahead by one round trip than behind, even if this process was
        suspended meanwhile.
        """
        async with self._pool.acquire() as connection:
            asked = self._monotonic()
            now: datetime = await connection.fetchval("SELECT clock_timestamp()")
            return now - timedelta(seconds=asked - instant)

    async def advance(self, lease: Lease, progress: Progress) -> bool:
        """Write progress and renew the lease. True: the alert was stopped, start nothing more."""
        if not progress.problems and not progress.remove:  # one statement: no need of a transaction around it
            return await self._advance(self._pool, lease, progress)
        async with self._pool.acquire() as connection, connection.transaction():
            stopped = await self._advance(connection, lease, progress)
            await self._write_details(connection, lease, progress)
        return stopped

    async def _advance(self, connection: Connection | Pool, lease: Lease, progress: Progress) -> bool:
        stopped = await connection.fetchval(
            _ADVANCE,
            lease.batch_id,
            lease.token,
            progress.outcomes,
            self._lease,
            progress.accepted_first,
            progress.accepted_last,
            progress.text_parts,
            progress.parts_sent,
        )
        if stopped is None:
            raise LeaseLostError
        await _note_acceptance(connection, lease, progress)
        return bool(stopped)

    async def heartbeat(self, lease: Lease) -> bool:
        """Renew the lease. True: the alert was stopped."""
        stopped = await self._pool.fetchval(
            f"""UPDATE batch b SET lease_until = clock_timestamp() + $3
               WHERE b.id = $1 AND b.lease_token = $2 AND b.{OPEN}
               RETURNING (SELECT a.stopped_at IS NOT NULL FROM alert a WHERE a.id = b.alert_id)""",  # noqa: S608 - constant
            lease.batch_id,
            lease.token,
            self._lease,
        )
        if stopped is None:
            raise LeaseLostError
        return bool(stopped)

    async def release(
        self,
        lease: Lease,
        progress: Progress,
        not_before: datetime | None = None,
        asked: Mapping[int, Endpoint] = NOBODY,
    ) -> bool:
        """Write progress and release the lease: the batch is done when every recipient has a terminal state (then
        True), else it may be worked on again from `not_before` on. `asked` are the endpoints as they were sent to: one
        whose address is another by now is not removed.
        """
        done = not progress.outcomes.translate(None, TERMINAL_OUTCOMES)
        if progress.problems or progress.remove:
            async with self._pool.acquire() as connection, connection.transaction():
                await self._release(connection, lease, progress, not_before, done=done)
                await self._write_details(connection, lease, progress, asked)
        else:
            await self._release(self._pool, lease, progress, not_before, done=done)
        if done:
            await self._pool.execute(_SETTLE_ALERT, lease.alert_id)
        return done

    async def _write_details(
        self,
        connection: Connection,
        lease: Lease,
        progress: Progress,
        asked: Mapping[int, Endpoint] = NOBODY,
    ) -> None:
        await _write_problems(connection, lease, progress)
        if progress.remove:
            known = [asked.get(one) for one in progress.remove]
            await connection.execute(
                _END,
                list(progress.remove),
                progress.remove_reason,
                [None if one is None else self._addresses.hash(one.address) for one in known],
                [None if one is None else plain_hash(one.address) for one in known],
                list(progress.gone_since) or [None] * len(known),
            )

    async def _release(
        self,
        connection: Connection | Pool,
        lease: Lease,
        progress: Progress,
        not_before: datetime | None,
        *,
        done: bool,
    ) -> None:
        released = await connection.fetchval(
            _RELEASE,
            lease.batch_id,
            lease.token,
            progress.outcomes,
            progress.accepted_first,
            progress.accepted_last,
            not_before,
            done,
            progress.text_parts,
            progress.parts_sent,
        )
        if released is None:
            raise LeaseLostError
        await _note_acceptance(connection, lease, progress)

    async def pause_gateway(self, channel: str, gateway: str, seconds: float, reason: str) -> None:
        """Let no worker acquire a batch of this gateway for so long. A pause only ever grows. Pauses that follow one
        another within a minute, without an acceptance, are one outage.
        """
        await self._pool.execute(
            f"""INSERT INTO gateway AS g (channel, name, paused_until, reason, out_since)
               VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3), $4, clock_timestamp())
               ON CONFLICT (channel, name) DO UPDATE SET paused_until = greatest(g.paused_until, excluded.paused_until),
                 reason = CASE WHEN excluded.paused_until > g.paused_until THEN excluded.reason ELSE g.reason END,
                 out_since = CASE WHEN g.paused_until < clock_timestamp() - {OUTAGE_GAP} THEN excluded.out_since
                   ELSE coalesce(g.out_since, excluded.out_since) END""",  # noqa: S608 - constant
            channel,
            gateway,
            seconds,
            reason,
        )

    async def is_better_probe_open(self, lease: Lease, *, fresh: bool) -> bool:
        """Whether a probe of the lease's gateway is better made for another batch: one with a recipient who was never
        tried where this has none (`fresh`), or such a one of a more urgent lane.
        """
        found: bool = await self._pool.fetchval(
            _BETTER_PROBE,
            lease.channel,
            lease.gateway,
            lease.batch_id,
            [lane for lane in Lane if not fresh or lane.rank < lease.lane.rank],
            bytes((State.PENDING,)),
        )
        return found

    async def due(self, limit: int = 1000) -> list[ReadyBatch]:
        """Return open batches without a live lease for which no wake-up was enqueued recently, and mark them as
        enqueued.
        """
        rows = await self._pool.fetch(_DUE, limit, self._wake_up_again)
        return [_ready(row) for row in rows]

    async def close_stopped(self, chain_id: str) -> Closed:
        """End the open batches of the chain's stopped messages that no worker holds: what was not sent is
        superseded.
        """
        return await self._close(
            State.SUPERSEDED,
            """b.chain_id = $1 AND EXISTS (SELECT FROM alert a WHERE a.id = b.alert_id
                                           AND a.stopped_at IS NOT NULL)""",
            (chain_id,),
        )

    async def close_expired(self) -> Closed:
        """End the open batches past their deadline that no worker holds: what was not sent is expired. One whose row
        somebody keeps locked waits for the next time, and keeps no other waiting.
        """
        return await self._close(State.EXPIRED, "b.deadline < clock_timestamp()", (), "SKIP LOCKED")

    async def _close(
        self, state: State, condition: str, arguments: tuple[object, ...], locked: str = ""
    ) -> Closed:
        table = _closing_table(state)
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(
                f"""SELECT b.id, b.alert_id, b.channel, b.lane, b.outcomes,
                      b.lease_until IS NULL OR b.lease_until < clock_timestamp() AS free
                    FROM batch b WHERE b.{OPEN} AND {condition} ORDER BY b.id FOR UPDATE OF b {locked}""",  # noqa: S608 - our own conditions
                *arguments,
            )
            # The new token fences off a worker that wakes up late.
            await connection.executemany(
                f"""UPDATE batch SET state = '{BatchState.DONE}', done_at = clock_timestamp(), lease_until = NULL,
                     lease_token = lease_token + 1, outcomes = $2 WHERE id = $1""",  # noqa: S608 - constant
                [(row["id"], row["outcomes"].translate(table)) for row in rows if row["free"]],
            )
        free = [row for row in rows if row["free"]]
        # Outside of the transaction: code that holds a batch's row never waits for an alert's.
        for alert_id in {row["alert_id"] for row in free}:
            await self._pool.execute(_SETTLE_ALERT, alert_id)
        ended: Counter[tuple[str, str]] = Counter()
        for row in free:
            if row["alert_id"].startswith(CANARY_PREFIX):
                continue  # canaries have metrics of their own
            plain = row["outcomes"].translate(_WITHOUT_FLAG)
            ended[row["channel"], row["lane"]] += sum(
                plain.count(open_) for open_ in State if not open_.terminal
            )
        return Closed(state, len(rows) - len(free), dict(ended))

    async def settle_finished(self) -> int:
        """Settle alerts whose last batches ended at the same instant, each transaction not seeing the other."""
        rows = await self._pool.fetch(
            f"""UPDATE alert a SET state = '{AlertState.SETTLED}', settled_at = clock_timestamp()
               WHERE state = '{AlertState.PLANNED}'
                 AND NOT EXISTS (SELECT FROM batch WHERE alert_id = a.id AND {OPEN})
                 AND NOT EXISTS (SELECT FROM standby WHERE alert_id = a.id) RETURNING id"""  # noqa: S608 - constant
        )
        return len(rows)


async def _note_acceptance(connection: Connection | Pool, lease: Lease, progress: Progress) -> None:
    """End the outage of a gateway that others would take over from: it has accepted something."""
    if lease.channel == CHANNEL and progress.accepted_last is not None:
        await connection.execute(
            "UPDATE gateway SET out_since = NULL WHERE channel = $1 AND name = $2 AND out_since IS NOT NULL",
            lease.channel,
            lease.gateway,
        )


def _ready(row: Any) -> ReadyBatch:
    return ReadyBatch(row["id"], Lane(row["lane"]), row["lease_token"], row["source_id"])


def _closing_table(state: State) -> bytes:
    """Return a table for `bytes.translate`: what becomes of each outcome byte when its batch is closed unfinished."""
    table = bytearray(range(256))
    for flag in (0, UNCERTAIN):
        table[State.PENDING | flag] = state | flag
        table[State.RETRY | flag] = state | flag
        # A worker died with it in flight: it may have been sent.
        table[State.CLAIMED | flag] = state | UNCERTAIN
    return bytes(table)


async def _write_problems(connection: Connection, lease: Lease, progress: Progress) -> None:
    if progress.problems:
        columns: Sequence[Sequence[Any]] = list(
            zip(
                *(
                    (
                        item.position,
                        item.recipient,
                        item.attempts,
                        item.crashes,
                        item.label,
                        item.code,
                        item.detail,
                        item.due,
                        item.alike,
                        item.since,
                    )
                    for item in progress.problems
                ),
                strict=True,
            )
        )
        await connection.execute(
            """INSERT INTO problem (batch_id, position, recipient, attempts, crashes, label, code, detail, due, alike,
                 since)
               SELECT $1, * FROM unnest($2::int[], $3::bigint[], $4::int[], $5::int[], $6::text[], $7::text[],
                                        $8::text[], $9::timestamptz[], $10::int[], $11::timestamptz[])
               ON CONFLICT (batch_id, position) DO UPDATE SET attempts = excluded.attempts,
                 crashes = excluded.crashes, label = excluded.label,
                 code = excluded.code, detail = excluded.detail, due = excluded.due, alike = excluded.alike,
                 since = excluded.since, updated_at = now()""",
            lease.batch_id,
            *columns,
        )
