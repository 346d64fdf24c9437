"""Keep where persons are told: sealed, proven by a code that comes back. Every change is on the trail, no address."""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from dispatcher.on_duty.endpoints import CODE_HOLDS, CODE_TRIES, MOST, Confirmation, DutyEndpoint
from dispatcher.on_duty.matters import DutyChannel
from dispatcher.store import audit
from dispatcher.store.sql import NOW

if TYPE_CHECKING:
    from dispatcher.access.principals import Actor
    from dispatcher.on_duty.endpoints import NewEndpoint
    from dispatcher.store.record import Connection, Pool
    from dispatcher.store.sealed.addresses import Addresses

CODE_AGAIN_AFTER: Final = timedelta(seconds=30)
"""How soon another code may be asked for: each may cost what an SMS costs."""
CODES_A_DAY: Final = 20
"""How many codes an endpoint gets in a day: they count against the budget that warnings are paid from."""
_CODE: Final = "code of a person's endpoint"
_ENDPOINT: Final = """id, person_id, channel, label, created_at, proven_at, last_confirmed_at, last_accepted_at,
  last_answer, gone_at"""
_ADD: Final = """
INSERT INTO person_endpoint (person_id, channel, sealed, address_hash, vapid, label) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (person_id, channel, address_hash) DO UPDATE SET sealed = $3, vapid = $5, label = $6, gone_at = NULL,
  proven_at = CASE WHEN person_endpoint.gone_at IS NULL THEN person_endpoint.proven_at END
RETURNING id, xmax = 0 AS is_new"""
_ASKABLE: Final = f"""
SELECT id, person_id FROM person_endpoint e WHERE id = $1 AND NOT EXISTS (
  SELECT FROM duty_message m WHERE m.endpoint_id = e.id AND m.occasion = 'code'
    AND m.created_at > {NOW} - $2::interval)
  AND $3 > (SELECT count(*) FROM duty_message m WHERE m.endpoint_id = e.id AND m.occasion = 'code'
    AND m.created_at > {NOW} - interval '1 day') FOR UPDATE"""  # noqa: S608 - constant
_END_CODES: Final = "UPDATE duty_message SET due_at = NULL WHERE endpoint_id = $1 AND occasion = 'code'"
_FORGET_CODES: Final = f"""
DELETE FROM duty_message WHERE endpoint_id = $1 AND occasion = 'code' AND created_at <= {NOW} - interval '1 day'"""  # noqa: S608 - constant
_CONFIRM: Final = f"""
UPDATE person_endpoint SET proven_at = coalesce(proven_at, {NOW}), last_confirmed_at = {NOW}, code_digest = NULL
WHERE id = $1"""  # noqa: S608 - constant


class TooManyEndpoints(Exception):
    """The person has as many as one may have."""


def code_digest(addresses: Addresses, endpoint_id: int, code: str) -> bytes:
    """Return what the record has of a code."""
    return addresses.sealing.keyed_hash(_CODE, f"{endpoint_id}\n{code}")


async def reachable_persons(pool: Pool) -> frozenset[str]:
    """Return the ids of all persons who have an endpoint that works."""
    rows = await pool.fetch(
        "SELECT DISTINCT person_id FROM person_endpoint WHERE proven_at IS NOT NULL AND gone_at IS NULL"
    )
    return frozenset(row["person_id"] for row in rows)


