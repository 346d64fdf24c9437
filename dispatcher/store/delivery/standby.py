"""Call up the other endpoints of people whose first one was not reached by a warning, or where nobody confirms it, and
dismiss those that are not needed any more.

A plan tells the best endpoint of a person and notes the others in `standby`; a batch's outcome bytes say what became of
the first. All of it is on record, in the transaction that tells somebody: whatever dies in between, the next look finds
everybody who was not reached.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from dispatcher.model.vocabulary import Kind, Reason, State
from dispatcher.sms.parts import NOT_COUNTED, TextParts
from dispatcher.store.audience.wishes import breaks_silence, is_told, quiet_until
from dispatcher.store.delivery.plans import PENDING, pending_alert
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
_DISMISS: Final = f"""
DELETE FROM standby s USING alert a WHERE a.id = s.alert_id AND NOT {_IN_FORCE}
"""  # noqa: S608 - constant
"""Nobody is told any more of what is over. What became of the person is what became of the endpoint that was told."""
_WAITING: Final = f"""
SELECT DISTINCT s.alert_id FROM standby s JOIN alert a ON a.id = s.alert_id
WHERE s.batch_id IS NULL AND s.look_at <= {NOW} AND {_IN_FORCE}
"""  # noqa: S608 - constant

_CALL: Final = f"""
WITH waiting AS (
  SELECT DISTINCT person FROM standby WHERE alert_id = $1 AND batch_id IS NULL AND look_at <= {NOW}),
notices AS (
  SELECT t.person, t.after_s, t.recipient, b.id, b.first_at, greatest(b.created_at, b.quiet_until) AS since, b.deadline,
    b.held_for, get_byte(b.outcomes, t.position) & 127 AS state,
    EXISTS (SELECT FROM gateway g WHERE g.channel = b.channel AND g.name = b.gateway AND {IS_STOPPED}) AS stopped
  FROM standby t JOIN waiting w ON w.person = t.person
  JOIN batch b ON b.id = t.batch_id AND b.recipients[t.position + 1] = t.recipient WHERE t.alert_id = $1),
judged AS (
  SELECT n.*, state BETWEEN {State.ACCEPTED:d} AND {State.DISPLAYED:d} AS reached,
    state < {State.ACCEPTED:d} AND held_for = '' AND {NOW} < since + (deadline - since) / 2
      AND NOT ((state = {State.RETRY:d} OR stopped)
               AND {NOW} >= since + least($2::interval, make_interval(secs => after_s))) AS pending,
    EXISTS (SELECT FROM subscriber_endpoint e
            WHERE e.subscription_id = n.recipient AND e.last_confirmed_at >= n.since) AS confirmed
  FROM notices n),
people AS (
  SELECT w.person, bool_or(j.reached AND (j.after_s IS NULL OR j.confirmed)) AS done, bool_or(j.pending) AS pending,
    max(coalesce(j.first_at, j.since) + make_interval(secs => j.after_s)) FILTER (WHERE j.reached) AS next_at
  FROM waiting w LEFT JOIN judged j ON j.person = w.person GROUP BY 1),
verdict AS (
  SELECT person, next_at, CASE WHEN done THEN 'dismiss' WHEN pending THEN 'wait' WHEN next_at > {NOW} THEN 'later'
    ELSE 'call' END AS verdict
  FROM people),
dismissed AS (
  DELETE FROM standby s USING verdict v WHERE s.alert_id = $1 AND s.person = v.person AND v.verdict = 'dismiss'),
delayed AS (
  UPDATE standby s SET look_at = v.next_at FROM verdict v
  WHERE s.alert_id = $1 AND s.person = v.person AND s.batch_id IS NULL AND v.verdict = 'later'),
unusable AS (
  DELETE FROM standby s USING verdict v, subscription e
  WHERE s.alert_id = $1 AND s.person = v.person AND s.batch_id IS NULL AND v.verdict = 'call' AND e.id = s.recipient
    AND NOT {is_told("e")}
  RETURNING s.person),
