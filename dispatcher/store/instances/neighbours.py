"""Record which neighbour lets its warnings be shown in which app, who said so, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dispatcher.access.credentials import Bearer
from dispatcher.model.principals import Consent, Neighbour
from dispatcher.store import audit
from dispatcher.store.keys import NoSuchBearer
from dispatcher.store.sql import NOW

if TYPE_CHECKING:
    from dispatcher.access.principals import Actor
    from dispatcher.store.record import Connection, Pool

_WISHED: Final = """
SELECT n.id, n.name, n.places, c.given_by, c.given_at, c.withdrawn_at FROM instance i
CROSS JOIN LATERAL unnest(i.shows) WITH ORDINALITY AS s (id, position) JOIN instance n ON n.id = s.id
LEFT JOIN consent c ON c.instance_id = i.id AND c.neighbour_id = n.id WHERE i.id = $1 ORDER BY s.position"""
_GIVEN: Final = """
SELECT c.instance_id, i.name, c.given_by, c.given_at, c.neighbour_id = ANY(i.shows) AS is_used
FROM consent c JOIN instance i ON i.id = c.instance_id
WHERE c.neighbour_id = $1 AND c.withdrawn_at IS NULL ORDER BY c.instance_id"""


class Neighbours:
    """Reads and writes consents. What follows from them, triggers of the record do: `instance.shown`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of(self, instance_id: str) -> list[Neighbour]:
        """Return the neighbours that an instance wants to show, in its order, each with its consent if there is one."""
        return [
            Neighbour(
                row["id"],
                row["name"],
                tuple(row["places"]),
                None
                if row["given_at"] is None or row["withdrawn_at"] is not None
                else Consent(row["given_by"], row["given_at"]),
            )
            for row in await self._pool.fetch(_WISHED, instance_id)
        ]

    async def given(self, neighbour_id: str) -> dict[str, Consent]:
        """Return the consents that an instance has given, by the id of the instance that may show its warnings."""
        rows = await self._pool.fetch(_GIVEN, neighbour_id)
        return {row["instance_id"]: Consent(row["given_by"], row["given_at"]) for row in rows}

    async def consent(self, neighbour_id: str, instance_id: str, given_by: str, by: Actor) -> Consent:
        """Let `instance_id` show the warnings of `neighbour_id`, as `given_by` (a person there) said. One that is given
        already by the same person stays as it is. Raises `NoSuchBearer` where there is no such other instance.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await _require_two(connection, neighbour_id, instance_id)
            row = await connection.fetchrow(
                f"""INSERT INTO consent AS c (neighbour_id, instance_id, given_by, recorded_by)
                    VALUES ($1, $2, $3, $4) ON CONFLICT (neighbour_id, instance_id) DO UPDATE
                    SET given_by = $3, given_at = {NOW}, recorded_by = $4, withdrawn_at = NULL
                    WHERE c.withdrawn_at IS NOT NULL OR c.given_by <> $3 RETURNING given_by, given_at""",  # noqa: S608 - constant
                neighbour_id,
                instance_id,
                given_by,
                by,
            )
            if row is not None:
                await audit.note(connection, by, "consent.give", neighbour=neighbour_id, instance=instance_id)
            else:
                row = await connection.fetchrow(
                    "SELECT given_by, given_at FROM consent WHERE neighbour_id = $1 AND instance_id = $2",
                    neighbour_id,
                    instance_id,
                )
            return Consent(row["given_by"], row["given_at"])

    async def withdraw(self, neighbour_id: str, instance_id: str, by: Actor) -> bool:
        """Let `instance_id` show the warnings of `neighbour_id` no more. Returns whether it might until now."""
        async with self._pool.acquire() as connection, connection.transaction():
            done = await connection.fetchval(
                f"""UPDATE consent SET withdrawn_at = {NOW} WHERE neighbour_id = $1 AND instance_id = $2
                    AND withdrawn_at IS NULL RETURNING true""",  # noqa: S608 - constant
                neighbour_id,
                instance_id,
            )
            if done:
                await audit.note(
                    connection, by, "consent.withdraw", neighbour=neighbour_id, instance=instance_id
                )
        return bool(done)


async def _require_two(connection: Connection, neighbour_id: str, instance_id: str) -> None:
    """Raise `NoSuchBearer` for the first of two instances that the record lacks, or where they are one."""
    rows = await connection.fetch("SELECT id FROM instance WHERE id = ANY($1)", [neighbour_id, instance_id])
    known = {row["id"] for row in rows}
    for one in (neighbour_id, instance_id):
        if one not in known:
            raise NoSuchBearer(str(Bearer.of(None, one)))
    if neighbour_id == instance_id:
        raise NoSuchBearer(f"other instance {instance_id}")
