"""Call up the other endpoints of people whose first one was not reached by a warning, or where nobody confirms it, and
dismiss those that are not needed any more.

A plan tells the best endpoint of a person and notes the others in `standby`; a batch's outcome bytes say what became of
the first. All of it is on record, in the transaction that tells somebody: whatever dies in between, the next look finds
everybody who was not reached.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from dispatcher.model.batches import Closed
from dispatcher.model.vocabulary import Kind, State
from dispatcher.sms.parts import NOT_COUNTED, TextParts
from dispatcher.store.audience.wishes import PLACE, breaks_silence, is_told, quiet_until
from dispatcher.store.delivery.freeze import AS_PLANNED, as_planned
from dispatcher.store.delivery.plans import PENDING, pending_alert, sent_and_quiet
from dispatcher.store.sms.charges import Charges
from dispatcher.store.sms.routing import gateway_of
from dispatcher.store.sql import IS_STOPPED, NOW, is_dispatched

if TYPE_CHECKING:
    from typing import Any

    from dispatcher.model.alerts import PendingAlert
    from dispatcher.model.batches import ReadyBatch
    from dispatcher.store.record import Connection, Pool

PATIENCE: Final = timedelta(minutes=1)
"""How long a person waits for an endpoint whose first attempt failed, or whose gateway takes nothing, until the next
one is told as well: sooner where the person wants it sooner. What is merely in the queue may take half of its time."""
CALLED_AT_ONCE: Final = 50_000
"""How many people one call tells, which takes about a second; the next look calls the next."""

_IN_FORCE: Final = f"(a.stopped_at IS NULL AND a.expires > {NOW} AND {is_dispatched('a')})"
_LOOK: Final = f"""
WITH noted AS (
  SELECT alert_id, coalesce(min(look_at) FILTER (WHERE batch_id IS NULL) <= {NOW}, false) AS due
  FROM standby GROUP BY 1)
SELECT a.id, n.due, {_IN_FORCE} AS in_force FROM noted n JOIN alert a ON a.id = n.alert_id ORDER BY a.number
"""  # noqa: S608 - constant
_FORGET: Final = "DELETE FROM standby WHERE alert_id = ANY($1)"
"""Nobody is told any more of what is over. What became of the person is what became of the endpoint that was told."""

_CALL: Final = f"""
WITH noted AS (
  SELECT t.ctid AS tid, t.person, t.recipient, t.turn, t.after_s, t.batch_id, t.position,
    t.batch_id IS NULL AS stands_by, t.batch_id IS NULL AND t.look_at <= {NOW} AS waits, b.first_at,
    b.deadline, b.held_for, greatest(b.created_at, b.quiet_until) AS since,
    get_byte(b.outcomes, t.position) & 127 AS state,
    b.id IS NOT NULL AND EXISTS (
      SELECT FROM gateway g WHERE g.channel = b.channel AND g.name = b.gateway AND {IS_STOPPED}) AS stopped
  FROM standby t LEFT JOIN batch b ON b.id = t.batch_id WHERE t.alert_id = $1),
judged AS (
  SELECT n.*, state BETWEEN {State.ACCEPTED:d} AND {State.DISPLAYED:d} AS reached,
    state < {State.ACCEPTED:d} AND held_for = '' AND {NOW} < since + (deadline - since) / 2
      AND NOT ((state = {State.RETRY:d} OR stopped)
               AND {NOW} >= since + least($2::interval, make_interval(secs => after_s))) AS pending,
    state BETWEEN {State.ACCEPTED:d} AND {State.DISPLAYED:d} AND after_s IS NOT NULL AND EXISTS (
      SELECT FROM batch_receipt r WHERE r.batch_id = n.batch_id
        AND CASE WHEN length(r.confirmed) > n.position THEN get_bit(r.confirmed, n.position) = 1 END) AS confirmed
  FROM noted n),
-- Windows and row addresses in place of joins with itself: see `PLACE`.
-- An endpoint waits for those before it alone: one of a later app of the device, told what becomes of its alarm,
-- stands behind those of the apps that were there before.
people AS (
  SELECT tid, person, recipient, turn, stands_by, waits, bool_or(waits) OVER (PARTITION BY person) AS looked_at,
    coalesce(bool_or(reached AND (after_s IS NULL OR confirmed)) OVER ahead, false) AS done,
    coalesce(bool_or(pending) OVER ahead, false) AS pending,
    max(CASE WHEN reached THEN coalesce(first_at, since) + make_interval(secs => after_s) END) OVER ahead AS next_at
  FROM judged WINDOW ahead AS (PARTITION BY person ORDER BY turn)),
verdict AS MATERIALIZED (
  SELECT *, CASE WHEN done THEN 'dismiss' WHEN pending THEN 'wait' WHEN next_at > {NOW} THEN 'later' ELSE 'call' END
    AS verdict, bool_or(stands_by AND NOT done) OVER (PARTITION BY person) AS awaited
  FROM people WHERE looked_at),
dismissed AS (
  DELETE FROM standby WHERE ctid = ANY(ARRAY(SELECT tid FROM verdict WHERE verdict = 'dismiss' OR NOT awaited))),
delayed AS (
  UPDATE standby s SET look_at = v.next_at FROM verdict v
  WHERE s.ctid = v.tid AND v.stands_by AND v.verdict = 'later'),
