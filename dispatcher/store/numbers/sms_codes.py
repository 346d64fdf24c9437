"""Bound how many SMS with a code are sent: of a number, of the block of numbers around it, of an app, of a line.

Each SMS that may leave is a row of the last day, counted and written under one lock: the bounds hold for all processes
together, exactly, and whatever is lost with Redis. No row, no SMS.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from dispatcher.store.sealed.addresses import COLUMNS
from dispatcher.store.sql import NOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from dispatcher.store.record import Connection, Pool
    from dispatcher.store.sealed.addresses import Addresses

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
CLOSED_S: Final = DAY.total_seconds()
"""For how long is said that nothing is sent, where nothing ever is."""
_LOCK: Final = "SELECT pg_advisory_xact_lock(7207116116)"
"""One SMS after the other is counted. It is the last lock of its transaction."""
_WAITING: Final = f"""
SELECT n.id, {COLUMNS}, n.address, n.keys, e.due_at IS NOT NULL AS under_way, s.instance_id
FROM subscriber_endpoint e JOIN subscription n ON n.id = e.subscription_id JOIN subscriber s ON s.id = e.subscriber_id
WHERE e.subscriber_id = $1 AND e.position = $2 AND n.channel = 'sms' AND e.proven_at IS NULL AND n.ended_at IS NULL
FOR UPDATE OF e"""  # noqa: S608 - constant
_ACTIVE: Final = f"""
SELECT n.id, {COLUMNS}, n.address, n.keys, e.due_at IS NOT NULL AS under_way, s.instance_id
FROM subscriber_endpoint e JOIN subscription n ON n.id = e.subscription_id JOIN subscriber s ON s.id = e.subscriber_id
WHERE e.subscriber_id = $1 AND n.channel = 'sms' AND e.proven_at IS NOT NULL AND n.ended_at IS NULL
ORDER BY n.id FOR UPDATE OF e"""  # noqa: S608 - constant
_SEND: Final = f"""
UPDATE subscriber_endpoint SET due_at = {NOW}, attempts = 0, answer = NULL, code_digest = NULL
WHERE (subscriber_id, subscription_id) = ($1, $2)"""  # noqa: S608 - constant
_ANSWER: Final = """
UPDATE subscriber_endpoint SET answer = $3 WHERE (subscriber_id, subscription_id) = ($1, $2)"""
_WAIT: Final = """
SELECT extract(epoch FROM sent_at + $3::interval - {now})::float8 FROM sms_code
WHERE {column} = $1 AND sent_at > {now} - $3::interval ORDER BY sent_at DESC OFFSET $2 LIMIT 1"""

_FORGET: Final = f"DELETE FROM sms_code WHERE sent_at <= {NOW} - $1::interval"  # noqa: S608 - constant


class CodeLimit(StrEnum):
    """Of what too many codes were asked for."""

    NUMBER = "number"
    BLOCK = "prefix"
    INSTANCE = "instance"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class CodeLimits:
    """How many SMS with a code there may be: of a number and of an app in a day, of a block and of a line in an hour.
    0 closes it.
    """

    of_number: int
    of_block: int
    of_instance: int
    of_address: int


class CodeRefused(Exception):
    """No SMS with a code is sent now: there were too many of this kind."""

    def __init__(self, limit: CodeLimit, seconds: float) -> None:
        """`seconds` is when there may be one."""
        super().__init__(limit.value)
        self.limit = limit
        self.seconds = seconds


class SmsCodes:
    """Has SMS with codes sent, where there may be one more."""

    def __init__(
        self, pool: Pool, addresses: Addresses, limits: CodeLimits, block_of: Callable[[str], str]
    ) -> None:
        """`block_of` returns what all numbers of one block have in common."""
        self._pool = pool
        self._addresses = addresses
        self._limits = limits
        self._block_of = block_of

    async def ask(self, subscriber: int, position: int, line: bytes | None) -> bool:
        """Have a code sent to the number that a subscriber named at this position and has not proven. `line` is the
        keyed hash of the client's line; None for one that is trusted. Returns whether there is such a number; one that
        is about to be sent a code gets no second. Raises `CodeRefused`.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(_WAITING, subscriber, position)
            if row is None:
                return False
            if not row["under_way"]:
                await self._take(connection, row, line)
                await connection.execute(_SEND, subscriber, row["id"])
        return True

    async def test(self, subscriber: int) -> list[CodeLimit]:
        """Have a code sent to each number that a subscriber has proven, and note at an endpoint where there was none.
        Returns of which limit each of those was.
        """
        refused = []
        async with self._pool.acquire() as connection, connection.transaction():
            for row in await connection.fetch(_ACTIVE, subscriber):
                if row["under_way"]:
                    continue
                try:
                    await self._take(connection, row, None)
                except CodeRefused as error:
                    refused.append(error.limit)
                    await connection.execute(_ANSWER, subscriber, row["id"], f"limit_{error.limit}")
                else:
                    await connection.execute(_SEND, subscriber, row["id"])
        return refused

    async def forget(self) -> int:
        """Delete what is older than any period. Returns how many."""
        done: str = await self._pool.execute(_FORGET, DAY)
        return int(done.rpartition(" ")[2])

    async def _take(self, connection: Connection, row: Any, line: bytes | None) -> None:
        """Write down one SMS, or raise `CodeRefused` where it would be one too many."""
        number = self._addresses.of_either(row).address
        await self._count(connection, row["address_hash"], self._block(number), row["instance_id"], line)

    async def take_leaving(
        self, connection: Connection, address_hash: bytes, number: str, line: bytes
    ) -> None:
        """Write down, in the caller's transaction, a code by which somebody may leave; raise `CodeRefused` where it
        would be one too many. These are counted apart from those by which one subscribes, so that nobody is kept.
        """
        hashed = self._addresses.sealing.keyed_hash
        await self._count(
            connection,
            hashed("sms-leaving", address_hash.hex()),
            hashed("sms-leaving", self._block(number).hex()),
            None,
            line,
        )

    def _block(self, number: str) -> bytes:
        return self._addresses.sealing.keyed_hash("sms-block", self._block_of(number))

    async def _count(
        self, connection: Connection, number: bytes, block: bytes, instance: str | None, line: bytes | None
    ) -> None:
        await connection.execute(_LOCK)
        limits = self._limits
        # The line first: of somebody who leaves only that may be answered.
        counted: tuple[tuple[CodeLimit, str, Any, int, timedelta], ...] = (
            (CodeLimit.ADDRESS, "line_hash", line, limits.of_address, HOUR),
            (CodeLimit.NUMBER, "number_hash", number, limits.of_number, DAY),
            (CodeLimit.BLOCK, "block_hash", block, limits.of_block, HOUR),
            (CodeLimit.INSTANCE, "instance_id", instance, limits.of_instance, DAY),
        )
        for limit, column, value, most, period in counted:
            if value is None:
                continue
            wait = CLOSED_S if not most else await _wait(connection, column, value, most, period)
            if wait:
                raise CodeRefused(limit, wait)
        await connection.execute(
            "INSERT INTO sms_code (number_hash, block_hash, instance_id, line_hash) VALUES ($1, $2, $3, $4)",
            number,
            block,
            instance,
            line,
        )


async def _wait(connection: Connection, column: str, value: Any, most: int, period: timedelta) -> float:
    """Return in how many seconds one more may be sent; 0 where it may now: when the last but `most` is as old as the
    period.
    """
    statement = _WAIT.format(column=column, now=NOW)
    wait: float | None = await connection.fetchval(statement, value, most - 1, period)
    return 0.0 if wait is None else max(wait, math.ulp(0.0))
