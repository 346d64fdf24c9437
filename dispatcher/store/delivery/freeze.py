"""Compose the statements that freeze an audience into batches: of a first notice in portions, and of what follows on a
warning all at once, by what each subscriber was notified of before.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from dispatcher.model.vocabulary import UNCERTAIN, WARNING, Kind, State
from dispatcher.store.delivery.alarmed import ALARMED, BESIDE, ENDS, GRAPHS
from dispatcher.store.sms.routing import gateway_of
from dispatcher.store.sql import OPEN, Target, among, concerned, is_in_force

GRAPH_LOCK = 7207116111
"""The seed of the advisory locks under which the alerts of one graph are planned one after the other: else two ends
could be planned for one person at the same instant. Any number of ours would do."""

IN_FORCE_BESIDE = f"WITH RECURSIVE {GRAPHS} {BESIDE}"
LOCK_GRAPHS = f"""
WITH RECURSIVE {GRAPHS}, sorted AS MATERIALIZED (SELECT DISTINCT chain_id FROM graphs ORDER BY chain_id)
SELECT pg_advisory_xact_lock(hashtextextended(chain_id, {GRAPH_LOCK})) FROM sorted
"""  # noqa: S608 - constant


def replaced_by(alert: str) -> str:
    """Return the common table `replaced` of all that the message replaces or ends; in WITH RECURSIVE."""
    return f"""replaced(id) AS (
  SELECT earlier FROM replacement WHERE later = {alert}
  UNION SELECT r.earlier FROM replaced JOIN replacement r ON r.later = replaced.id)"""  # noqa: S608 - a parameter


def _freeze_sql(*, beside: bool) -> str:
    """Return the statement that freezes an audience; `beside`: whether anything else of the graph is in force, which it
    costs much to look at.
    """
    others = "SELECT id FROM beside WHERE id <> $2"
    elsewhere = (
        concerned(Target.of_alerts(others, "$12"))
        if beside
        else "SELECT 0::bigint AS id WHERE $12::bigint[] IS NULL"
    )
    return f"""
WITH RECURSIVE {GRAPHS},
beside AS ({BESIDE}),
{replaced_by("$2")},
{ALARMED},
concerned AS (SELECT id FROM ({concerned(Target.of_alert("$2", "$8"), "$9", "$10")}) c WHERE NOT $3 AND NOT $11),
still_concerned AS (
  SELECT id FROM ({concerned(Target.of_alert("$2", "$8"))}) c
  WHERE $11 AND EXISTS (SELECT FROM beside WHERE beside.id = $2)),
elsewhere AS ({elsewhere}),
planned AS (
  SELECT r.id, b.id AS batch, b.kind NOT IN {ENDS} AND NOT $3 OR b.{OPEN} AS suffices, b.kind IN {ENDS} AS is_end
  FROM batch b CROSS JOIN LATERAL unnest(b.recipients) WITH ORDINALITY r(id, n)
  WHERE b.alert_id = $2
    -- Who was withdrawn from an end is still to hear of it.
    AND get_byte(b.outcomes, r.n::int - 1) & ~{UNCERTAIN} <> {State.SUPERSEDED:d}),
busy AS (
  SELECT unnest(b.recipients) AS id, a.stopped_at IS NULL AS is_end FROM batch b JOIN alert a ON a.id = b.alert_id
  WHERE b.chain_id IN (SELECT chain_id FROM graphs) AND b.alert_id <> $2 AND b.{OPEN}
    AND (a.stopped_at IS NOT NULL OR b.kind IN {ENDS})),
due AS (
  SELECT coalesce(t.id, c.id) AS id,
    CASE WHEN c.id IS NULL AND $3 THEN $7::text WHEN c.id IS NULL THEN '{Kind.NO_LONGER_AFFECTED}'
      WHEN t.id IS NULL THEN '{Kind.ALERT}' ELSE '{Kind.UPDATE}' END AS kind
  FROM alarmed t FULL JOIN concerned c USING (id)
  -- Whoever heard of an end by this message may have been alarmed since by what it turned out to end later.
  WHERE NOT EXISTS (SELECT FROM planned p WHERE p.id = coalesce(t.id, c.id)
                    AND (p.suffices OR c.id IS NOT NULL OR p.is_end AND p.batch > t.batch))
    AND NOT EXISTS (SELECT FROM still_concerned WHERE still_concerned.id = t.id)),
later AS (
  SELECT id FROM due WHERE kind IN {ENDS} AND EXISTS (SELECT FROM elsewhere WHERE elsewhere.id = due.id)
  UNION SELECT due.id FROM due JOIN busy ON busy.id = due.id WHERE kind IN {ENDS} OR NOT busy.is_end),
