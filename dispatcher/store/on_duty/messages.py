"""Keep the messages to people on duty: claimed by one process at a time, and each attempt written down."""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from dispatcher.on_duty.matters import DutyChannel, Occasion
from dispatcher.on_duty.messages import ACCEPTED, SENDING, DueMessages, DutyDropped, DutyMessage, DutyResult
from dispatcher.store.on_duty.endpoints import code_digest
from dispatcher.store.sql import NOW

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import timedelta

    from dispatcher.on_duty.messages import Following
    from dispatcher.store.record import Connection, Pool
    from dispatcher.store.sealed.addresses import Addresses

_DROP: Final = f"""
UPDATE duty_message m SET due_at = NULL, answer = CASE
    WHEN p.disabled_at IS NOT NULL THEN '{DutyDropped.DISABLED}' WHEN e.gone_at IS NOT NULL THEN '{DutyDropped.GONE}'
    ELSE '{DutyDropped.UNPROVEN}' END
FROM person_endpoint e JOIN person p ON p.id = e.person_id
WHERE e.id = m.endpoint_id AND m.due_at IS NOT NULL
  AND (p.disabled_at IS NOT NULL OR e.gone_at IS NOT NULL OR (m.occasion <> 'code' AND e.proven_at IS NULL))
RETURNING e.channel"""  # noqa: S608 - constant
_CLAIM: Final = f"""
UPDATE person_endpoint SET busy_until = {NOW} + $3::interval WHERE id IN (
  SELECT found.id FROM unnest($1::text[], $2::int[]) AS free(channel, places), LATERAL (
    SELECT e.id FROM person_endpoint e WHERE e.channel = free.channel AND e.busy_until <= {NOW}
      AND EXISTS (SELECT FROM duty_message m WHERE m.endpoint_id = e.id AND m.due_at <= {NOW})
    ORDER BY e.busy_until, e.id LIMIT free.places FOR UPDATE OF e SKIP LOCKED) AS found)
RETURNING id, sealed, address_hash, vapid, NULL AS gateway, person_id, channel, busy_until"""  # noqa: S608 - constant
_MESSAGES: Final = f"""
SELECT id, endpoint_id, occasion, alert_id, asked_at, attempts FROM duty_message
WHERE endpoint_id = ANY($1::bigint[]) AND due_at <= {NOW} ORDER BY id"""  # noqa: S608 - constant
_SEND_CODE: Final = f"""
UPDATE person_endpoint SET code_digest = $2, code_sent_at = {NOW}, code_tries = 0 WHERE id = $1"""  # noqa: S608 - constant
_ANSWERED: Final = f"""
WITH answered AS (
  UPDATE duty_message SET attempts = attempts + 1, answer = CASE WHEN accepted_at IS NULL THEN $2 ELSE answer END,
    due_at = CASE WHEN due_at IS NOT NULL THEN {NOW} + $3::interval END,
    accepted_at = CASE WHEN $2 = '{ACCEPTED}' THEN coalesce(accepted_at, {NOW}) ELSE accepted_at END
  WHERE id = ANY($1::bigint[]) RETURNING id)
INSERT INTO duty_attempt (message_id, answer, took_ms) SELECT id, $2, $4 FROM answered"""  # noqa: S608 - constant
"""Of an endpoint that was erased meanwhile there is nothing left to note."""
_ENDPOINT_ANSWERED: Final = f"""
UPDATE person_endpoint SET last_answer = $3,
  last_accepted_at = CASE WHEN $3 = '{ACCEPTED}' THEN {NOW} ELSE last_accepted_at END,
  gone_at = CASE WHEN $4 THEN coalesce(gone_at, {NOW}) ELSE gone_at END,
  busy_until = CASE WHEN busy_until = $2 THEN {NOW} + $5::interval ELSE busy_until END
WHERE id = $1"""  # noqa: S608 - constant
"""Whoever took it over after too long a time keeps it."""


class DutyMessages:
    """Reads and writes them. `new_code` makes the code of a message by a channel."""

    def __init__(self, pool: Pool, addresses: Addresses, new_code: Callable[[DutyChannel], str]) -> None:
        self._pool = pool
        self._addresses = addresses
        self._new_code = new_code

    async def drop_needless(self) -> Counter[str]:
        """Let messages be that would reach nobody: the person is disabled, the endpoint gone. Returns how many, by
        channel.
        """
        return Counter(row["channel"] for row in await self._pool.fetch(_DROP))

    async def claim(
        self, limit: int, under_way: Mapping[DutyChannel, int] = MappingProxyType({})
    ) -> list[DueMessages]:
        """Take endpoints to which something is due, each with all of it: whoever has one is alone with it for a while.
        At most so many of each channel, less those `under_way`: a channel that is slow holds up no other. A code goes
        by itself, and first: somebody waits for it.
        """
        free = {one.value: limit - under_way.get(one, 0) for one in DutyChannel}
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(_CLAIM, list(free), list(free.values()), SENDING)
            due: dict[int, list[DutyMessage]] = {row["id"]: [] for row in rows}
            for row in await connection.fetch(_MESSAGES, list(due)):
                due[row["endpoint_id"]].append(_message(row))
            return [await self._due(connection, row, due[row["id"]]) for row in rows if due[row["id"]]]

    async def _due(self, connection: Connection, row: Any, messages: list[DutyMessage]) -> DueMessages:
        channel, code = DutyChannel(row["channel"]), ""
        codes = [one for one in messages if one.occasion is Occasion.CODE]
        if codes:
            code = self._new_code(channel)
            await connection.execute(_SEND_CODE, row["id"], code_digest(self._addresses, row["id"], code))
        endpoint = self._addresses.endpoints([tuple(row)[:5]])[row["id"]]
        return DueMessages(
            endpoint, row["person_id"], channel, row["busy_until"], tuple(codes[-1:] or messages), code
        )

    async def answered(self, due: DueMessages, answer: str, follows: Following, took: timedelta) -> None:
        """Note what came of an attempt, and what follows."""
        numbers = [one.id for one in due.messages]
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(
                _ANSWERED, numbers, answer, follows.retry_after, int(took.total_seconds() * 1000)
            )
            await connection.execute(
                _ENDPOINT_ANSWERED,
                due.endpoint.id,
                due.busy_until,
                answer,
                follows.result is DutyResult.GONE,
                follows.pause,
            )


def _message(row: Any) -> DutyMessage:
    return DutyMessage(
        row["id"], Occasion(row["occasion"]), row["alert_id"], row["asked_at"], row["attempts"]
    )
