"""Working on one batch: claim, send slice by slice, write down what came of it, put it down."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter, defaultdict
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from channels.base import ChannelError
from dispatcher.delivery.circuit_breaker import Breaker
from dispatcher.delivery.leased_batch import ACCEPTED, LeasedBatch
from dispatcher.delivery.retry_budget import RetryBudget
from dispatcher.model.batches import Lease, ReadyBatch
from dispatcher.model.vocabulary import LEASE, UNCERTAIN, State
from dispatcher.queue import wakeups
from dispatcher.store.clock import RecordClock
from dispatcher.store.delivery.ledger import LeaseLostError
from dispatcher.store.record import UNAVAILABLE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from channels.base import Channel, Endpoint, Notice, Receipt
    from dispatcher.delivery.lanes import LaneGate
    from dispatcher.delivery.notices import Notices
    from dispatcher.delivery.outcome import Settlement
    from dispatcher.metrics import Metrics
    from dispatcher.queue.wakeups import WakeUpQueue
    from dispatcher.store.audience.subscriptions import Subscriptions
    from dispatcher.store.delivery.ledger import Ledger

HEARTBEAT_S = LEASE.total_seconds() / 4
MISCONFIGURED_PAUSE_S = 60.0
"""A gateway that refuses us is asked again once a minute, until a human has mended it."""
FLUSH_S = 0.05
"""How long an answer may wait for its line in the record while others of its slice are still awaited. What a
process loses at its death is sent again, so this bounds the duplicates that people's devices have to collapse."""
PERSIST_S = 60.0
PERSIST_PAUSE_S = 0.25
TERMINAL = tuple(state for state in State if state.terminal)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DelivererDependencies:
    """What it takes to work on a batch."""

    ledger: Ledger
    subscriptions: Subscriptions
    notices: Notices
    channels: Mapping[str, Channel]
    wake_ups: WakeUpQueue
    gate: LaneGate
    metrics: Metrics
    slice_size: int
    random: Callable[[], float]
    clock: RecordClock = field(default_factory=RecordClock)
    """Of the channels too: it is set right by every claim."""


class Deliverer:
    """Hands batches to channels."""

    def __init__(self, dependencies: DelivererDependencies) -> None:
        self._dependencies = dependencies
        self._breakers: defaultdict[tuple[str, str], Breaker] = defaultdict(Breaker)
        self._budgets: defaultdict[tuple[str, str], RetryBudget] = defaultdict(RetryBudget)
        self._stopping = asyncio.Event()
        self._alone = asyncio.Lock()

    def stop(self) -> None:
        """Put every batch down after the slice in hand."""
        self._stopping.set()

    async def deliver(self, batch_id: int) -> None:
        """Work on the batch if it may be worked on. Idempotent; may be called at any time by any worker."""
        if self._stopping.is_set():
            return
        lease = await self._dependencies.ledger.acquire(batch_id)
        if lease is None:
            return
        self._dependencies.clock.read(lease.now)
        gateway = lease.channel, lease.gateway
        work = _Work(
            self._dependencies,
            lease,
            self._breakers[gateway],
            self._budgets[gateway],
            self._stopping,
            self._alone,
        )
        with self._dependencies.gate.work(lease.lane):
            try:
                await work.run()
            except LeaseLostError:
                self._dependencies.metrics.leases_lost.inc()
                log.warning("lease_lost", batch=batch_id)


