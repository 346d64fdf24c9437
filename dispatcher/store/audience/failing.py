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
FAILING: Final = "failing_subscription"
ABSENT: Final = "absent_subscription"
"""The tables of those who failed, and of those whose device was away. They are two, and the first is as it was: a
worker of the last version goes on writing to it while others are renewed already."""


def _statements(table: str) -> tuple[str, str, str]:
    """Return what forgets, notes and ends by one of the tables."""
    # Who took a message with a code meanwhile was there: that is no batch, which `liveness` would have seen.
    forget = f"""
DELETE FROM {table} f USING subscriber_endpoint e
WHERE f.subscription_id = ANY($1::bigint[]) AND e.subscription_id = f.subscription_id
  AND e.last_accepted_at > f.first_at"""  # noqa: S608 - constants
    # Canaries go on, whatever their gateway says of them: they show that it works again.
    note = f"""
INSERT INTO {table} AS f (subscription_id, alert_id, code)
SELECT s.id, $1, o.code FROM unnest($2::bigint[], $3::text[]) AS o(id, code)
JOIN subscription s USING (id)
WHERE s.ended_at IS NULL AND NOT EXISTS (SELECT FROM canary c WHERE c.subscription_id = s.id)
ON CONFLICT (subscription_id) DO UPDATE SET alerts = f.alerts + (f.alert_id <> excluded.alert_id)::int,
  alert_id = excluded.alert_id, code = excluded.code, last_at = clock_timestamp()"""  # noqa: S608 - constants
    # As where an endpoint is gone: one that is just being renewed stays.
    end = f"""
UPDATE subscription SET ended_at = clock_timestamp(), end_reason = $4 WHERE id IN (
  SELECT s.id FROM subscription s JOIN {table} f ON f.subscription_id = s.id
  WHERE s.id = ANY($1::bigint[]) AND s.ended_at IS NULL AND f.alerts >= $2
    AND f.last_at >= f.first_at + make_interval(secs => $3)
  FOR NO KEY UPDATE OF s SKIP LOCKED)
RETURNING id"""  # noqa: S608 - constants
    return forget, note, end


async def note_failing(
    pool: Pool, alert_id: str, codes: Mapping[int, str], policy: LastingPolicy, *, absent: bool = False
) -> int:
    """Note the subscriptions, with their errors' codes, that failed lastingly at an alert, and end those that did so at
    as many alerts, over as long a time, as the policy says. `absent`: their devices were away until it ended, which
    counts apart, as it may go on for longer. Returns how many were ended.
    """
    ids = sorted(codes)  # in the same order as others
    over_s = policy.absent_over_s if absent else policy.over_s
    forget, note, end = _statements(ABSENT if absent else FAILING)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(forget, ids)
        await connection.execute(note, alert_id, ids, [codes[one] for one in ids])
        ended = [row["id"] for row in await connection.fetch(end, ids, policy.alerts, over_s, END_REASON)]
        for table in (FAILING, ABSENT):
            await connection.execute(f"DELETE FROM {table} WHERE subscription_id = ANY($1)", ended)  # noqa: S608
    return len(ended)
