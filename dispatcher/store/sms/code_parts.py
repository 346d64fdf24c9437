"""Count the parts of SMS with codes on record, at the gateway that sends them: an app's own, where it has one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from channels.sms.channel import choose
from dispatcher.sms.budget import Spent, room_in_month
from dispatcher.sms.routes import OWN
from dispatcher.store.sms.charges import BUDGET_LOCK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatcher.store.record import Pool
    from dispatcher.store.sms.charges import Charges

_ADD: Final = """
INSERT INTO code_parts AS c (gateway, month, parts)
VALUES ($1, date_trunc('month', clock_timestamp(), $2), $3)
ON CONFLICT (gateway, month) DO UPDATE SET parts = greatest(c.parts + excluded.parts, 0)
"""


class CodeParts:
    """Takes and gives back parts. A code is no part of any warning: only budgets of a month bound it."""

    def __init__(self, pool: Pool, charges: Charges) -> None:
        """`charges` knows what is agreed with SMS gateways, with apps' own among them."""
        self._pool = pool
        self._charges = charges

    def own_names(self) -> Sequence[str]:
        """Return the names of the gateways that apps have of their own."""
        return [one.gateway for one in self._charges.contracts if one.own]

    def gateway(self, instance_id: str, behind: str) -> str:
        """Return the gateway of a code that an instance's app asked for; `behind`: the one that the number has on
        record. Where the app has one of its own no other municipality pays for its people.
        """
        own, names = f"{OWN}{instance_id}", [one.gateway for one in self._charges.contracts]
        return own if own in names else choose(behind, names) if names else behind

    async def take(self, gateway: str, parts: int, *, stoppable: bool) -> bool:
        """Count so many parts of a code that is about to be sent. Returns whether it may be: where `stoppable`, not if
        the month's budget has less left.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            contract = next((one for one in self._charges.contracts if one.gateway == gateway), None)
            if stoppable and contract is not None and contract.parts_per_month is not None:
                await connection.execute("SELECT pg_advisory_xact_lock($1)", BUDGET_LOCK)
                spent = (await self._charges.spent(connection)).get(gateway, Spent())
                if room_in_month(contract, spent) < parts:
                    return False
            await connection.execute(_ADD, gateway, self._charges.zone, parts)
        return True

    async def give_back(self, gateway: str, parts: int) -> None:
        """Take back what was counted of a code that the gateway has surely not sent."""
        await self._pool.execute(_ADD, gateway, self._charges.zone, -parts)
