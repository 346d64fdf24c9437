"""Work on one batch: acquire its lease, send slice by slice, record each outcome, release the lease."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from channels.base import ChannelError, Expired, RateLimited
from dispatcher.delivery.delivery_counts import DeliveryCounts
from dispatcher.delivery.failure_log import Failure, FailureLog
from dispatcher.delivery.gateway_limiter import Holder
from dispatcher.delivery.gateways import Gateways
from dispatcher.delivery.leased_batch import ACCEPTED, LeasedBatch
from dispatcher.delivery.pace.flights import Flights
from dispatcher.model.batches import Lease, ReadyBatch
from dispatcher.model.retry_policy import DEFAULT_POLICY
from dispatcher.model.vocabulary import State
from dispatcher.queue import wakeups
from dispatcher.store.clock import RecordClock
from dispatcher.store.delivery.ledger import LeaseLostError
from dispatcher.store.record import UNAVAILABLE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from channels.base import Channel, Endpoint, Notice, Receipt
    from dispatcher.delivery.gateway_limiter import Slots
    from dispatcher.delivery.gateways import Buckets, Gateway
    from dispatcher.delivery.lanes import LaneGate
    from dispatcher.delivery.notices import Notices
    from dispatcher.delivery.outcome import Settlement
    from dispatcher.metrics import Metrics
    from dispatcher.model.retry_policy import DeliveryPolicy
    from dispatcher.queue.wakeups import WakeUpQueue
    from dispatcher.store.audience.subscriptions import Subscriptions
    from dispatcher.store.delivery.ledger import Ledger


log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DelivererDependencies:
    """The parts that working on a batch takes."""

    ledger: Ledger
    subscriptions: Subscriptions
    notices: Notices
    channels: Mapping[str, Channel]
    wake_ups: WakeUpQueue
    gate: LaneGate
    metrics: Metrics
    slice_size: int
    random: Callable[[], float]
    policy: DeliveryPolicy = DEFAULT_POLICY
    clock: RecordClock = field(default_factory=RecordClock)
    """The record's clock, which the channels go by too; every lease acquired sets it right."""
    failures: FailureLog = field(default_factory=FailureLog)
    buckets: Buckets | None = None
    """The bucket of an account that all processes share, by its name and rate."""


class Deliverer:
    """Hands batches to channels."""

    def __init__(self, dependencies: DelivererDependencies) -> None:
        self._dependencies = dependencies
        self._gateways = Gateways(dependencies.policy, dependencies.channels, dependencies.buckets)
        self._stopping = asyncio.Event()
        self._alone = asyncio.Lock()

    def stop(self) -> None:
        """Release every batch after the slice in flight."""
        self._stopping.set()

    async def log_failures(self) -> None:
        """Log the failures of all batches, summed up, until cancelled."""
        await self._dependencies.failures.run()

    async def deliver(self, batch_id: int) -> None:
        """Work on the batch if it may be worked on. Idempotent; may be called at any time by any worker."""
        if self._stopping.is_set() or await self._postpone(batch_id):
            return
        asked = self._dependencies.clock.elapsed()
        lease = await self._dependencies.ledger.acquire(batch_id)
        if lease is None:
            return
        self._dependencies.clock.read(lease.now, asked)
        gateway = self._gateways.of(lease.channel, lease.gateway)
        work = _Work(self._dependencies, lease, gateway, self._stopping, self._alone)
        gateway.batches[lease.source_id] += 1
        with self._dependencies.gate.work(lease.lane):
            try:
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


