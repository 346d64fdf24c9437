"""A worker that leaves a whole gateway alone whenever somebody behind it is to be tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dispatcher.__main__ import app
from dispatcher.store.delivery.ledger import Ledger

if TYPE_CHECKING:
    from dispatcher.model.batches import Lease

PAUSE_S = 15.0


def main() -> None:
    """Run `dispatcher` with this defect."""
    release = Ledger.release

    async def sulk(self: Ledger, lease: Lease, *arguments: Any) -> bool:
        done = await release(self, lease, *arguments)
        if not done:
            await self.pause_gateway(lease.channel, lease.gateway, PAUSE_S, "breaker")
        return done

    Ledger.release = sulk  # type: ignore[assignment, method-assign]  # in this process alone, and on purpose
    app()


if __name__ == "__main__":
    main()
