"""Keep which endpoints are due a message with a code, and what came of it: a queue of its own, in the record, that no
alert waits for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from dispatcher.store.sealed.addresses import COLUMNS
from dispatcher.store.sql import NOW

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from channels.base import Endpoint
    from dispatcher.store.record import Pool
    from dispatcher.store.sealed.addresses import Addresses

SENDING: Final = timedelta(minutes=1)
"""How long a message is its worker's business. After that the worker must be dead, and another code is sent."""
ATTEMPTS: Final = 5
RETRY_AFTER: Final = timedelta(seconds=20)
"""How long after a first failed attempt the next is made; after each further one twice as long."""
ACCEPTED: Final = "accepted"
GONE: Final = "gone"
"""The reason with which an endpoint ends that its gateway does not know any more."""
_CLAIM: Final = f"""
SELECT n.id, {COLUMNS}, n.address, n.keys, e.subscriber_id, e.proven_at IS NOT NULL AS proven, e.attempts, n.channel,
  n.gateway AS behind, s.languages, i.name AS instance, i.id AS instance_id
FROM subscriber_endpoint e JOIN subscriber s ON s.id = e.subscriber_id JOIN subscription n ON n.id = e.subscription_id
JOIN instance i ON i.id = s.instance_id
WHERE e.due_at <= {NOW} AND n.ended_at IS NULL AND s.ended_at IS NULL
  AND (n.channel <> 'sms' OR e.attempts < {ATTEMPTS})
ORDER BY e.due_at LIMIT $1 FOR UPDATE OF e SKIP LOCKED"""  # noqa: S608 - constant
_SENDING: Final = f"""
UPDATE subscriber_endpoint e SET code_digest = o.digest, code_sent_at = {NOW}, code_tries = 0,
  due_at = {NOW} + $4::interval, attempts = attempts + 1
FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) AS o(subscriber, endpoint, digest)
WHERE (e.subscriber_id, e.subscription_id) = (o.subscriber, o.endpoint)"""  # noqa: S608 - constant
_SENT: Final = "(subscriber_id, subscription_id) = ($1, $2) AND code_digest IS NOT DISTINCT FROM $3"
"""Not by an older code: another one may be on its way by now."""
_ANSWERED: Final = f"""
UPDATE subscriber_endpoint SET answer = $4, attempts = CASE WHEN $5::interval IS NULL THEN 0 ELSE attempts END,
  due_at = {NOW} + $5::interval, last_accepted_at = CASE WHEN $4 = '{ACCEPTED}' THEN {NOW} ELSE last_accepted_at END
WHERE {_SENT}"""  # noqa: S608 - constant
_GONE: Final = f"""
WITH gone AS (
  UPDATE subscription SET ended_at = {NOW}, end_reason = '{GONE}'
  WHERE ended_at IS NULL AND id IN (SELECT subscription_id FROM subscriber_endpoint WHERE {_SENT})
    AND NOT EXISTS (SELECT FROM subscriber WHERE id = $1 AND seen_at > $6::timestamptz))
{_ANSWERED}"""  # noqa: S608 - constant
"""An endpoint that is gone ends as by a warning. In a statement of its own: as one with `_ANSWERED`, that was planned
anew for each message, which took longer than to note that it was accepted."""


@dataclass(frozen=True, slots=True)
class DueMessage:
    """A message with a code that is to be sent now. `proven`: it is a test of an endpoint that is told already."""

    subscriber: int
    channel: str
    gateway: str
    endpoint: Endpoint = field(repr=False)
    languages: tuple[str, ...]
    proven: bool
    instance: str
    """The name of the app."""
    instance_id: str
    attempt: int
    """Which attempt it is, from 1 on."""
    code: str = field(repr=False)
    code_digest: bytes = field(repr=False)


class EndpointMessages:
    """Reads and writes the queue."""

    def __init__(
        self,
        pool: Pool,
        addresses: Addresses,
        new_code: Callable[[str], str],
        digest_of: Callable[[int, str], bytes],
    ) -> None:
        """`new_code` makes the code of a message on a channel, `digest_of` what the record keeps of a subscriber's."""
        self._pool = pool
        self._addresses = addresses
        self._new_code = new_code
        self._digest_of = digest_of

    async def claim(self, limit: int) -> list[DueMessage]:
        """Take at most so many that are due, each with a new code. The record has only the digests of these."""
        found = []
        async with self._pool.acquire() as connection, connection.transaction():
            for row in await connection.fetch(_CLAIM, limit):
                code = self._new_code(row["channel"])
                message = DueMessage(
                    subscriber=row["subscriber_id"],
                    channel=row["channel"],
                    gateway=row["behind"],
                    endpoint=self._addresses.of_either(row),
                    languages=tuple(row["languages"]),
                    proven=row["proven"],
                    instance=row["instance"],
                    instance_id=row["instance_id"],
                    attempt=row["attempts"] + 1,
                    code=code,
                    code_digest=self._digest_of(row["subscriber_id"], code),
                )
                found.append(message)
            if found:
                sent = ((one.subscriber, one.endpoint.id, one.code_digest) for one in found)
                await connection.execute(_SENDING, *map(list, zip(*sent, strict=True)), SENDING)
        return found

    async def answered(
        self,
        message: DueMessage,
        answer: str,
        *,
        again: bool,
        gone: bool = False,
        since: datetime | None = None,
    ) -> None:
        """Note what came of a message: `accepted`, or an error's code; `again`: whether it may be sent once more;
        `gone`: there is no such endpoint any more, and it ends, unless its app was seen later than `since`.
        """
        retry = RETRY_AFTER * 2 ** (message.attempt - 1) if again and message.attempt < ATTEMPTS else None
        sent = (message.subscriber, message.endpoint.id, message.code_digest)
        if gone:
            await self._pool.execute(_GONE, *sent, answer, retry, since)
        else:
            await self._pool.execute(_ANSWERED, *sent, answer, retry)
