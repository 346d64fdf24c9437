"""Read the instances that have a page of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatcher.store.sources import instance_of

if TYPE_CHECKING:
    from dispatcher.model.principals import Instance
    from dispatcher.store.record import Pool


class InstancesWithPage:
    """Reads them: all but sandboxes. One that is disabled keeps its page for those who have subscribed."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def read(self) -> list[Instance]:
        """Return them, in the order of their ids."""
        rows = await self._pool.fetch("SELECT * FROM instance WHERE environment = 'production' ORDER BY id")
        return [instance_of(row) for row in rows]
