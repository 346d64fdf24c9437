"""Go through a table piece by piece, in the order in which it lies on the disk: no index is needed, and what is changed
meanwhile is found again at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from dispatcher.store.record import Pool

PAGES: Final = 250
"""Pages of 8 KiB in a piece: some five thousand subscriptions, a quarter of a second's work."""


async def pieces(
    pool: Pool, table: str, pages: int = PAGES
) -> AsyncIterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield the pieces of a table as it is now, each as the row locations (`ctid`) at which it begins and before which
    it ends.
    """
    count = await pool.fetchval(
        "SELECT pg_relation_size($1::regclass) / current_setting('block_size')::int", table
    )
    for first in range(0, count, pages):
        yield (first, 0), (min(first + pages, count), 0)