class DutyEndpoints:
    """Reads and writes them."""

    def __init__(self, pool: Pool, addresses: Addresses) -> None:
        self._pool = pool
        self._addresses = addresses

    async def add(self, person_id: str, new: NewEndpoint, by: Actor) -> int | None:
        """Add an endpoint, or renew the keys of one that is there. Returns its number; None: there is no such person,
        or it is disabled. Raises `TooManyEndpoints`.
        """
        sealed = self._addresses.seal(new.address, new.keys)
        async with self._pool.acquire() as connection, connection.transaction():
            person = await connection.fetchval(
                "SELECT id FROM person WHERE id = $1 AND disabled_at IS NULL FOR UPDATE", person_id
            )
            if person is None:
                return None
            row = await connection.fetchrow(
                _ADD,
                person_id,
                new.channel,
                sealed.sealed,
                sealed.address_hash,
                sealed.keys.get("vapid"),
                new.label,
            )
            if row["is_new"]:
                count = await connection.fetchval(
                    "SELECT count(*) FROM person_endpoint WHERE person_id = $1", person_id
                )
                if count > MOST:
                    raise TooManyEndpoints(person_id)
                await _note(connection, by, "add", person_id, row["id"], channel=new.channel.value)
        number: int = row["id"]
        return number

    async def listed(self, person_id: str = "") -> list[DutyEndpoint]:
        """Return the endpoints of a person, or of all."""
        rows = await self._pool.fetch(
            f"SELECT {_ENDPOINT} FROM person_endpoint WHERE $1 IN ('', person_id) ORDER BY person_id, id",  # noqa: S608 - constant
            person_id,
        )
        return [_endpoint(row) for row in rows]

    async def numbered(self, endpoint_id: int) -> DutyEndpoint | None:
        """Return one by its number."""
        row = await self._pool.fetchrow(
            f"SELECT {_ENDPOINT} FROM person_endpoint WHERE id = $1",  # noqa: S608 - constant
            endpoint_id,
        )
        return _endpoint(row) if row else None

    async def reachable(self) -> frozenset[str]:
        """Return the ids of all persons who have an endpoint that works."""
        return await reachable_persons(self._pool)

    async def remove(self, endpoint_id: int, by: Actor, person_id: str = "") -> bool:
        """Erase an endpoint, of this person if one is named. Returns whether there was one."""
        async with self._pool.acquire() as connection, connection.transaction():
            owner = await connection.fetchval(
                "DELETE FROM person_endpoint WHERE id = $1 AND $2 IN ('', person_id) RETURNING person_id",
                endpoint_id,
                person_id,
            )
            if owner is not None:
                await _note(connection, by, "remove", owner, endpoint_id)
        return owner is not None

    async def ask_code(self, endpoint_id: int, by: Actor) -> int | None:
        """Have a code sent to an endpoint, in place of earlier ones. Returns the number of the message; None: there is
        no such endpoint, or one was asked for a moment ago, or too many within a day.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(_ASKABLE, endpoint_id, CODE_AGAIN_AFTER, CODES_A_DAY)
            if row is None:
                return None
            await connection.execute(_END_CODES, endpoint_id)
            await connection.execute(_FORGET_CODES, endpoint_id)
            number: int = await connection.fetchval(
                "INSERT INTO duty_message (endpoint_id, occasion) VALUES ($1, 'code') RETURNING id",
                endpoint_id,
            )
            await _note(connection, by, "test", row["person_id"], endpoint_id)
        return number

    async def answer_of(self, message_id: int) -> str | None:
        """Return what was answered to a message last; None as long as nothing was."""
        found: str | None = await self._pool.fetchval(
            "SELECT answer FROM duty_message WHERE id = $1", message_id
        )
        return found

    async def confirm(self, endpoint_id: int, code: str, by: Actor, person_id: str = "") -> Confirmation:
        """Take a code that came back, for an endpoint of this person if one is named: from then on the endpoint
        counts.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(
                f"""SELECT code_digest, person_id, proven_at FROM person_endpoint
                    WHERE id = $1 AND $4 IN ('', person_id) AND code_digest IS NOT NULL AND code_tries < $2
                      AND code_sent_at > {NOW} - $3::interval FOR UPDATE""",  # noqa: S608 - constant
                endpoint_id,
                CODE_TRIES,
                CODE_HOLDS,
                person_id,
            )
            if row is None:
                return Confirmation.OVER
            if not hmac.compare_digest(row["code_digest"], code_digest(self._addresses, endpoint_id, code)):
                await connection.execute(
                    "UPDATE person_endpoint SET code_tries = code_tries + 1 WHERE id = $1", endpoint_id
                )
                return Confirmation.WRONG
            await connection.execute(_CONFIRM, endpoint_id)
            if row["proven_at"] is None:
                await _note(connection, by, "prove", row["person_id"], endpoint_id)
        return Confirmation.PROVEN


async def _note(
    connection: Connection, by: Actor, act: str, person_id: str, endpoint_id: int, **more: str
) -> None:
    await audit.note(connection, by, f"person.endpoint-{act}", person=person_id, endpoint=endpoint_id, **more)


def _endpoint(row: Any) -> DutyEndpoint:
    return DutyEndpoint(**{**dict(row), "channel": DutyChannel(row["channel"])})
