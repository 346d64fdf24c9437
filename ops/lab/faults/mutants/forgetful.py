"""A worker whose reconciler never sweeps: what the queue loses is never enqueued again."""

from __future__ import annotations

import asyncio

from dispatcher.__main__ import app
from dispatcher.delivery.reconciler import Reconciler


async def _forget(self: Reconciler) -> None:  # noqa: ARG001 - replaces a method
    await asyncio.Event().wait()


def main() -> None:
    """Run `dispatcher` with this defect."""
    Reconciler.run = _forget  # type: ignore[method-assign]  # in this process alone, and on purpose
    app()


if __name__ == "__main__":
    main()
