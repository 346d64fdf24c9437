"""Write down when keys were last used: coarsely, and never in the way of a request."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from dispatcher.access.credentials import USE_NOTED_EVERY
from dispatcher.store.record import UNAVAILABLE

if TYPE_CHECKING:
    from dispatcher.access.keys import KeyName
    from dispatcher.store.record import Pool

TIMEOUT_S: Final = 2.0
_NOTE = """
UPDATE api_key SET used_at = statement_timestamp()
WHERE (kind, id) IN (SELECT * FROM unnest($1::text[], $2::text[]))
  AND (used_at IS NULL OR used_at <= statement_timestamp() - $3::interval)
"""


class KeyUses:
    """Notes uses in the background, one statement at a time. What cannot be written is left: the next use is due as
    much.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._due: set[KeyName] = set()
        self._writing: asyncio.Task[None] | None = None

    def note(self, name: KeyName) -> None:
        """Have the use of a key written. It is dropped where requests use all connections."""
        pool = self._pool
        if pool.get_idle_size() == 0 and pool.get_size() >= pool.get_max_size():
            return
        self._due.add(name)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())

    async def written(self) -> None:
        """Wait until everything noted so far is written or given up."""
        if self._writing is not None:
            await self._writing

    async def _write(self) -> None:
        while self._due:
            names, self._due = self._due, set()
            kinds, ids = [name.kind.value for name in names], [name.id for name in names]
            try:
                await self._pool.execute(_NOTE, kinds, ids, USE_NOTED_EVERY, timeout=TIMEOUT_S)
            except UNAVAILABLE:
                return
