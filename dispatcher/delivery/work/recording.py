"""Write what became of a batch's recipients to the record while the batch is worked on, one write after the other."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import structlog

from dispatcher.store.record import UNAVAILABLE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from dispatcher.delivery.delivery_counts import DeliveryCounts
    from dispatcher.delivery.leased_batch import LeasedBatch, SliceClaim
    from dispatcher.model.retry_policy import RecordingPolicy
    from dispatcher.store.delivery.ledger import Ledger

log = structlog.get_logger()


class BatchRecording:
    """Writes for one batch under its lease, waiting out outages: what gateways answered is known nowhere else. If
    another worker took the batch over meanwhile, the token says so.
    """

    def __init__(
        self, ledger: Ledger, batch: LeasedBatch, counts: DeliveryCounts, policy: RecordingPolicy
    ) -> None:
        self._ledger = ledger
        self._batch = batch
        self._counts = counts
        self._policy = policy
        self._written_at = time.monotonic()
        self._writing = asyncio.Lock()
        self._unwritten = False
        """Whether recipients are claimed and the record does not say so yet."""
        self.stopped = False
        """Whether the record said that the alert was stopped."""

    @property
    def is_due(self) -> bool:
        """Whether answers have waited for long enough."""
        return time.monotonic() > self._written_at + self._policy.flush_s

    def claim(self, positions: list[int]) -> SliceClaim:
        """Claim these recipients; the record is to say so before anything is sent to them."""
        self._unwritten = True
        return self._batch.claim(positions)

    async def write(self) -> None:
        """Write what has changed. One write follows the other, so that the record never goes back."""
        async with self._writing:
            await self._write()

    async def write_claims(self) -> None:
        """Write what is claimed, unless another slice's write took it along."""
        async with self._writing:
            if self._unwritten:
                await self._write()

    async def _write(self) -> None:
        progress, self._unwritten = self._batch.progress(), False
        try:
            stopped = await self.persist(lambda: self._ledger.advance(self._batch.lease, progress))
        except BaseException:
            self._unwritten = True  # who waits for this write is not to send for it
            raise
        self.stopped |= stopped
        self._written_at = time.monotonic()
        self._counts.written(progress.outcomes)

    async def persist(self, write: Callable[[], Awaitable[bool]]) -> bool:
        """Make one write to the record. Returns what it returned; raises what it raised when the record was away for
        too long.
        """
        give_up = time.monotonic() + self._policy.patience_s
        while True:
            try:
                return await write()
            except UNAVAILABLE as error:
                if time.monotonic() > give_up:
                    raise
                log.warning(
                    "record_unavailable", batch=self._batch.lease.batch_id, error=type(error).__name__
                )
                await asyncio.sleep(self._policy.retry_s)
