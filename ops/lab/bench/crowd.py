"""Very many Web Push subscriptions in the record, all at one sink: what a mass send is measured with."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from dispatcher.store import record
from dispatcher.store.migrate import upgrade
from dispatcher.store.subscriptions import NewSubscription, Subscriptions
from ops.lab.population import INHABITANTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ops.lab.gateways.state import UserAgent

CHUNK = 20_000


@dataclass(frozen=True, slots=True)
class Crowd:
    """`size` subscriptions below `origin`, spread over the district's municipalities. Key pairs are shared in
    turn, which neither the service nor a push service can tell."""

    origin: str
    agents: Sequence[UserAgent]
    size: int

    def subscriptions(self) -> Iterator[NewSubscription]:
        places = tuple(INHABITANTS)
        keys = [{"p256dh": agent.public, "auth": agent.auth} for agent in self.agents]
        for number in range(self.size):
            yield NewSubscription(
                channel="webpush",
                gateway=self.origin,
                address=f"{self.origin}/push/{number:032}",
                keys=keys[number % len(keys)],
                places=(places[number % len(places)],),
            )

    async def enrol(self, database_url: str) -> None:
        """Put them into a record, which is made where there is none."""
        await upgrade(database_url)
        pool = await record.connect(database_url, size=2)
        try:
            store, people = Subscriptions(pool), self.subscriptions()
            while chunk := list(islice(people, CHUNK)):
                await store.add_many(chunk)
        finally:
            await pool.close()