candidates AS MATERIALIZED (
  SELECT v.tid, v.turn, v.waits, v.person AS whose, e.*, {is_told("e", "$11::boolean")} AS usable
  FROM verdict v JOIN subscription e ON e.id = v.recipient WHERE v.verdict = 'call' AND v.stands_by),
unusable AS (
  DELETE FROM standby WHERE ctid = ANY(ARRAY(SELECT tid FROM candidates WHERE NOT usable)) RETURNING person),
called AS (
  SELECT DISTINCT ON (e.whose) e.id, e.channel, {gateway_of("e", "$6", "$7")} AS gateway, e.language,
    {quiet_until("e", "$8::boolean", "$9::text")} AS quiet_until
  FROM candidates e WHERE e.usable AND e.waits ORDER BY e.whose, e.turn LIMIT {CALLED_AT_ONCE}),
numbered AS (
  SELECT *, (row_number() OVER (PARTITION BY channel, gateway, language, quiet_until ORDER BY id) - 1) / $5 AS chunk
  FROM called),
made AS (
  INSERT INTO batch (alert_id, chain_id, kind, channel, gateway, language, lane, deadline, recipients, {AS_PLANNED})
  SELECT $1, $3, '{Kind.ALERT}', channel, gateway, language, $4, $10, array_agg(id ORDER BY id),
    {as_planned("$10")}
  FROM numbered GROUP BY channel, gateway, language, quiet_until, chunk ORDER BY chunk, channel
  RETURNING id, cardinality(recipients) AS size, lease_token, channel, gateway, language, kind, state)
SELECT id, size, lease_token, channel, gateway, language, kind, state FROM made
UNION ALL SELECT NULL, count(*), NULL, NULL, NULL, NULL, NULL, NULL FROM unusable HAVING count(*) > 0
"""  # noqa: S608 - constant
"""What becomes of everybody of whom an endpoint waits, at one look."""
_LAST: Final = """
DELETE FROM standby WHERE ctid = ANY(ARRAY(
  SELECT tid FROM (
    SELECT ctid AS tid, bool_and(batch_id IS NOT NULL) OVER (PARTITION BY person) AS last
    FROM standby WHERE alert_id = $1) p
  WHERE last))
"""
"""People of whom nobody waits any more."""


@dataclass(frozen=True, slots=True)
class Called:
    """So many people whose next endpoint is told, and what is to be worked on for it."""

    people: int = 0
    ready: tuple[ReadyBatch, ...] = ()
    quiet: Closed = field(default_factory=lambda: Closed(State.QUIET_PAST_END, 0, {}))
    """Whose next endpoint has quiet hours until after the end: the one after it is called up at the next look."""


class Standby:
    """Decides on record who is told next."""

    def __init__(
        self, pool: Pool, batch_size: int, charges: Charges | None = None, zone: str = "Europe/Berlin"
    ) -> None:
        """`charges` knows what is agreed with SMS gateways; in `zone` are the times of quiet hours."""
        self._pool = pool
        self._batch_size = batch_size
        self._charges = charges or Charges()
        self._zone = zone

    async def waiting(self) -> list[PendingAlert]:
        """Return the alerts of which somebody is to be looked at now; those that are over are forgotten."""
        rows = await self._pool.fetch(_LOOK)
        if over := [row["id"] for row in rows if not row["in_force"]]:
            await self._pool.execute(_FORGET, over)
        due = [row["id"] for row in rows if row["in_force"] and row["due"]]
        found = [await self._pool.fetchrow(PENDING, alert_id) for alert_id in due]
        return [pending_alert(row) for row in found if row is not None]

    async def call(self, alert: PendingAlert, texts: TextParts = NOT_COUNTED) -> Called:
        """Look at everybody of whom an endpoint waits: call up who is to be told now, dismiss who is not needed.
        Idempotent; does nothing while the alert is being planned.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            # All else that is asked of it never changes; its graph may have become another's.
            chain_id = await connection.fetchval(
                f"SELECT chain_id FROM alert a WHERE id = $1 AND {_IN_FORCE} FOR UPDATE SKIP LOCKED",  # noqa: S608 - constant
                alert.id,
            )
            if chain_id is None:
                return Called()
            rows = await self._called(connection, replace(alert, chain_id=chain_id))
            if not rows:
                return Called()
            made = [row for row in rows if row["id"] is not None]
            await connection.execute(PLACE, [row["id"] for row in made])
            await connection.execute(_LAST, alert.id)
            await connection.execute(
                "UPDATE alert SET doubled = doubled + $2 WHERE id = $1",
                alert.id,
                sum(row["size"] for row in made),
            )
            sent, quiet = sent_and_quiet(made, alert.lane)
            ready = tuple(await self._charges.charge(connection, alert, sent, texts))
            return Called(sum(row["size"] for row in sent), ready, quiet)

    async def _called(self, connection: Connection, alert: PendingAlert) -> list[Any]:
        taking = await self._charges.taking(connection)
        rows: list[Any] = await connection.fetch(
            _CALL,
            alert.id,
            PATIENCE,
            alert.chain_id,
            alert.lane,
            self._batch_size,
            list(taking.names),
            list(taking.weights),
            breaks_silence(alert.severity, alert.lane) and not alert.is_drill,
            self._zone,
            alert.expires,
            alert.is_drill,
        )
        return rows
