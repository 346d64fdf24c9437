"""Fill this process's store of message keys while it has nothing to send.

Any worker may get any batch, so each process holds keys for all subscriptions, up to its bound: the keys
of subscriptions that one process has sent to are still there in the other processes, for the next alert.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Protocol

import structlog

from dispatcher.store.record import UNAVAILABLE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence

    from channels.base import Endpoint
    from channels.webpush.keys.precomputed_keys import PrecomputedKeys
    from dispatcher.metrics import Metrics

CHANNEL = "webpush"
PAGE = 1000
"""Endpoints that one query of the record returns at most."""
REFILL_S = 1.0
"""Refill interval: how soon a key that was used is made anew."""
ROUND_S = 600.0
"""Interval of the rounds through all subscriptions: with each, new ones get a key, those that ended lose theirs."""

log = structlog.get_logger()


class Endpoints(Protocol):
    """The part of `Subscriptions` that gives endpoints."""

    async def endpoints_after(self, channel: str, last_id: int, limit: int) -> Sequence[Endpoint]: ...

    async def endpoints(self, ids: Sequence[int]) -> Mapping[int, Endpoint]: ...


class KeyPrecomputer:
    """Runs beside the lanes and keeps the store of keys full."""

    def __init__(
        self, keys: PrecomputedKeys, subscriptions: Endpoints, metrics: Metrics, *, round_s: float = ROUND_S
    ) -> None:
        self._keys = keys
        self._subscriptions = subscriptions
        self._metrics = metrics
        self._round_s = round_s
        self._hits = self._misses = 0

    async def run(self) -> None:
        """Fill and refill until cancelled; then no key is left in memory."""
        try:
            while True:
                await self._waiting_out(self._keys.fill(self._all(), self._subscriptions.endpoints))
                next_round = time.monotonic() + self._round_s
                while time.monotonic() < next_round:
                    await self._waiting_out(self._keys.refill(self._subscriptions.endpoints))
                    await asyncio.sleep(min(REFILL_S, self._round_s))
        finally:
            self._keys.clear()

    async def _waiting_out(self, work: Awaitable[None]) -> None:
        """Wait out an outage of the record: no keys are made meanwhile, and the next refill or round makes up."""
        try:
            await work
        except UNAVAILABLE as error:
            log.warning("record_unavailable", task="key_precomputer", error=type(error).__name__)
        self._count()

    async def _all(self) -> AsyncIterator[Endpoint]:
        last_id = 0
        while page := await self._subscriptions.endpoints_after(CHANNEL, last_id, PAGE):
            for endpoint in page:
                yield endpoint
            last_id = page[-1].id
            self._count()

    def _count(self) -> None:
        """Carry the store's counts over: one increment for all since the last time."""
        keys, metrics = self._keys, self._metrics
        metrics.precomputed_keys.set(len(keys))
        metrics.precomputed_keys_used.labels("ready").inc(keys.hits - self._hits)
        metrics.precomputed_keys_used.labels("none").inc(keys.misses - self._misses)
        self._hits, self._misses = keys.hits, keys.misses