called AS (
  SELECT DISTINCT ON (s.person) e.id, e.channel, {gateway_of("e", "$6", "$7")} AS gateway, e.language,
    {quiet_until("e", "$8::boolean", "$9::text")} AS quiet_until
  FROM standby s JOIN verdict v ON v.person = s.person JOIN subscription e ON e.id = s.recipient
  WHERE s.alert_id = $1 AND s.batch_id IS NULL AND s.look_at <= {NOW} AND v.verdict = 'call' AND {is_told("e")}
  ORDER BY s.person, s.turn LIMIT {CALLED_AT_ONCE}),
numbered AS (
  SELECT *, (row_number() OVER (PARTITION BY channel, gateway, language, quiet_until ORDER BY id) - 1) / $5 AS chunk
  FROM called),
made AS (
  INSERT INTO batch (alert_id, chain_id, kind, channel, gateway, language, lane, deadline, recipients, outcomes,
    enqueued_at, quiet_until, not_before)
  SELECT $1, $3, '{Kind.ALERT}', channel, gateway, language, $4, $10, array_agg(id ORDER BY id),
    decode(repeat('00', count(*)::int), 'hex'), clock_timestamp(), quiet_until, coalesce(quiet_until, now())
  FROM numbered GROUP BY channel, gateway, language, quiet_until, chunk ORDER BY chunk, channel
  RETURNING id, cardinality(recipients) AS size, lease_token, channel, gateway, language, kind, recipients),
told AS (
  UPDATE standby s SET batch_id = m.id, position = m.n - 1
  FROM (SELECT made.id, r.recipient, r.n
        FROM made CROSS JOIN LATERAL unnest(made.recipients) WITH ORDINALITY r(recipient, n)) m
  WHERE s.alert_id = $1 AND s.recipient = m.recipient)
SELECT id, size, lease_token, channel, gateway, language, kind FROM made
UNION ALL SELECT NULL, count(*), NULL, NULL, NULL, NULL, NULL FROM unusable HAVING count(*) > 0
"""  # noqa: S608 - constant
"""What becomes of everybody of whom an endpoint waits, at one look."""
_LAST: Final = """
DELETE FROM standby s WHERE s.alert_id = $1 AND NOT EXISTS (
  SELECT FROM standby w WHERE w.alert_id = $1 AND w.person = s.person AND w.batch_id IS NULL)
"""
"""People of whom nobody waits any more."""


@dataclass(frozen=True, slots=True)
class Called:
    """So many people whose next endpoint is told, and what is to be worked on for it."""

    people: int = 0
    ready: tuple[ReadyBatch, ...] = ()


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
        await self._pool.execute(_DISMISS)
        rows = await self._pool.fetch(_WAITING)
        found = [await self._pool.fetchrow(PENDING, row["alert_id"]) for row in rows]
        return [pending_alert(row) for row in found if row is not None]

    async def call(self, alert_id: str, texts: TextParts = NOT_COUNTED) -> Called:
        """Look at everybody of whom an endpoint waits: call up who is to be told now, dismiss who is not needed.
        Idempotent; does nothing while the alert is being planned.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(
                f"SELECT 1 FROM alert a WHERE id = $1 AND {_IN_FORCE} FOR UPDATE SKIP LOCKED",  # noqa: S608 - constant
                alert_id,
            )
            if row is None:
                return Called()
            alert = pending_alert(await connection.fetchrow(PENDING, alert_id))
            rows = await self._called(connection, alert)
            if not rows:
                return Called()
            await connection.execute(_LAST, alert_id)
            made = [row for row in rows if row["id"] is not None]
            people = sum(row["size"] for row in made)
            await connection.execute(
                "UPDATE alert SET doubled = doubled + $2 WHERE id = $1", alert_id, people
            )
            return Called(people, tuple(await self._charges.charge(connection, alert, made, texts)))

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
            breaks_silence(alert.severity, alert.lane) and alert.reason is not Reason.DRILL,
            self._zone,
            alert.expires,
        )
        return rows
