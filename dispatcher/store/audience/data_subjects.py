"""Find whose an address is, give out what is kept of an imported one, and take it out of what was imported: for whoever
asks at the town hall (GDPR, Art. 15 and 17).

A subscriber is found by an address that a round trip has proven to be theirs: to have named somebody's number is no
proof, and gets nobody that person's data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dispatcher.store import audit
from dispatcher.store.audience.unions import hold_shown, reunite
from dispatcher.store.delivery.relocation import CHANNEL as WEBHOOKS
from dispatcher.store.sealed.addresses import COLUMNS
from dispatcher.store.sealed.clear_rows import seal_before

if TYPE_CHECKING:
    from dispatcher.access.principals import Actor
    from dispatcher.store.record import Connection, Pool
    from dispatcher.store.sealed.addresses import Addresses

_IMPORTED: Final = """(n.imported_active OR n.legal_basis IS NOT NULL OR EXISTS (
    SELECT FROM followed_municipality f WHERE f.subscription_id = n.id AND f.imported) OR EXISTS (
    SELECT FROM watched_area w WHERE w.subscription_id = n.id AND w.imported))"""
_CHANNELS: Final = "SELECT DISTINCT channel FROM subscription WHERE channel <> $1"
_BY_ADDRESS: Final = f"""
SELECT n.id, {_IMPORTED} AS imported FROM subscription n
WHERE n.address_hash = $1 AND n.channel <> $2 AND n.ended_at IS NULL ORDER BY n.id"""  # noqa: S608 - constant
_OWNERS: Final = """
SELECT DISTINCT subscriber_id FROM subscriber_endpoint WHERE subscription_id = ANY($1) AND proven_at IS NOT NULL
ORDER BY 1"""
_ENDPOINT: Final = f"""
SELECT n.id, {COLUMNS}, n.address, n.keys, n.channel, n.instance, n.ref, n.legal_basis, n.created_at,
  coalesce(n.imported_language, n.language) AS language
FROM subscription n WHERE n.id = $1 AND {_IMPORTED}"""  # noqa: S608 - constant
_TAKEN_OUT: Final = (
    "UPDATE subscription SET imported_active = false, legal_basis = NULL, ref = NULL WHERE id = $1",
    "DELETE FROM followed_municipality WHERE subscription_id = $1 AND imported AND NOT wished",
    "UPDATE followed_municipality SET imported = false WHERE subscription_id = $1 AND imported",
    "DELETE FROM watched_area WHERE subscription_id = $1 AND imported AND NOT wished",
    "UPDATE watched_area SET imported = false WHERE subscription_id = $1 AND imported",
)


@dataclass(frozen=True, slots=True)
class PersonalData:
    """What there is of somebody: the numbers of subscribers, and of endpoints that were imported."""

    subscribers: tuple[int, ...] = ()
    imported: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.subscribers) + len(self.imported)


class DataSubjects:
    """Reads and erases what is found by an address."""

    def __init__(self, pool: Pool, addresses: Addresses) -> None:
        self._pool = pool
        self._addresses = addresses

    async def at(self, address: str) -> PersonalData:
        """Return what is kept of whom this address is: a telephone number, or that of a push subscription."""
        async with self._pool.acquire() as connection, connection.transaction():
            channels = await connection.fetch(_CHANNELS, WEBHOOKS)
            await seal_before(connection, self._addresses, [(row["channel"], address) for row in channels])
            found = await connection.fetch(_BY_ADDRESS, self._addresses.hash(address), WEBHOOKS)
            owners = await connection.fetch(_OWNERS, [row["id"] for row in found])
        return PersonalData(
            tuple(row["subscriber_id"] for row in owners),
            tuple(row["id"] for row in found if row["imported"]),
        )

    async def note_look(self, kept: PersonalData, by: Actor) -> None:
        """Put on the audit trail that somebody looked, and at whom."""
        async with self._pool.acquire() as connection, connection.transaction():
            for one in kept.subscribers:
                await audit.note(connection, by, "subscriber.show", subscriber=one)
            for one in kept.imported:
                await audit.note(connection, by, "subscription.show", subscription=one)

    async def imported(self, number: int, by: Actor) -> dict[str, Any] | None:
        """Return all that was imported with an endpoint, as JSON has it; that it was read is on the audit trail. None
        where nothing was.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(_ENDPOINT, number)
            if row is None:
                return None
            await audit.note(connection, by, "subscription.export", subscription=number)
            opened = self._addresses.of_either(row)
            return {
                "number": number,
                "channel": row["channel"],
                "address": opened.address,
                "keys": dict(opened.keys),
                **{name: row[name] for name in ("instance", "ref", "legal_basis", "language")},
                "created_at": row["created_at"].isoformat(),
                **await _follows(connection, number),
            }

    async def take_out(self, number: int, by: Actor) -> bool:
        """Take an endpoint out of what was imported: it is erased, but for what subscribers have of it themselves.
        Returns whether it was imported.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await hold_shown(connection)
            if await connection.fetchrow(_ENDPOINT + " FOR UPDATE OF n", number) is None:
                return False
            for statement in _TAKEN_OUT:
                await connection.execute(statement, number)
            await reunite(connection, self._addresses, [number])
            await audit.note(connection, by, "subscription.leave", subscription=number)
        return True


async def _follows(connection: Connection, number: int) -> dict[str, Any]:
    places = await connection.fetch(
        "SELECT ags FROM followed_municipality WHERE subscription_id = $1 AND imported ORDER BY ags", number
    )
    areas = await connection.fetch(
        """SELECT lat, lon, radius_m, ags FROM watched_area WHERE subscription_id = $1 AND imported
           ORDER BY lat, lon""",
        number,
    )
    return {"places": [row["ags"] for row in places], "areas": [dict(row) for row in areas]}