class _Work:
    """One batch in one worker's hand."""

    def __init__(
        self,
        dependencies: DelivererDependencies,
        lease: Lease,
        breaker: Breaker,
        budget: RetryBudget,
        stopping: asyncio.Event,
        alone: asyncio.Lock,
    ) -> None:
        self._dependencies = dependencies
        self._lease = lease
        self._batch = LeasedBatch(lease, dependencies.random)
        self._breaker = breaker
        self._budget = budget
        self._budget_s = 0.0
        self._stopping = stopping
        self._alone = alone
        self._started = self._written_at = time.monotonic()
        self._stopped = False
        self._pause_s = 0.0
        self._pause_reason = ""
        self._pause_reasons: set[str] = set()
        self._failures_logged: set[str] = set()
        self._before = lease.outcomes
        self._results: Counter[str] = Counter()
        self._latencies: Counter[float] = Counter()

    def _now(self) -> datetime:
        """The record's clock, carried on by ours: a worker's own date may be wrong."""
        return self._lease.now + timedelta(seconds=time.monotonic() - self._started)

    async def run(self) -> None:
        beat = asyncio.create_task(self._keep_alive())
        try:
            await self._send_all()
        finally:
            beat.cancel()
            await asyncio.gather(beat, return_exceptions=True)
        await self._release()

    async def _keep_alive(self) -> None:
        """Until cancelled. A lease that was lost is noticed at the next write."""
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            with suppress(LeaseLostError, *UNAVAILABLE):
                self._stopped |= await self._dependencies.ledger.heartbeat(self._lease)

    async def _send_all(self) -> None:
        batch = self._batch
        channel = self._dependencies.channels.get(self._lease.channel)
        if channel is None:
            self._pause("unknown_channel", MISCONFIGURED_PAUSE_S)
            return
        notice = await self._dependencies.notices.notice(self._lease)
        endpoints = await self._dependencies.subscriptions.endpoints(batch.open_recipients())
        batch.drop_missing(endpoints)
        while self._may_go_on():
            # No more than start at once, so that none starts late, after the alert was stopped.
            positions = batch.next_slice(self._now(), self._slice_size(channel))
            if not positions:
                return
            await self._dependencies.gate.stand_aside(self._lease.lane)
            chosen = [endpoints[self._lease.recipients[n]] for n in positions]
            if not batch.is_last_chance(positions):
                await self._send_slice(channel, notice, positions, chosen)
                continue
            # Alone in the process and not merely in its batch, until its outcome is written down: the next death is
            # this one's last, and must not be anybody's who happened to be in hand beside it.
            async with self._alone:
                if self._may_go_on():
                    await self._send_slice(channel, notice, positions, chosen)
                    self._stopped |= await self._write()

    async def _send_slice(
        self, channel: Channel, notice: Notice, positions: list[int], chosen: list[Endpoint]
    ) -> None:
        batch = self._batch
        batch.claim(positions)
        if await self._write():
            self._stopped = True
        else:
            await self._send(channel, notice, chosen)
        # Whoever has no receipt was not started; the channel gives receipts for all that it started.
        batch.unclaim(positions)

    def _slice_size(self, channel: Channel) -> int:
        """At most so many at once; none where only retries are left, and too many of these have failed."""
        if self._breaker.probing:
            return 1
        size = min(self._dependencies.slice_size, channel.limits.concurrency)
        if self._batch.has_fresh:
            return size
        now = time.monotonic()
        self._budget_s = self._budget.wait_s(now)
        return min(size, self._budget.allowed(now))

    def _may_go_on(self) -> bool:
        if self._now() >= self._lease.deadline:
            self._batch.expire()
            return False
        return not (self._stopped or self._pause_s or self._stopping.is_set())

    async def _persist(self, write: Callable[[], Awaitable[bool]]) -> bool:
        """Write to the record, waiting out an outage: what gateways answered is known nowhere else. If somebody
        else took the batch over meanwhile, the token says so.
        """
        give_up = time.monotonic() + PERSIST_S
        while True:
            try:
                return await write()
            except UNAVAILABLE as error:
                if time.monotonic() > give_up:
                    raise
                log.warning("record_unavailable", batch=self._lease.batch_id, error=type(error).__name__)
                await asyncio.sleep(PERSIST_PAUSE_S)

    async def _write(self) -> bool:
        progress = self._batch.progress()
        stopped = await self._persist(lambda: self._dependencies.ledger.advance(self._lease, progress))
        self._written_at = time.monotonic()
        self._count(progress.outcomes)
        return stopped

    async def _send(self, channel: Channel, notice: Notice, endpoints: list[Endpoint]) -> None:
        try:
            async with aclosing(channel.send(notice, endpoints)) as receipts:
                async for known in receipts:
                    self._take(known)
                    if time.monotonic() > self._written_at + FLUSH_S:
                        self._stopped |= await self._write()
        except ChannelError as error:
            now = time.monotonic()
            seconds = MISCONFIGURED_PAUSE_S if error.needs_person else self._breaker.fail(now)
            self._pause(error.label, seconds, error)

    def _take(self, receipts: list[Receipt]) -> None:
        now = self._now()
        plain, others = self._batch.apply_receipts(receipts, now)
        latency_s = max(0.0, (now - self._lease.received_at).total_seconds())
        if plain:
            self._note(ACCEPTED, latency_s, plain)
        for result in others:
            self._note(result, latency_s)
            self._log_failure(result)

    def _log_failure(self, result: Settlement) -> None:
        """Each kind once a batch, and never the detail."""
        if result.outcome != State.ACCEPTED and result.label not in self._failures_logged:
            self._failures_logged.add(result.label)
            names = {"channel": self._lease.channel, "gateway": self._lease.gateway}
            log.log(result.log_level, "delivery_failed", label=result.label, code=result.code, **names)

    def _note(self, result: Settlement, latency_s: float, answers: int = 1) -> None:
        self._results[result.label] += answers
        if result.outcome == State.ACCEPTED:
            self._latencies[latency_s] += answers
        failed, at = result.gateway_fault, time.monotonic()
        self._budget.note(retry=result.attempts > 1, failed=failed, now=at, answers=answers)
        pause = self._breaker.note(failed=failed, now=at, answers=answers)
        if result.pause_s:
            self._pause("retry_after", result.pause_s)
        elif pause:
            self._pause("breaker", pause)

    def _pause(self, reason: str, seconds: float, error: ChannelError | None = None) -> None:
        """Leave the gateway alone. Each reason counts and is logged once a batch; the longest pause wins."""
        lease, metrics = self._lease, self._dependencies.metrics
        if reason not in self._pause_reasons:
            self._pause_reasons.add(reason)
            metrics.gateway_pauses.labels(lease.channel, metrics.gateway_label(lease.gateway), reason).inc()
            log.log(
                error.log_level if error else logging.WARNING,
                "gateway_paused",
                channel=lease.channel,
                gateway=lease.gateway,
                reason=reason,
                code=error.code if error else "",
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
            metrics = self._dependencies.metrics
            metrics.retries_withheld.labels(lease.channel, metrics.gateway_label(lease.gateway)).inc()
        done = await self._persist(lambda: ledger.release(lease, progress, due))
        self._count(progress.outcomes)
        self._count_removed(len(progress.remove))
        if self._pause_s:
            await ledger.pause_gateway(lease.channel, lease.gateway, self._pause_s, self._pause_reason)
        if done or self._stopped:
            return
        delay = max(0.0, (due - self._now()).total_seconds()) if due else 0.0
        enqueued = await self._dependencies.wake_ups.enqueue(
            [wakeups.batch_wake_up(ReadyBatch(lease.batch_id, lease.lane, lease.token), delay)]
        )
        self._dependencies.metrics.enqueue_failures.inc(not enqueued)

    def _count(self, outcomes: bytes) -> None:
        """Count what was written, summed: one increment per state and result."""
        lease, metrics = self._lease, self._dependencies.metrics
        for state in TERMINAL:
            new = _count_of(outcomes, state) - _count_of(self._before, state)
            if new:
                metrics.deliveries.labels(lease.channel, lease.lane, state.name.lower()).inc(new)
        self._before = outcomes
        gateway = metrics.gateway_label(lease.gateway)
        for label, count in self._results.items():
            metrics.attempts.labels(lease.channel, gateway, label).inc(count)
        self._results.clear()
        metrics.latency.labels(lease.channel, lease.lane).observe_many(self._latencies)
        self._latencies.clear()

    def _count_removed(self, removed: int) -> None:
        channel, metrics = self._lease.channel, self._dependencies.metrics
        metrics.endpoints_removed.labels(channel).inc(removed)
        if self._batch.gone_suspect():
            metrics.removals_withheld.labels(channel).inc()


def _count_of(outcomes: bytes, state: State) -> int:
    return outcomes.count(state) + outcomes.count(state | UNCERTAIN)
