"""Work on one batch: acquire its lease, send slice by slice, record each outcome, release the lease.

The next slice leaves when the last has been answered. What is silent while others are answered goes on beside the next
slices, and a batch that has nothing left to do but to wait for that gives its place among the jobs away meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from contextlib import AbstractContextManager, aclosing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from channels.base import ChannelError, Expired, NotMade, RateLimited, Receipt, Unauthorized
from dispatcher.delivery.delivery_counts import DeliveryCounts
from dispatcher.delivery.failure_log import Failure, FailureLog
from dispatcher.delivery.gateway_limiter import Holder
from dispatcher.delivery.gateways import Gateways
from dispatcher.delivery.health.evidence import GatewayVerdict, Sign, SliceTally
from dispatcher.delivery.health.silence import AwaitedSlice, room
from dispatcher.delivery.leased_batch import ACCEPTED, LeasedBatch
from dispatcher.delivery.pace.flights import Flights
from dispatcher.model.batches import Lease, ReadyBatch
from dispatcher.model.retry_policy import DEFAULT_POLICY
from dispatcher.queue import wakeups
from dispatcher.store.clock import RecordClock
from dispatcher.store.delivery.ledger import LeaseLostError
from dispatcher.store.record import UNAVAILABLE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping
    from datetime import datetime

    from channels.base import Channel, Endpoint, Notice
    from dispatcher.delivery.gateway_limiter import Slots
    from dispatcher.delivery.gateways import Buckets, Gateway
    from dispatcher.delivery.lanes import LaneGate
    from dispatcher.delivery.notices import Notices
    from dispatcher.delivery.outcome import Settlement
    from dispatcher.metrics import Metrics
    from dispatcher.model.retry_policy import DeliveryPolicy
    from dispatcher.queue.session_notes import SessionNotes
    from dispatcher.queue.wakeups import WakeUpQueue
    from dispatcher.store.audience.subscriptions import Subscriptions
    from dispatcher.store.delivery.ledger import Ledger


RESTING_RECIPIENTS_MAX = 50_000
"""Recipients of the batches of a process that only wait for silent requests, at most: each takes about a kilobyte.
Further such batches keep their place among the jobs."""
LOOK_AGAIN_S = 0.5
"""How soon a batch looks again that leaves the probe of its gateway, or the proof that it is well, to another one."""
LEFT_S = 0.25
"""How soon a batch is looked at again that is left to a process with a session: any process may take it up."""
_PAUSES = {
    Sign.FAULT: ("breaker", logging.WARNING),
    Sign.REFUSED: ("misconfigured", logging.ERROR),
    Sign.THROTTLED: ("retry_after", logging.WARNING),
}
"""Why the gateway is left alone, and how that is logged."""

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
    sessions: SessionNotes | None = None
    """What other processes say of their sessions with gateways; without it there are no others."""


class Deliverer:
    """Hands batches to channels."""

    def __init__(self, dependencies: DelivererDependencies) -> None:
        self._dependencies = dependencies
        self._gateways = Gateways(dependencies.policy, dependencies.channels, dependencies.buckets)
        self._process = _Process()

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
        work = _Work(self._dependencies, lease, gateway, self._process, resting)
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


class _Process:
    """What the batches of one process share."""

    def __init__(self) -> None:
        self.stopping = asyncio.Event()
        self.alone = asyncio.Lock()
        """Held by whom no other request may be beside."""
        self.resting = 0
        """Recipients of batches that only wait for silent requests."""


class _Slice:
    """One slice, from the moment in which it leaves."""

    def __init__(self, batch_id: int, slots: Slots, *, fresh: bool) -> None:
        self.fresh = fresh
        self.slots = slots
        self._size = slots.held
        self.tally = SliceTally(time.monotonic(), batch_id)
        self.heard_at = self.tally.started
        """When something was heard of it last, in monotonic seconds; infinity while that is written down."""

    def begin(self) -> None:
        """Note that its requests leave now."""
        self.tally.started = self.heard_at = time.monotonic()

    @property
    def unanswered(self) -> AwaitedSlice:
        """Return what is known of those who hold a slot and have no answer."""
        return AwaitedSlice(self._size, self.slots.held, self.tally.started, self.heard_at, self.fresh)

    @property
    def has_left(self) -> bool:
        """Whether nobody of it holds a slot, as those who are not answered are silent."""
        return not self.slots.held and self.slots.silent > 0


class _Work:
    """Works on one batch under one lease."""

    def __init__(
        self,
        dependencies: DelivererDependencies,
        lease: Lease,
        gateway: Gateway,
        process: _Process,
        resting: Callable[[], AbstractContextManager[object]],
    ) -> None:
        self._dependencies = dependencies
        self._lease = lease
        channel = dependencies.channels.get(lease.channel)
        collapses = channel is None or channel.collapses
        self._batch = LeasedBatch(
            lease,
            dependencies.policy,
            dependencies.random,
            collapses=collapses,
            limited_alone=gateway.limits.limits_endpoints,
        )
        self._gateway = gateway
        self._limiter = gateway.limiter
        self._process = process
        self._resting = resting
        self._wait_s = 0.0
        """Seconds after which is looked again, as retries are withheld or the probe is left to another batch."""
        self._withheld = False
        self._doubtful = False
        """Whether nobody of this batch is accepted, which may be its recipients' fault."""
        self._written_at = time.monotonic()
        self._writing = asyncio.Lock()
        self._unwritten = False
        """Whether recipients are claimed and the record does not say so yet."""
        self._flights = Flights()
        self._awaited: list[_Slice] = []
        """The slices for which the next one waits."""
        self._until_aside = 0
        self._left = False
        """Whether the batch is left to another process, which has a session with the gateway."""
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
            await self._land()
        finally:
            await self._flights.drop()
        if self._over:
            batch.expire()

    async def _send_slices(self, channel: Channel) -> None:
        """Send slice by slice until nothing is left that may be sent now. At a gateway with a pace a slice leaves
        before the last was answered: its slices are as small as its pace is even.
        """
        batch = self._batch
        while (most := await self._room()) and self._may_go_on() and not await self._leaves_the_probe():
            fresh = batch.has_fresh
            positions = batch.next_slice(self._now(), min(most, self._slice_size(fresh=fresh)))
            if not positions:
                if not await self._await_answers():
                    return
                continue
            await self._stand_aside()
            if not batch.is_last_chance(positions):
                await self._send_slice(channel, positions, fresh=fresh)
                continue
            # The recipient is alone in the process and not merely in its batch, until its outcome is recorded: the next
            # death is its last, and must not be that of a recipient who happened to be in flight beside it. No batch
            # that holds slots ever waits for this lock.
            # Those who wait for it may be many, after deaths with many in flight: none keeps its place among the jobs.
            await self._land()
            with self._rest():
                await self._process.alone.acquire()
            try:
                if self._may_go_on():
                    await self._send_slice(channel, positions, fresh=fresh)
                    await self._land()
                    self._stopped |= await self._write()
            finally:
                self._process.alone.release()

    async def _room(self) -> int:
        """Wait until another slice may leave beside those that are under way. Returns for how many, at most."""
        gateway = self._gateway
        while True:
            self._flights.check()
            self._leave_out_silent()
            found = room(
                [one.unanswered for one in self._awaited],
                gateway.slice_size(self._dependencies.slice_size),
                gateway.evidence.accepted_at,
                gateway.answer_times.usual_s,
                time.monotonic(),
            )
            if found.recipients:
                return found.recipients
            with self._rest() if found.overdue else nullcontext():
                await self._flights.land_one(found.look_s)

    def _leave_out_silent(self) -> None:
        """Let those leave their slots who are silent, as far as the gateway may have so many."""
        gateway, now = self._gateway, time.monotonic()
        accepted_at, usual_s = gateway.evidence.accepted_at, gateway.answer_times.usual_s
        for one in self._awaited:
            if one.unanswered.is_silent(accepted_at, usual_s, now):
                one.slots.leave_out()
        self._awaited = [one for one in self._awaited if not one.has_left]

    async def _await_answers(self) -> bool:
        """Rest until a slice that is under way has landed, or a retry is due, or somebody may have become silent.
        Returns whether any was under way.
        """
        due = self._batch.next_due()
        return await self._listen(
            math.inf if due is None else max(LOOK_AGAIN_S, (due - self._now()).total_seconds())
        )

    async def _land(self) -> None:
        """Rest until all slices have landed."""
        while await self._listen():
            pass

    async def _listen(self, most_s: float = math.inf) -> bool:
        self._leave_out_silent()
        if self._awaited:
            most_s = min(most_s, self._gateway.answer_times.usual_s)
        with self._rest():
            return await self._flights.land_one(most_s if most_s < math.inf else None)

    @contextmanager
    def _rest(self) -> Iterator[None]:
        """Only wait: neither the place among the jobs nor the lane's precedence is taken up meanwhile."""
        process, size = self._process, len(self._lease.recipients)
        if process.resting + size > RESTING_RECIPIENTS_MAX:
            yield
            return
        process.resting += size
        try:
            with self._dependencies.gate.rest(self._lease.lane), self._resting():
                yield
        finally:
            process.resting -= size

    async def _leaves_the_probe(self) -> bool:
        """Whether the gateway is to be probed, and another batch is the better probe."""
        if not self._gateway.breaker.probing:
            return False
        fresh = self._batch.has_fresh
        if not await self._dependencies.ledger.is_better_probe_open(self._lease, fresh=fresh):
            return False
        self._wait_s = LOOK_AGAIN_S
        return True

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

    async def _send_slice(self, channel: Channel, positions: list[int], *, fresh: bool) -> None:
        """Send to as many of these recipients as the gateway takes at once, which are claimed only then: no request
        starts late, after the alert was stopped.
        """
        notice = await self._notice()
        if notice is None:
            return
        units = channel.units(notice, self._lease.gateway)
        asked_at = time.monotonic()
        # Whoever is tried for the first time goes before the retries of the lane, and beside them of the next.
        holder = Holder(self._lease.lane.rank + (not fresh), self._lease.source_id)
        slots = await self._limiter.acquire(len(positions), holder, units)
        self._counts.waited(time.monotonic() - asked_at)
        try:
            # The wait may have been long, and the gateway may have failed meanwhile.
            positions = positions[: min(slots.held, self._slice_size(fresh=fresh))]
            if not self._may_go_on() or not positions or (notice := await self._notice()) is None:
                slots.give_back(slots.held)
                return
            slots.give_back(slots.held - len(positions))
            self._claim(positions)
            one = _Slice(self._lease.batch_id, slots, fresh=fresh)
            self._flights.start(self._send_claimed(channel, notice, positions, one))
        except BaseException:
            slots.give_back(slots.held)
            raise
        if not slots.paced:
            self._awaited.append(one)

    def _claim(self, positions: list[int]) -> None:
        self._batch.claim(positions)
        self._unwritten = True
        self._until_aside -= len(positions)

    async def _send_claimed(
        self, channel: Channel, notice: Notice, positions: list[int], one: _Slice
    ) -> None:
        recipients, slots, gateway = self._lease.recipients, one.slots, self._gateway
        retries = 0 if one.fresh else len(positions)
        gateway.retrying += retries
        try:
            self._stopped |= await self._write_claims()
            await self._limiter.depart(slots)
            if self._may_go_on():
                one.begin()
                endpoints = self._without_illegible([self._endpoints[recipients[n]] for n in positions], one)
                await self._send(channel, notice, endpoints, one)
            # A recipient without a receipt was not started; the channel gives receipts for all that it started.
            self._batch.unclaim(positions)
            await self._judge(one)
        finally:
            gateway.retrying -= retries
            slots.give_back(slots.held + slots.silent)
            if one in self._awaited:
                self._awaited.remove(one)

    def _without_illegible(self, endpoints: list[Endpoint], one: _Slice) -> list[Endpoint]:
        """Return the endpoints that could be read. The others are tried again, here or by a worker that has their key,
        and hold up nobody.
        """
        illegible = [each for each in endpoints if not each.is_legible]
        if not illegible:
            return endpoints
        one.slots.give_back(len(illegible))
        self._apply([Receipt(each.id, NotMade("illegible")) for each in illegible], 0.0, one.tally)
        return [each for each in endpoints if each.is_legible]

    async def _notice(self) -> Notice | None:
        """Return what may be sent now. None once nothing is left to tell: then all that is left open expires."""
        moment = max(self._now(), self._told_until) if self._told_until else self._now()
        notice = await self._dependencies.notices.notice(self._lease, moment)
        self._over |= notice is None
        return notice

    def _slice_size(self, *, fresh: bool) -> int:
        """Return how many recipients to send to at once, at most: none where only retries are left, and too many of
        these have failed or are under way.
        """
        gateway = self._gateway
        size = gateway.slice_size(self._dependencies.slice_size)
        if fresh or gateway.breaker.probing:
            self._wait_s, self._withheld = 0.0, False
            return size
        now = time.monotonic()
        allowed = min(gateway.budget.allowed(now), gateway.retry_slots())
        self._withheld = not allowed
        self._wait_s = 0.0 if allowed else gateway.budget.wait_s(now) or LOOK_AGAIN_S
        return min(size, allowed)

    def _may_go_on(self) -> bool:
        self._over |= self._now() >= self._lease.deadline
        rest_s = self._gateway.breaker.rest_s(time.monotonic())
        if rest_s and not self._pause_s:
            self._pause(_PAUSES[Sign.FAULT][0], rest_s)
        put_down = self._stopped or self._doubtful or self._left or self._process.stopping.is_set()
        return not (self._over or self._pause_s or put_down)

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

    async def _send(self, channel: Channel, notice: Notice, endpoints: list[Endpoint], one: _Slice) -> None:
        flush_s = self._dependencies.policy.recording.flush_s
        try:
            async with aclosing(channel.send(notice, self._lease.gateway, endpoints)) as receipts:
                async for arrived in receipts:
                    one.heard_at = time.monotonic()
                    one.slots.give_back(len(arrived))
                    eased_s = self._heed(arrived, one.slots)
                    self._apply(self._without_untold(arrived, notice), eased_s, one.tally)
                    if time.monotonic() > self._written_at + flush_s:
                        one.heard_at = math.inf
                        self._stopped |= await self._write()
                        one.heard_at = time.monotonic()
        except ChannelError as error:
            if error.is_local and await self._others_have_a_session():
                self._left = True
                return
            misconfigured_s = self._dependencies.policy.pauses.misconfigured_s
            seconds = misconfigured_s if error.needs_person else self._gateway.breaker.fail(time.monotonic())
            self._pause(error.label, seconds, code=error.code, log_level=error.log_level)

    async def _others_have_a_session(self) -> bool:
        """Whether another process can send by the gateway that this one has no session with. Then nothing is said of
        the gateway, which the others would be kept from.
        """
        sessions = self._dependencies.sessions
        return sessions is not None and await sessions.is_any(self._lease.gateway)

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
            # Where one endpoint may be limited alone, the gateway's pace follows what many are told (`_judge`).
            if isinstance(error, RateLimited) and not self._gateway.limits.limits_endpoints:
                asked_s = min(error.retry_after or 0.0, self._dependencies.policy.pauses.retry_after_max_s)
                eased_s = self._limiter.refused(slots.left_at, asked_s)
        return eased_s

    def _apply(self, receipts: list[Receipt], eased_s: float, tally: SliceTally) -> None:
        if not receipts:
            return
        now, at, gateway = self._now(), time.monotonic(), self._gateway
        if accepted := sum(receipt.error is None for receipt in receipts):
            gateway.accept(at)
            gateway.answer_times.note(at - tally.started, accepted)
            tally.accepted += accepted
        accepted_s = at - gateway.evidence.accepted_at
        plain, others = self._batch.apply_receipts(receipts, now, eased_s, accepted_s)
        latency_s = max(0.0, (now - self._lease.received_at).total_seconds())
        if plain:
            self._note(ACCEPTED, latency_s, plain)
        for result in others:
            self._note(result, latency_s)
            self._log_failure(result)
            self._tally(result, tally)

    def _tally(self, result: Settlement, tally: SliceTally) -> None:
        sign = _sign(result, shared_key=self._gateway.limits.shared_key)
        if sign is None:
            tally.well += result.error is not Expired
            if self._gateway.breaker.probing and not result.is_accepted:
                self._gateway.breaker.accept(time.monotonic())  # it answers, if only that this one is gone
        else:
            tally.note(sign, result.code, first=result.first, asked_s=result.pause_s)

    async def _judge(self, one: _Slice) -> None:
        """Leave the gateway alone for what the slice shows of it as a whole. Where another batch may still show the
        contrary, this one only waits for that.
        """
        sign, verdict = self._gateway.judge(one.tally)
        if verdict is GatewayVerdict.WELL:
            return
        if verdict is GatewayVerdict.SUSPECT and await self._dependencies.ledger.is_better_probe_open(
            self._lease, fresh=False
        ):
            self._doubtful = True
            return
        reason, log_level = _PAUSES[sign]
        seconds = self._gateway.leave_alone(sign, one.tally, one.slots.left_at, time.monotonic())
        self._pause(reason, seconds, code=one.tally.code, log_level=log_level)

    def _log_failure(self, result: Settlement) -> None:
        if not result.is_accepted:
            failure = Failure(self._lease.channel, self._lease.gateway, result.label, result.code)
            self._dependencies.failures.note(failure, result.log_level)

    def _note(self, result: Settlement, latency_s: float, answers: int = 1) -> None:
        self._counts.note(result, latency_s, answers)
        failed = result.gateway_fault or result.error is Unauthorized
        self._gateway.budget.note(
            retry=result.attempts > 1, failed=failed, now=time.monotonic(), answers=answers
        )
        if result.pause_s and not self._gateway.limits.limits_endpoints:
            self._pause("retry_after", result.pause_s, code=result.code)

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

    async def _note_subscriptions(self) -> None:
        """Keep in mind who fails at one alert after another, until the subscription ends, and who does no more. Unless
        so many do that rather the gateway is to blame.
        """
        batch, subscriptions = self._batch, self._dependencies.subscriptions
        with suppress(*UNAVAILABLE):  # the warning is out: the next one says the same
            if accepted := batch.accepted_now():
                await subscriptions.note_accepted(accepted)
            if not batch.lasting or not self._gateway.limits.ends_failing:
                return
            suspect = batch.lasting_suspect()
            ended = 0
            if not suspect:
                policy = self._dependencies.policy.lasting
                ended = await subscriptions.note_failing(self._lease.alert_id, batch.lasting, policy)
            self._counts.removed(ended, suspect=suspect)

    async def _release(self) -> None:
        lease, ledger = self._lease, self._dependencies.ledger
        progress = self._batch.progress(final=True)
        due = self._batch.next_due()
        aside_s = LOOK_AGAIN_S if self._doubtful else LEFT_S if self._left else 0.0
        wait_s = max(self._pause_s, self._wait_s, aside_s)
        if due is not None and wait_s:
            due = max(due, self._now() + timedelta(seconds=wait_s))
        if self._withheld:
            self._counts.withheld()
        self._counts.paced(self._limiter.pace)
        done = await self._persist(lambda: ledger.release(lease, progress, due, self._endpoints))
        self._counts.written(progress.outcomes)
        self._counts.removed(len(progress.remove), suspect=self._batch.gone_suspect())
        await self._note_subscriptions()
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


def _sign(result: Settlement, *, shared_key: bool) -> Sign | None:
    """Return what a failure may be a sign of; None for one that is its recipient's alone."""
    if result.pause_s:
        return Sign.THROTTLED
    if result.error is Unauthorized and shared_key:
        return Sign.REFUSED
    return Sign.FAULT if result.gateway_fault else None
