"""Record round trips: the codes that prove a subscriber's endpoints, tests of them, and what nobody proves.

An endpoint counts for a subscriber once a round trip has proven it to be theirs.
"""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from dispatcher.store.audience import endpoints
from dispatcher.store.audience.unions import claim_device, give_up_claim, hold_shown, reunite
from dispatcher.store.numbers import opt_outs
from dispatcher.store.sql import NOW

if TYPE_CHECKING:
    from dispatcher.store.record import Pool
    from dispatcher.store.sealed.addresses import Addresses

CODE_VALID: Final = timedelta(hours=1)
"""How long a code holds: a phone may be without a net for a while, and asks for another when its app starts again."""
CODE_TRIES: Final = 5
"""Wrong codes after which those that are open hold no more."""
SHORT_CODE_VALID: Final = timedelta(minutes=15)
"""How long the six digits of an SMS hold, which somebody types at once."""
UNPROVEN_KEPT: Final = timedelta(hours=24)
"""How long an endpoint that nobody has proven waits: an app that still wants it names it when it starts."""
TEST_AGAIN_AFTER: Final = timedelta(seconds=30)
_HOLD: Final = """
SELECT device_hash IS NOT NULL AS has_device, device_claimed_at IS NOT NULL AS claims FROM subscriber
WHERE id = $1 FOR UPDATE"""
_PENDING: Final = f"""
SELECT e.subscription_id, e.code_digest, e.proven_at, n.channel FROM subscriber_endpoint e
JOIN subscription n ON n.id = e.subscription_id
WHERE e.subscriber_id = $1 AND e.code_digest IS NOT NULL
  AND e.code_sent_at > {NOW} - CASE n.channel WHEN 'sms' THEN $4::interval ELSE $2::interval END
  AND e.code_tries < $3 AND n.ended_at IS NULL FOR UPDATE OF e"""  # noqa: S608 - constant
_PROVEN: Final = f"""
UPDATE subscriber_endpoint SET proven_at = coalesce(proven_at, {NOW}), last_confirmed_at = {NOW}, code_digest = NULL,
  code_tries = 0, due_at = NULL WHERE subscriber_id = $1 AND subscription_id = $2"""  # noqa: S608 - constant
_STALE: Final = f"""
SELECT s.id FROM subscriber s WHERE EXISTS (SELECT FROM subscriber_endpoint e WHERE e.subscriber_id = s.id
  AND e.proven_at IS NULL AND e.named_at <= {NOW} - $1::interval) LIMIT 1 FOR UPDATE SKIP LOCKED"""  # noqa: S608 - constant
_END_STALE: Final = f"""
DELETE FROM subscriber_endpoint WHERE subscriber_id = $1 AND proven_at IS NULL AND named_at <= {NOW} - $2::interval
RETURNING subscription_id AS id"""  # noqa: S608 - constant
_TEST: Final = f"""
UPDATE subscriber SET tested_at = {NOW} WHERE id = $1 AND (tested_at IS NULL OR tested_at <= {NOW} - $2::interval)
RETURNING id"""  # noqa: S608 - constant
_TEST_LEFT: Final = f"""
SELECT extract(epoch FROM tested_at + $2::interval - {NOW})::float8 FROM subscriber WHERE id = $1"""  # noqa: S608 - constant
_ANY_ACTIVE: Final = """
SELECT EXISTS (SELECT FROM subscriber_endpoint e JOIN subscription n ON n.id = e.subscription_id
  WHERE e.subscriber_id = $1 AND e.proven_at IS NOT NULL AND n.ended_at IS NULL)"""
_TEST_ALL: Final = f"""
UPDATE subscriber_endpoint e SET due_at = {NOW}, attempts = 0, answer = NULL FROM subscription n
WHERE n.id = e.subscription_id AND n.ended_at IS NULL AND e.subscriber_id = $1 AND e.proven_at IS NOT NULL
  AND n.channel <> 'sms'"""  # noqa: S608 - constant
"""What costs is bounded besides (`sms_codes`)."""


class Proofs:
    """Reads and writes what round trips have brought."""

    def __init__(self, pool: Pool, addresses: Addresses) -> None:
        self._pool = pool
        self._addresses = addresses

    async def prove(self, number: int, code_digest: bytes) -> str | None:
        """Take a code that came back. Returns the channel of the subscriber's endpoint that was sent it lately; None
        where there is none, and it counts against all that are open.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await hold_shown(connection, of_one=True)
            subscriber = await connection.fetchrow(_HOLD, number)
            if subscriber is None:
                return None
            pending = await connection.fetch(_PENDING, number, CODE_VALID, CODE_TRIES, SHORT_CODE_VALID)
            # All are compared, to take as long whichever it is.
            matching = [row for row in pending if hmac.compare_digest(row["code_digest"], code_digest)]
            if not matching:
                await connection.execute(
                    "UPDATE subscriber_endpoint SET code_tries = least(code_tries + 1, 100) WHERE subscriber_id = $1",
                    number,
                )
                return None
            endpoint = matching[0]["subscription_id"]
            if subscriber["claims"]:
                await give_up_claim(connection, number)
            await connection.execute(_PROVEN, number, endpoint)
            if subscriber["has_device"]:
                await claim_device(connection, number)
            channel: str = matching[0]["channel"]
            if matching[0]["proven_at"] is None:
                if channel == opt_outs.CHANNEL:
                    await opt_outs.lift(connection, endpoint)
                changed = await endpoints.succeed(connection, number, endpoint)
                await reunite(connection, self._addresses, changed)
            return channel

    async def ask_test(self, number: int) -> float | None:
        """Have a test sent to all active endpoints of a subscriber but telephone numbers. Returns 0, or in how many
        seconds it may be; None where no endpoint is active.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            if not await connection.fetchval(_ANY_ACTIVE, number):
                return None
            if await connection.fetchval(_TEST, number, TEST_AGAIN_AFTER) is None:
                left: float | None = await connection.fetchval(_TEST_LEFT, number, TEST_AGAIN_AFTER)
                return max(left or 0.0, 0.001)
            await connection.execute(_TEST_ALL, number)
        return 0.0

    async def end_unproven(self, limit: int) -> int:
        """Let subscribers have no more the endpoints that they named and did not prove for a day, of at most so many
        subscribers. What they want is not done by it: the same wish once more names them again. Returns how many.
        """
        ended = 0
        while ended < limit:
            async with self._pool.acquire() as connection, connection.transaction():
                await hold_shown(connection)
                number = await connection.fetchval(_STALE, UNPROVEN_KEPT)
                if number is None:
                    break
                rows = await connection.fetch(_END_STALE, number, UNPROVEN_KEPT)
                await connection.execute("UPDATE subscriber SET wish_digest = NULL WHERE id = $1", number)
                await reunite(connection, self._addresses, [row["id"] for row in rows])
            ended += 1
        return ended
