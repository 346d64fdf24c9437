"""Compose the SQL with which plans and previews ask who is alarmed by warnings that a message replaces or ends.

A subscriber is alarmed by a warning while that is valid, if it was notified of it (accepted, or sent without an
answer), and neither of its end since, nor of a message that replaced it.
"""

from __future__ import annotations

from typing import Final

from dispatcher.model.vocabulary import Kind, Reason
from dispatcher.store.sql import NOW, among, is_in_force

ENDS: Final = among((Kind.CANCEL, Kind.DELISTED, Kind.NO_LONGER_AFFECTED))
"""The kinds of notices after which nobody is alarmed any more by what came before."""

LISTED_AGAIN: Final = "1 hour"
"""How long after people heard that a source lists their warning no longer they get an update if it does again."""

GRAPHS: Final = """
graphs(chain_id) AS (
  SELECT unnest($1::text[])
  UNION SELECT m.chain_id FROM graphs g JOIN alert s ON s.chain_id = g.chain_id JOIN alert m ON m.merged_into = s.id)"""
"""The graphs of references in $1, and those of warnings that were merged into one of theirs; in WITH RECURSIVE."""

BESIDE: Final = f"""
SELECT a.id, a.expires FROM alert a WHERE a.chain_id IN (SELECT chain_id FROM graphs)
  AND (a.proved OR coalesce((SELECT NOT proved FROM alert WHERE id = $2), true))
  AND ({is_in_force("a")} OR a.reason = '{Reason.MERGED}' AND a.expires > {NOW} AND a.stopped_at IS NULL)"""  # noqa: S608 - constant
"""Whatever is in force in `GRAPHS`, and what waits behind an equal warning of them; but no stranger's warning keeps an
end back: where the alert $2 is proved, only what is proved."""

ALARMED: Final = f"""
reached AS (
  SELECT r.id, b.id AS batch, a.number, b.kind IN {ENDS} AS ends
  FROM batch b JOIN alert a ON a.id = b.alert_id CROSS JOIN LATERAL unnest(b.recipients) WITH ORDINALITY r(id, n)
  WHERE b.chain_id IN (SELECT chain_id FROM graphs)
    AND (get_byte(b.outcomes, r.n::int - 1) BETWEEN 16 AND 18
         -- One that may have been alarmed counts as notified; one that may have heard that it is over does not.
         OR get_byte(b.outcomes, r.n::int - 1) >= 128 AND b.kind NOT IN {ENDS})
    -- What its source lists again so soon is no second alarm.
    AND NOT (b.kind = '{Kind.DELISTED}' AND b.created_at > {NOW} - interval '{LISTED_AGAIN}')),
ended AS (SELECT id, max(batch) AS batch FROM reached WHERE ends GROUP BY id),
told AS MATERIALIZED (
  SELECT r.id, array_agg(DISTINCT r.number ORDER BY r.number) AS numbers, max(r.batch) AS batch
  FROM reached r LEFT JOIN ended e ON e.id = r.id
  WHERE NOT r.ends AND r.batch > coalesce(e.batch, 0) GROUP BY r.id),
-- Whoever has another endpoint by now, and not its number, hears there of what the old one was warned of.
inherited AS (
  SELECT DISTINCT ON (h.new_id) h.new_id AS id, t.numbers, t.batch
  FROM told t JOIN succession h ON h.old_id = t.id AND h.batch_id >= t.batch
  WHERE NOT EXISTS (SELECT FROM told o JOIN succession n ON n.new_id = o.id WHERE o.id = h.new_id)
    AND t.batch > coalesce((SELECT e.batch FROM ended e WHERE e.id = h.new_id), 0)
  ORDER BY h.new_id, t.batch DESC),
-- Few histories are different, however many subscribers have them.
history AS MATERIALIZED (SELECT DISTINCT numbers FROM told),
alarming AS MATERIALIZED (
  SELECT h.numbers FROM history h WHERE EXISTS (
    SELECT FROM alert w WHERE w.number = ANY(h.numbers) AND w.expires > {NOW} AND w.id IN (SELECT id FROM replaced)
      -- The walk ends at the first one found, mostly after a step: where each of many messages names all before it,
      -- all pairs of them, one by way of another, would be millions.
      AND NOT EXISTS (
        WITH RECURSIVE above(id) AS (
          SELECT r.later FROM replacement r WHERE r.earlier = w.id
          UNION SELECT r.later FROM above JOIN replacement r ON r.earlier = above.id)
        SELECT FROM above
        WHERE above.id <> w.id AND (SELECT n.number FROM alert n WHERE n.id = above.id) = ANY(h.numbers)))),
alarmed AS (
  SELECT t.id, t.batch FROM (SELECT * FROM told UNION ALL SELECT * FROM inherited) t
  JOIN alarming a ON a.numbers = t.numbers)"""  # noqa: S608 - constant
"""The subscribers (`alarmed`, by `id`) who are alarmed by one of the alerts in `replaced`, before the alert $2, and the
last `batch` by which they were; needs `GRAPHS`, in WITH RECURSIVE."""