target AS (
  SELECT s.id, s.channel, {gateway_of("s", "$14", "$15")} AS gateway, s.language, due.kind
  FROM due JOIN subscription s ON s.id = due.id
  WHERE s.ended_at IS NULL AND NOT EXISTS (SELECT FROM later WHERE later.id = due.id)),
numbered AS (
  SELECT *, (row_number() OVER (PARTITION BY kind, channel, gateway, language ORDER BY id) - 1) / $6 AS chunk
  FROM target),
-- People hear of the end for as long as what they were told would have held.
until AS (
  SELECT greatest($5::timestamptz, max(a.expires)) AS at FROM alert a WHERE a.id IN (SELECT id FROM replaced)),
made AS (
  INSERT INTO batch (alert_id, chain_id, kind, channel, gateway, language, lane, deadline, recipients, outcomes,
    enqueued_at)
  SELECT $2, $1[1], kind, channel, gateway, language, $4,
    CASE WHEN kind IN {ENDS} THEN (SELECT at FROM until) ELSE $5 END, array_agg(id ORDER BY id),
    decode(repeat('00', count(*)::int), 'hex'), clock_timestamp()
  FROM numbered GROUP BY kind, channel, gateway, language, chunk ORDER BY chunk, channel
  RETURNING id, cardinality(recipients) AS size, lease_token, channel, gateway, language, kind)
SELECT id, size, lease_token, channel, gateway, language, kind, NULL::timestamptz AS plan_at FROM made
UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, CASE WHEN EXISTS (SELECT FROM later JOIN busy ON busy.id = later.id)
  THEN clock_timestamp() + $13 ELSE coalesce((SELECT min(expires) FROM beside WHERE id <> $2), clock_timestamp()) END
WHERE EXISTS (SELECT FROM later)
"""  # noqa: S608 - constant


SPOKEN_FOR: Final = f"""
SELECT s.id FROM alert a JOIN alert s ON s.id = a.merged_into
WHERE a.id = {{}} AND {is_in_force("a")} AND {is_in_force("s")}"""  # noqa: S608 - constant
"""The warning in force, if there is one, of which people are told in place of the alert, which is sent to the rest."""


def _freeze_first_sql(*, spoken_for: bool) -> str:
    """Return the statement that freezes a portion of a first notice; `spoken_for`: without those whom a warning
    concerns that is in force, and says all that this one does.
    """
    told = f" WHERE c.id NOT IN ({concerned(Target.of_alerts(SPOKEN_FOR.format('$2'), '$11'))})"
    return f"""
WITH concerned AS (SELECT id FROM ({concerned(Target.of_alert("$2", "$6"), "$7", "$8")}) c{told if spoken_for else ""}),
routed AS (
  SELECT s.id, s.channel, {gateway_of("s", "$9", "$10")} AS gateway, s.language
  FROM concerned c JOIN subscription s ON s.id = c.id WHERE s.ended_at IS NULL),
numbered AS (
  SELECT *, (row_number() OVER (PARTITION BY channel, gateway, language ORDER BY id) - 1) / $5 AS chunk FROM routed)
INSERT INTO batch (alert_id, chain_id, kind, channel, gateway, language, lane, deadline, recipients, outcomes,
  enqueued_at)
SELECT $2, $1, '{Kind.ALERT}', channel, gateway, language, $3, $4, array_agg(id ORDER BY id),
  decode(repeat('00', count(*)::int), 'hex'), clock_timestamp()
FROM numbered GROUP BY channel, gateway, language, chunk ORDER BY chunk, channel
RETURNING id, cardinality(recipients) AS size, lease_token, channel, gateway, language, kind,
  NULL::timestamptz AS plan_at
"""  # noqa: S608 - constant


FREEZE_FIRST, FREEZE_REST = _freeze_first_sql(spoken_for=False), _freeze_first_sql(spoken_for=True)
"""A portion of a first notice: nobody was told anything before, and nothing else is in force in the graph."""
FREEZE, FREEZE_BESIDE = _freeze_sql(beside=False), _freeze_sql(beside=True)
LOOK_AGAIN = timedelta(seconds=1)
"""After what time an end is planned again for those who are still being sent another."""

LOOK_AGAIN_WHEN_OVER = f"""
WITH RECURSIVE {replaced_by("$1")}
UPDATE alert SET plan_at = least(plan_at, expires)
WHERE id = $1 AND expires < (SELECT max(a.expires) FROM alert a JOIN replaced USING (id)
                             WHERE a.reason IN {among(WARNING)})
"""  # noqa: S608 - constant
"""Whoever an Update that shortens a warning has not reached until it is over is told then that it is."""
