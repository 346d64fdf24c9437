"""Let the owner of a number leave by a code that an SMS brings: without an app, without a link, whoever has the number.

Whether a number is told of warnings is not to be learnt: what is counted, and what is answered, is the same for all. An
SMS goes only to one that is told.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from dispatcher.access.principals import SERVICE
from dispatcher.store.audience.unions import hold_shown
from dispatcher.store.numbers.opt_outs import CHANNEL
from dispatcher.store.numbers.sms_codes import CodeLimit, CodeRefused
from dispatcher.store.sealed.addresses import COLUMNS
from dispatcher.store.sealed.clear_rows import seal_before
from dispatcher.store.sms.routing import wanted_gateway
from dispatcher.store.sql import NOW

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from channels.base import Endpoint
    from dispatcher.store.numbers.opt_outs import OptOuts
    from dispatcher.store.numbers.sms_codes import SmsCodes
    from dispatcher.store.record import Pool
    from dispatcher.store.sealed.addresses import Addresses

VALID: Final = timedelta(minutes=15)
TRIES: Final = 5
SENDING: Final = timedelta(minutes=1)
"""How long a message is its worker's business. After that the worker must be dead, and another code is sent."""
ATTEMPTS: Final = 3
RETRY_AFTER: Final = timedelta(seconds=20)
_DUE: Final = f"""
INSERT INTO leave_code (subscription_id, due_at)
SELECT id, {NOW} FROM subscription WHERE channel = '{CHANNEL}' AND address_hash = $1 AND ended_at IS NULL AND active
ON CONFLICT (subscription_id) DO UPDATE SET due_at = {NOW}, attempts = 0, code_digest = NULL"""  # noqa: S608 - constant
_CLAIM: Final = f"""
SELECT n.id, {COLUMNS}, n.address, n.keys, coalesce({wanted_gateway("n", "$2")}, n.gateway) AS behind, n.language,
  c.attempts
FROM leave_code c JOIN subscription n ON n.id = c.subscription_id
WHERE c.due_at <= {NOW} AND n.ended_at IS NULL AND c.attempts < {ATTEMPTS}
ORDER BY c.due_at LIMIT $1 FOR UPDATE OF c SKIP LOCKED"""  # noqa: S608 - constant
_SENDING: Final = f"""
UPDATE leave_code SET code_digest = $2, code_sent_at = {NOW}, code_tries = 0, attempts = attempts + 1,
  due_at = {NOW} + $3::interval WHERE subscription_id = $1"""  # noqa: S608 - constant
_ANSWERED: Final = f"""
UPDATE leave_code SET due_at = {NOW} + $3::interval
WHERE subscription_id = $1 AND code_digest IS NOT DISTINCT FROM $2"""  # noqa: S608 - constant
_OF_NUMBER: Final = f"""
SELECT c.subscription_id AS id, c.code_digest, c.code_tries < $2 AND c.code_sent_at > {NOW} - $3::interval AS holds
FROM leave_code c JOIN subscription n ON n.id = c.subscription_id
WHERE n.channel = '{CHANNEL}' AND n.address_hash = $1 AND n.ended_at IS NULL FOR UPDATE OF c"""  # noqa: S608 - constant
_WRONG: Final = """
UPDATE leave_code SET code_tries = least(code_tries + 1, 100) WHERE subscription_id = $1"""
_FORGET: Final = f"""
DELETE FROM leave_code WHERE coalesce(due_at, code_sent_at, {NOW}) < {NOW} - interval '1 day'"""  # noqa: S608 - constant
_NO_DIGEST: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class DueLeaveCode:
    """A code that is to be sent now."""

    gateway: str
    endpoint: Endpoint = field(repr=False)
    language: str
    """A priority list, as endpoints have it."""
    code: str = field(repr=False)
    code_digest: bytes = field(repr=False)


class LeaveCodes:
    """Reads and writes codes to leave by."""

    def __init__(self, pool: Pool, addresses: Addresses, codes: SmsCodes, opt_outs: OptOuts) -> None:
        self._pool = pool
        self._addresses = addresses
        self._codes = codes
        self._opt_outs = opt_outs

    async def ask(self, number: str, line: bytes) -> None:
        """Have a code sent to a number (E.164), if that is told of warnings and there is room for one. Raises
        `CodeRefused` where the line has asked too often, whatever the number is.
        """
        address_hash = self._addresses.hash(number)
        async with self._pool.acquire() as connection, connection.transaction():
            await seal_before(connection, self._addresses, [(CHANNEL, number)])
            try:
                await self._codes.take_leaving(connection, address_hash, number, line)
            except CodeRefused as refused:
                if refused.limit is CodeLimit.ADDRESS:
                    raise
                return
            await connection.execute(_DUE, address_hash)

    async def leave(self, number: str, code: str) -> bool:
        """End all SMS to a number, if the code was sent there lately. A wrong one counts against it."""
        address_hash = self._addresses.hash(number)
        async with self._pool.acquire() as connection, connection.transaction():
            await hold_shown(connection)
            row: Any = await connection.fetchrow(_OF_NUMBER, address_hash, TRIES, VALID)
            known = (row and row["code_digest"]) or _NO_DIGEST
            is_right = hmac.compare_digest(known, self._digest(address_hash, code))
            if row is None:
                return False
            if not (is_right and row["holds"]):
                await connection.execute(_WRONG, row["id"])
                return False
            await connection.execute("DELETE FROM leave_code WHERE subscription_id = $1", row["id"])
            await self._opt_outs.stop_in(connection, address_hash, SERVICE)
        return True

    async def claim(
        self, limit: int, new_code: Callable[[], str], own: Sequence[str] = ()
    ) -> list[DueLeaveCode]:
        """Take at most so many that are due, each with a new code. The record has only the digests of these. `own`: the
        gateways that apps have of their own, which take the numbers of their app alone.
        """
        found = []
        async with self._pool.acquire() as connection, connection.transaction():
            for row in await connection.fetch(_CLAIM, limit, list(own)):
                code = new_code()
                due = DueLeaveCode(
                    gateway=row["behind"],
                    endpoint=self._addresses.of_either(row),
                    language=row["language"],
                    code=code,
                    code_digest=self._digest(row["address_hash"], code),
                )
                found.append(due)
                await connection.execute(_SENDING, due.endpoint.id, due.code_digest, SENDING)
        return found

    async def answered(self, due: DueLeaveCode, *, again: bool) -> None:
        """Note what came of a message; `again`: whether it may be sent once more."""
        await self._pool.execute(_ANSWERED, due.endpoint.id, due.code_digest, RETRY_AFTER if again else None)

    async def forget(self) -> None:
        """Delete what holds no more."""
        await self._pool.execute(_FORGET)

    def _digest(self, address_hash: bytes, code: str) -> bytes:
        return self._addresses.sealing.keyed_hash("leave-code", f"{address_hash.hex()}/{code}")
