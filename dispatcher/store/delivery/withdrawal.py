"""Withdraw recipients from ends that have not left yet, when a warning of the same graph of references comes that
concerns them: else they would hear an all-clear after it.

What a worker holds at that moment is not withdrawn: it is being sent already.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from dispatcher.access.principals import WORKER
from dispatcher.model.batches import Closed
from dispatcher.model.vocabulary import (
    ENDING_REASONS,
    TERMINAL_OUTCOMES,
    UNCERTAIN,
    AlertState,
    BatchState,
    State,
)
from dispatcher.store import audit
from dispatcher.store.delivery.alarmed import ENDS
from dispatcher.store.sql import OPEN, among

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatcher.model.alerts import PendingAlert
    from dispatcher.store.record import Connection

_LOCK = f"""
WITH found AS (
  SELECT id FROM alert a WHERE chain_id = $1 AND id <> $2 AND stopped_at IS NULL
    AND (reason IN {among(ENDING_REASONS)} AND state = '{AlertState.ACCEPTED}'
         OR EXISTS (SELECT FROM batch b WHERE b.alert_id = a.id AND b.{OPEN} AND b.kind IN {ENDS}))),
locked AS (SELECT id FROM alert WHERE id IN (SELECT id FROM found) ORDER BY id FOR UPDATE SKIP LOCKED)
SELECT array(SELECT id FROM locked) AS ids, (SELECT count(*) FROM found) AS found
"""  # noqa: S608 - constant

_UNSENT = f"""
SELECT id, alert_id, channel, lane, recipients, outcomes FROM batch
WHERE alert_id = ANY($1) AND {OPEN} AND kind IN {ENDS} AND (lease_until IS NULL OR lease_until < clock_timestamp())
ORDER BY id FOR UPDATE
"""  # noqa: S608 - constant

_WITHDRAW = f"""
UPDATE batch SET outcomes = $2, lease_token = lease_token + 1, lease_until = NULL,
  state = CASE WHEN $3 THEN '{BatchState.DONE}' ELSE state END, done_at = CASE WHEN $3 THEN clock_timestamp() END
WHERE id = $1
"""  # noqa: S608 - constant
"""The new token fences off a worker that wakes up late."""


async def lock_ends(connection: Connection, alert: PendingAlert) -> Sequence[str] | None:
    """Lock the messages whose ends may be on their way to people whom the warning concerns, before it is planned.
    Returns their ids; none at all if another transaction is changing one of them, which is not waited for: whoever
    holds an alert's row must not wait for another's.
    """
    row = await connection.fetchrow(_LOCK, alert.chain_id, alert.id)
    return row["ids"] if len(row["ids"]) == row["found"] else None


async def withdraw(connection: Connection, alert: PendingAlert, ends: Sequence[str]) -> Closed:
    """Take those whom the warning was planned for out of these ends, as far as no worker holds them. They hear of the
    end when the warning is over. Returns how many, by channel and lane.
    """
    batches = await connection.fetch(_UNSENT, ends) if ends else []
    counts: Counter[tuple[str, str]] = Counter()
    if not batches:
        return Closed(State.SUPERSEDED, 0, counts)
    rows = await connection.fetch(
        """SELECT DISTINCT unnest(recipients) AS id FROM batch WHERE alert_id = $1
           UNION SELECT recipient FROM standby WHERE alert_id = $1""",  # another endpoint of a person who is warned
        alert.id,
    )
    warned, withdrawn = {row["id"] for row in rows}, dict.fromkeys(ends, 0)
    for batch in batches:
        outcomes = bytes(
            _withdrawn(outcome) if recipient in warned else outcome
            for recipient, outcome in zip(batch["recipients"], batch["outcomes"], strict=True)
        )
        changed = sum(new != old for new, old in zip(outcomes, batch["outcomes"], strict=True))
        if changed:
            done = not outcomes.translate(None, TERMINAL_OUTCOMES)
            await connection.execute(_WITHDRAW, batch["id"], outcomes, done)
            withdrawn[batch["alert_id"]] += changed
            counts[batch["channel"], batch["lane"]] += changed
    for end, recipients in withdrawn.items():
        if recipients:
            await connection.execute(
                "UPDATE alert SET plan_at = least(plan_at, $2) WHERE id = $1", end, alert.expires
            )
            await audit.note(connection, WORKER, "alert.withdraw", end, by=alert.id, recipients=recipients)
    return Closed(State.SUPERSEDED, 0, dict(counts))


def _withdrawn(outcome: int) -> int:
    """Return what becomes of an outcome byte. One that a worker died with in flight may have been sent."""
    if State(outcome & ~UNCERTAIN).terminal:
        return outcome
    in_flight = outcome & ~UNCERTAIN == State.CLAIMED
    return State.SUPERSEDED | (UNCERTAIN if in_flight else outcome & UNCERTAIN)
