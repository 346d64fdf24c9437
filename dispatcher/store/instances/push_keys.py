"""Give the VAPID public keys that instances have of their own, to whoever asks, without asking the record each time."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from dispatcher.store.record import Pool

KNOWN_FOR_S: Final = 10.0
"""How long they are taken for known: strangers may ask as often as they like."""
_NEWEST: Final = """
SELECT instance_id, fingerprint FROM instance_credential WHERE channel = 'webpush' AND replaced_at IS NULL"""


class OwnPushKeys:
    """Knows those of all instances, which are few."""

    def __init__(self, pool: Pool, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`monotonic` gives seconds."""
        self._pool = pool
        self._monotonic = monotonic
        self._reading = asyncio.Lock()
        self._known: dict[str, str] = {}
        self._read_at = float("-inf")

    async def get(self, instance_id: str) -> str | None:
        """Return the key with which browsers subscribe to an instance, as they take it; None where it has none of its
        own, or there is no such instance.
        """
        async with self._reading:
            if self._monotonic() - self._read_at >= KNOWN_FOR_S:
                rows = await self._pool.fetch(_NEWEST)
                self._known = {row["instance_id"]: row["fingerprint"] for row in rows}
                self._read_at = self._monotonic()
        return self._known.get(instance_id)