class _Work:
    """Works on one batch under one lease."""

    def __init__(
        self,
        dependencies: DelivererDependencies,
        lease: Lease,
        gateway: Gateway,
        stopping: asyncio.Event,
        alone: asyncio.Lock,
    ) -> None:
        self._dependencies = dependencies
        self._lease = lease
        channel = dependencies.channels.get(lease.channel)
        collapses = channel is None or channel.collapses
        self._batch = LeasedBatch(lease, dependencies.policy, dependencies.random, collapses=collapses)
        self._breaker = gateway.breaker
        self._budget = gateway.budget
        self._limiter = gateway.limiter
        self._holder = Holder(lease.lane.rank, lease.source_id)
        self._budget_s = 0.0
        self._stopping = stopping
        self._alone = alone
        self._written_at = time.monotonic()
        self._writing = asyncio.Lock()
        self._unwritten = False
        """Whether recipients are claimed and the record does not say so yet."""
        self._flights = Flights()
        self._until_aside = 0
        self._over = False
        """Whether nothing may be sent any more: what is open once all has landed expires."""
        self._stopped = False
        self._endpoints: Mapping[int, Endpoint] = {}
        """Where the recipients were when the work began."""
        self._handed_over = False
        self._told_until: datetime | None = None
        """The end of a notice that a channel has found to be past, even if this clock does not say so yet."""
        self._pause_s = 0.0
        self._pause_reason = ""
        self._pause_reasons: set[str] = set()
        self._counts = DeliveryCounts(dependencies.metrics, lease)

    def _now(self) -> datetime:
        """Return the record's time: a worker's own date may be wrong."""
        return self._dependencies.clock()

    async def run(self) -> None:
        heartbeat = asyncio.create_task(self._keep_alive())
        try:
            await self._send_all()
        finally:
            heartbeat.cancel()
            await asyncio.gather(heartbeat, return_exceptions=True)
        if not self._handed_over:
            await self._release()

    async def _keep_alive(self) -> None:
        """Renew the lease until cancelled. A lease that was lost is noticed at the next write."""
        while True:
            await asyncio.sleep(self._dependencies.policy.lease.heartbeat_s)
            with suppress(LeaseLostError, *UNAVAILABLE):
                self._stopped |= await self._dependencies.ledger.heartbeat(self._lease)

    async def _send_all(self) -> None:
        batch = self._batch
        channel = self._dependencies.channels.get(self._lease.channel)
        if channel is None:
            self._pause("unknown_channel", self._dependencies.policy.pauses.misconfigured_s)
            return
        endpoints = await self._dependencies.subscriptions.endpoints(batch.open_recipients())
        # Asked after they were read: from here on all of them are at the batch's gateway.
        if await self._hand_over():
            return
        self._endpoints = endpoints
        batch.drop_missing(endpoints)
        try:
            await self._send_slices(channel)
            await self._flights.land()
        finally:
            await self._flights.drop()
        if self._over:
            batch.expire()

    async def _send_slices(self, channel: Channel) -> None:
        """Send slice by slice until nothing is left that may be sent now. At a gateway with a pace a slice leaves
        before the last has landed: its slices are as small as its pace is even.
        """
        batch, flights = self._batch, self._flights
        while self._may_go_on():
            positions = batch.next_slice(self._now(), self._slice_size(channel))
            if not positions:
                if not await flights.land_one():
                    return
                continue
            await self._stand_aside()
            if not batch.is_last_chance(positions):
                await self._send_slice(channel, positions)
                continue
            # The recipient is alone in the process and not merely in its batch, until its outcome is recorded: the next
            # death is its last, and must not be that of a recipient who happened to be in flight beside it. No batch
            # that holds slots ever waits for this lock.
            await flights.land()
            async with self._alone:
                if self._may_go_on():
                    await self._send_slice(channel, positions)
                    await flights.land()
                    self._stopped |= await self._write()

    async def _stand_aside(self) -> None:
        """Let higher lanes go first, once for as many recipients as a slice may have."""
        if self._until_aside <= 0:
            await self._dependencies.gate.stand_aside(self._lease.lane)
            self._until_aside = self._dependencies.slice_size

    async def _hand_over(self) -> bool:
        """Leave recipients who are at another gateway by now to a batch of that one, which is paused, counted and
        logged for what its server answers. Returns whether there were any; then the lease has ended.
        """
        ready = await self._dependencies.ledger.hand_over(self._lease, self._batch.open_recipients())
        if ready is None:
            return False
        self._handed_over = True
        await self._dependencies.wake_ups.enqueue([wakeups.batch_wake_up(one) for one in ready])
        return True

    async def _send_slice(self, channel: Channel, positions: list[int]) -> None:
        """Send to as many of these recipients as the gateway takes at once, which are claimed only then: no request
        starts late, after the alert was stopped.
        """
        notice = await self._notice()
        if notice is None:
            return
        units = channel.units(notice, self._lease.gateway)
        asked_at = time.monotonic()
        slots = await self._limiter.acquire(len(positions), self._holder, units)
        self._counts.waited(time.monotonic() - asked_at)
        try:
            # The wait may have been long, and the gateway may have failed meanwhile.
            positions = positions[: min(slots.held, self._slice_size(channel))]
            if not self._may_go_on() or not positions or (notice := await self._notice()) is None:
                slots.give_back(slots.held)
                return
            slots.give_back(slots.held - len(positions))
            self._claim(positions)
            sending = self._send_claimed(channel, notice, positions, slots)
        except BaseException:
            slots.give_back(slots.held)
            raise
        if self._limiter.pace.rate is None:
            await sending
        else:
            self._flights.start(sending)

    def _claim(self, positions: list[int]) -> None:
        self._batch.claim(positions)
        self._unwritten = True
        self._until_aside -= len(positions)

    async def _send_claimed(
        self, channel: Channel, notice: Notice, positions: list[int], slots: Slots
    ) -> None:
        recipients = self._lease.recipients
        try:
            self._stopped |= await self._write_claims()
            await self._limiter.depart(slots)
            if self._may_go_on():
                await self._send(channel, notice, [self._endpoints[recipients[n]] for n in positions], slots)
            # A recipient without a receipt was not started; the channel gives receipts for all that it started.
            self._batch.unclaim(positions)
        finally:
            slots.give_back(slots.held)

    async def _notice(self) -> Notice | None:
        """Return what may be sent now. None once nothing is left to tell: then all that is left open expires."""
        moment = max(self._now(), self._told_until) if self._told_until else self._now()
        notice = await self._dependencies.notices.notice(self._lease, moment)
        self._over |= notice is None
        return notice

    def _slice_size(self, channel: Channel) -> int:
        """Return how many recipients to send to at once, at most: none where only retries are left, and too many of
        these have failed.
        """
        if self._breaker.probing:
            return 1
        limits = channel.gateway_limits(self._lease.gateway)
        size = min(self._dependencies.slice_size, limits.concurrency)
        if self._batch.has_fresh:
            return size
        now = time.monotonic()
        self._budget_s = self._budget.wait_s(now)
        return min(size, self._budget.allowed(now))

    def _may_go_on(self) -> bool:
        self._over |= self._now() >= self._lease.deadline
        return not (self._over or self._stopped or self._pause_s or self._stopping.is_set())

    async def _persist(self, write: Callable[[], Awaitable[bool]]) -> bool:
        """Write to the record, waiting out an outage: what gateways answered is known nowhere else. If another
        worker took the batch over meanwhile, the token says so.
        """
        policy = self._dependencies.policy.recording
        give_up = time.monotonic() + policy.patience_s
        while True:
            try:
                return await write()
            except UNAVAILABLE as error:
                if time.monotonic() > give_up:
                    raise
                log.warning("record_unavailable", batch=self._lease.batch_id, error=type(error).__name__)
                await asyncio.sleep(policy.retry_s)

    async def _write(self) -> bool:
        """Write what has changed. One write follows the other, so that the record never goes back."""
        async with self._writing:
            return await self._write_now()

    async def _write_claims(self) -> bool:
        """Write what is claimed, unless another slice's write took it along. Returns whether the alert was stopped."""
        async with self._writing:
            return await self._write_now() if self._unwritten else self._stopped

    async def _write_now(self) -> bool:
        progress, self._unwritten = self._batch.progress(), False
        stopped = await self._persist(lambda: self._dependencies.ledger.advance(self._lease, progress))
        self._written_at = time.monotonic()
        self._counts.written(progress.outcomes)
        return stopped

    async def _send(self, channel: Channel, notice: Notice, endpoints: list[Endpoint], slots: Slots) -> None:
        flush_s = self._dependencies.policy.recording.flush_s
        try:
            async with aclosing(channel.send(notice, self._lease.gateway, endpoints)) as receipts:
                async for arrived in receipts:
                    slots.give_back(len(arrived))
                    self._apply(self._without_untold(arrived, notice), self._heed(arrived, slots))
                    if time.monotonic() > self._written_at + flush_s:
                        self._stopped |= await self._write()
        except ChannelError as error:
            misconfigured_s = self._dependencies.policy.pauses.misconfigured_s
            seconds = misconfigured_s if error.needs_person else self._breaker.fail(time.monotonic())
            self._pause(error.label, seconds, code=error.code, log_level=error.log_level)

    def _without_untold(self, receipts: list[Receipt], notice: Notice) -> list[Receipt]:
        """Return the receipts without those that came too late for this notice, where the alert goes on: to these is
        sent what is left to tell of it.
        """
        if notice.deadline >= self._lease.deadline:
            return receipts
        told = [receipt for receipt in receipts if not isinstance(receipt.error, Expired)]
        if len(told) < len(receipts):
            self._told_until = notice.deadline
        return told

    def _heed(self, receipts: list[Receipt], slots: Slots) -> float:
        """Let the gateway's pace follow its answers. Returns in how many seconds something may leave again, if it asked
        for patience.
        """
        refusals = [one.error for one in receipts if one.error is not None]
        if len(refusals) < len(receipts):
            self._limiter.accepted((len(receipts) - len(refusals)) * slots.units)
        eased_s = 0.0
        for error in refusals:
            if isinstance(error, RateLimited):
                asked_s = min(error.retry_after or 0.0, self._dependencies.policy.pauses.retry_after_max_s)
                eased_s = self._limiter.refused(slots.left_at, asked_s)
        return eased_s

    def _apply(self, receipts: list[Receipt], eased_s: float) -> None:
        if not receipts:
            return
        now = self._now()
        plain, others = self._batch.apply_receipts(receipts, now, eased_s)
        latency_s = max(0.0, (now - self._lease.received_at).total_seconds())
        if plain:
            self._note(ACCEPTED, latency_s, plain)
        for result in others:
            self._note(result, latency_s)
            self._log_failure(result)

    def _log_failure(self, result: Settlement) -> None:
        if result.outcome != State.ACCEPTED:
            failure = Failure(self._lease.channel, self._lease.gateway, result.label, result.code)
            self._dependencies.failures.note(failure, result.log_level)

    def _note(self, result: Settlement, latency_s: float, answers: int = 1) -> None:
        self._counts.note(result, latency_s, answers)
        failed, at = result.gateway_fault, time.monotonic()
        self._budget.note(retry=result.attempts > 1, failed=failed, now=at, answers=answers)
        pause = self._breaker.note(failed=failed, now=at, answers=answers)
        if result.pause_s:
            self._pause("retry_after", result.pause_s, code=result.code)
        elif pause:
            self._pause("breaker", pause, code=result.code)

    def _pause(
        self, reason: str, seconds: float, *, code: str = "", log_level: int = logging.WARNING
    ) -> None:
        """Pause the gateway. Each reason counts and is logged once a batch, with the `code` of the answer that was the
        last straw; the longest pause wins.
        """
        if reason not in self._pause_reasons:
            self._pause_reasons.add(reason)
            self._counts.paused(reason)
            log.log(
                log_level,
                "gateway_paused",
                channel=self._lease.channel,
                gateway=self._lease.gateway,
                reason=reason,
                code=code,
                seconds=round(seconds, 1),
            )
        if seconds > self._pause_s:
            self._pause_s, self._pause_reason = seconds, reason

    async def _release(self) -> None:
        lease, ledger = self._lease, self._dependencies.ledger
        progress = self._batch.progress(final=True)
        due = self._batch.next_due()
        if due is not None and (wait_s := max(self._pause_s, self._budget_s)):
            due = max(due, self._now() + timedelta(seconds=wait_s))
        if self._budget_s:
            self._counts.withheld()
        self._counts.paced(self._limiter.pace)
        done = await self._persist(lambda: ledger.release(lease, progress, due, self._endpoints))
        self._counts.written(progress.outcomes)
        self._counts.removed(len(progress.remove), suspect=self._batch.gone_suspect())
        if self._pause_s:
            await ledger.pause_gateway(lease.channel, lease.gateway, self._pause_s, self._pause_reason)
        if done or self._stopped:
            return
        delay = max(0.0, (due - self._now()).total_seconds()) if due else 0.0
        await self._dependencies.wake_ups.enqueue(
            [
                wakeups.batch_wake_up(
                    ReadyBatch(lease.batch_id, lease.lane, lease.token, lease.source_id), delay
                )
            ]
        )
