"""Acquire a batch's lease, or leave the batch to others, and have it worked on."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import structlog

from dispatcher.delivery.gateway_limiter import Holder
from dispatcher.delivery.gateways import Gateways
from dispatcher.delivery.work.batch_work import BatchWork
from dispatcher.delivery.work.resting import SharedProcess
from dispatcher.queue import wakeups
from dispatcher.store.delivery.ledger import LeaseLostError

if TYPE_CHECKING:
    from collections.abc import Callable

    from dispatcher.delivery.work.dependencies import DelivererDependencies


log = structlog.get_logger()


class Deliverer:
    """Hands batches to channels."""

    def __init__(self, dependencies: DelivererDependencies) -> None:
        self._dependencies = dependencies
        self._gateways = Gateways(dependencies.policy, dependencies.channels, dependencies.buckets)
        self._process = SharedProcess()

    def stop(self) -> None:
        """Release every batch after the slice in flight."""
        self._process.stopping.set()

    async def log_failures(self) -> None:
        """Log the failures of all batches, summed up, until cancelled."""
        await self._dependencies.failures.run()

    async def deliver(
        self, batch_id: int, resting: Callable[[], AbstractContextManager[object]] = nullcontext
    ) -> None:
        """Work on the batch if it may be worked on. Idempotent; may be called at any time by any worker. Within
        `resting` it only waits for others.
        """
        if self._process.stopping.is_set() or await self._postpone(batch_id):
            return
        asked = self._dependencies.clock.elapsed()
        lease = await self._dependencies.ledger.acquire(batch_id)
        if lease is None:
            return
        self._dependencies.clock.read(lease.now, asked)
        gateway = self._gateways.of(lease.channel, lease.gateway)
        work = BatchWork(self._dependencies, lease, gateway, self._process, resting)
        gateway.batches[lease.source_id] += 1
        with self._dependencies.gate.work(lease.lane):
            try:
                with self._dependencies.tracer.delivering(lease):
                    await work.run()
            except LeaseLostError:
                self._dependencies.metrics.leases_lost.inc()
                log.warning("lease_lost", batch=batch_id)
            finally:
                gateway.batches[lease.source_id] -= 1
                await self._dependencies.wake_ups.enqueue(
                    [wakeups.batch_wake_up(ready) for ready in gateway.wake_ups(lease.source_id)]
                )

    async def _postpone(self, batch_id: int) -> bool:
        """Whether the batch could do nothing but wait for its gateway behind other batches of its source in this
        process that wait for it. Then the job is left to other gateways' and sources' batches, and this one is woken up
        when a waiting one is released.
        """
        if not self._gateways.any_crowded():
            return False
        found = await self._dependencies.ledger.find(batch_id)
        if found is None:
            return False
        channel, name, ready = found
        gateway = self._gateways.of(channel, name)
        if not gateway.limiter.is_crowded(Holder(ready.lane.rank, ready.source_id)):
            return False
        gateway.postpone(ready)
        return True
