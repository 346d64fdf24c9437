"""Remember whose subscriptions failed lastingly, over several alerts, and end those that never come back. `liveness`
forgets it of whoever is accepted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dispatcher.model.retry_policy import LastingPolicy
    from dispatcher.store.record import Pool

END_REASON: Final = "lasting"
_NOTE: Final = """
INSERT INTO failing_subscription AS f (subscription_id, alert_id, code)
SELECT s.id, $1, o.code FROM unnest($2::bigint[], $3::text[]) AS o(id, code)
JOIN subscription s USING (id) WHERE s.ended_at IS NULL
ON CONFLICT (subscription_id) DO UPDATE SET alerts = f.alerts + (f.alert_id <> excluded.alert_id)::int,
  alert_id = excluded.alert_id, code = excluded.code, last_at = clock_timestamp()"""
_END: Final = """
UPDATE subscription SET ended_at = clock_timestamp(), end_reason = $4 WHERE id IN (
  SELECT s.id FROM subscription s JOIN failing_subscription f ON f.subscription_id = s.id
  WHERE s.id = ANY($1::bigint[]) AND s.ended_at IS NULL AND f.alerts >= $2
    AND f.last_at >= f.first_at + make_interval(secs => $3)
  FOR NO KEY UPDATE OF s SKIP LOCKED)
RETURNING id"""
"""As where an endpoint is gone: one that is just being renewed stays."""


async def note_failing(pool: Pool, alert_id: str, codes: Mapping[int, str], policy: LastingPolicy) -> int:
    """Note the subscriptions, with their errors' codes, that failed lastingly at an alert, and end those that did so at
    as many alerts, over as long a time, as the policy says. Returns how many were ended.
    """
    ids = list(codes)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(_NOTE, alert_id, ids, list(codes.values()))
        ended = await connection.fetch(_END, ids, policy.alerts, policy.over_s, END_REASON)
        await connection.execute(
            "DELETE FROM failing_subscription WHERE subscription_id = ANY($1)", [row["id"] for row in ended]
        )
    return len(ended)
