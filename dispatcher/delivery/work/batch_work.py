"""Send one batch slice by slice under its lease, record each outcome, release the lease.

The next slice leaves when the last has been answered. What is silent while others are answered goes on beside the next
slices, and a batch that has nothing left to do but to wait for that gives its place among the jobs away meanwhile.
"""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import AbstractContextManager, aclosing, nullcontext, suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from channels.base import ChannelError, NotMade, Receipt
from dispatcher.delivery.delivery_counts import DeliveryCounts
from dispatcher.delivery.gateway_limiter import Holder
from dispatcher.delivery.health.evidence import GatewayVerdict, Sign
from dispatcher.delivery.leased_batch import LeasedBatch
from dispatcher.delivery.pace.flights import Flights
from dispatcher.delivery.work.answers import BatchAnswers
from dispatcher.delivery.work.pauses import PAUSES, BatchPauses
from dispatcher.delivery.work.recording import BatchRecording
from dispatcher.delivery.work.slices import AwaitedSlices, SentSlice
from dispatcher.model.batches import ReadyBatch
from dispatcher.queue import wakeups
from dispatcher.store.delivery.ledger import LeaseLostError
from dispatcher.store.record import UNAVAILABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from channels.base import Channel, Endpoint, Notice
    from dispatcher.delivery.gateways import Gateway
    from dispatcher.delivery.leased_batch import SliceClaim
    from dispatcher.delivery.work.dependencies import DelivererDependencies
    from dispatcher.delivery.work.resting import SharedProcess
    from dispatcher.model.batches import Lease

LOOK_AGAIN_S = 0.5
"""How soon a batch looks again that leaves the probe of its gateway, or the proof that it is well, to another one."""
LEFT_S = 0.25
"""How soon a batch is looked at again that is left to a process with a session: any process may take it up."""


class BatchWork:
    """Works on one batch under one lease."""

    def __init__(
        self,
        dependencies: DelivererDependencies,
        lease: Lease,
        gateway: Gateway,
        process: SharedProcess,
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
        self._flights = Flights()
        self._awaited = AwaitedSlices(gateway)
        self._until_aside = 0
        self._left = False
        """Whether the batch is left to another process, which has a session with the gateway."""
        self._over = False
        """Whether nothing may be sent any more: what is open once all has landed expires."""
        self._endpoints: Mapping[int, Endpoint] = {}
        """Where the recipients were when the work began."""
        self._are_plain = False
        """Whether all of them can be read and take the document, as nearly always: no slice is looked through then."""
        self._handed_over = False
        self._token_of: Callable[[int], bytes] | None = None
        """Makes the recipients' receipt tokens, once a slice has asked for receipts."""
        self._counts = DeliveryCounts(dependencies.metrics, lease)
        policy = dependencies.policy.recording
        self._recording = BatchRecording(dependencies.ledger, self._batch, self._counts, policy)
        self._pauses = BatchPauses(lease, self._counts)
        self._answers = BatchAnswers(self._batch, gateway, self._counts, self._pauses, dependencies.failures)

    def _now(self) -> datetime:
        """Return the record's time: a worker's own date may be wrong."""
        return self._dependencies.clock()

    async def run(self) -> None:
        """Send what may be sent now, and release the lease. Raises `LeaseLostError`."""
        self._limiter.look_up()
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
                stopped = await self._dependencies.ledger.heartbeat(self._lease)
                self._recording.stopped |= stopped

    async def _send_all(self) -> None:
        batch = self._batch
        channel = self._dependencies.channels.get(self._lease.channel)
        if channel is None:
            self._pauses.add("unknown_channel", self._dependencies.policy.pauses.misconfigured_s)
            return
        endpoints = await self._dependencies.subscriptions.endpoints(batch.open_recipients())
        # Asked after they were read: from here on all of them are at the batch's gateway.
        if await self._hand_over():
            return
        self._endpoints = endpoints
        self._are_plain = all(each.is_legible and not each.takes_message for each in endpoints.values())
        batch.drop_missing(endpoints)
        if (expecting := self._dependencies.expecting.get(self._lease.channel)) is not None:
            expecting([endpoints[each] for each in batch.fresh_in_order()])
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
                    await self._recording.write()
            finally:
                self._process.alone.release()

    async def _room(self) -> int:
        """Wait until another slice may leave beside those that are under way. Returns for how many, at most."""
        while True:
            self._flights.check()
            found = self._awaited.room(self._gateway.slice_size(self._dependencies.slice_size))
            if found.recipients:
                return found.recipients
            with self._rest() if found.overdue else nullcontext():
                await self._flights.land_one(found.look_s)

    async def _await_answers(self) -> bool:
        """Rest until a slice that is under way has landed, or a retry is due, or somebody may have become silent. Who
        fails meanwhile is due before the others of the slice have answered. Returns whether any was under way.
        """
        due = self._batch.next_due()
        wait_s = 0.0 if due is None else (due - self._now()).total_seconds()
        return await self._listen(max(LOOK_AGAIN_S, wait_s))

    async def _land(self) -> None:
        """Rest until all slices have landed."""
        while await self._listen():
            pass

    async def _listen(self, most_s: float = math.inf) -> bool:
        self._awaited.leave_out_silent()
        if self._awaited:
            most_s = min(most_s, self._gateway.answer_times.usual_s)
        with self._rest():
            return await self._flights.land_one(most_s if most_s < math.inf else None)

    def _rest(self) -> AbstractContextManager[None]:
        return self._process.rest(self._lease, self._dependencies.gate, self._resting)

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
            claim = self._recording.claim(positions)
            self._until_aside -= len(positions)
            one = SentSlice(self._lease.batch_id, slots, fresh=fresh)
            flight = self._flights.start(self._send_claimed(channel, notice, claim, one))
            # One that is dropped before it has begun runs no `finally`.
            flight.add_done_callback(lambda _: slots.give_back(slots.held + slots.silent))
        except BaseException:
            slots.give_back(slots.held)
            raise
        if not slots.paced:
            self._awaited.add(one)

    async def _send_claimed(
        self, channel: Channel, notice: Notice, claim: SliceClaim, one: SentSlice
    ) -> None:
        recipients, slots, gateway = self._lease.recipients, one.slots, self._gateway
        retries = 0 if one.fresh else len(claim.positions)
        gateway.retrying += retries
        try:
            await self._recording.write_claims()
            await self._limiter.depart(slots)
            if self._may_go_on():
                one.begin()
                endpoints = self._without_illegible(
                    [self._endpoints[recipients[n]] for n in claim.positions], one
                )
                notice, endpoints = await self._with_message(notice, endpoints, one)
                await self._send(channel, notice, endpoints, one)
            # A recipient without a receipt was not started; the channel gives receipts for all that it started.
            self._batch.unclaim(claim)
            await self._judge(one)
        finally:
            gateway.retrying -= retries
            slots.give_back(slots.held + slots.silent)
            self._awaited.discard(one)

    def _without_illegible(self, endpoints: list[Endpoint], one: SentSlice) -> list[Endpoint]:
        """Return the endpoints that could be read. The others are tried again, here or by a worker that has their key,
        and hold up nobody.
        """
        if self._are_plain:
            return endpoints
        illegible = [each for each in endpoints if not each.is_legible]
        if not illegible:
            return endpoints
        one.slots.give_back(len(illegible))
        self._answers.take_as_made(
            [Receipt(each.id, NotMade("illegible")) for each in illegible], one, self._now()
        )
        return [each for each in endpoints if each.is_legible]

    async def _with_message(
        self, notice: Notice, endpoints: list[Endpoint], one: SentSlice
    ) -> tuple[Notice, list[Endpoint]]:
        """Return the notice with the signed message where one of the endpoints takes that. Where it cannot be signed
        these are tried again, and hold up nobody.
        """
        if self._are_plain or not any(each.takes_message for each in endpoints):
            return notice, endpoints
        if message := await self._dependencies.notices.signed_message(self._lease.alert_id):
            return replace(notice, message=message), endpoints
        unsigned = [each for each in endpoints if each.takes_message]
        one.slots.give_back(len(unsigned))
        self._answers.take_as_made(
            [Receipt(each.id, NotMade("message_not_signed")) for each in unsigned], one, self._now()
        )
        return notice, [each for each in endpoints if not each.takes_message]

    async def _notice(self) -> Notice | None:
        """Return what may be sent now. None once nothing is left to tell: then all that is left open expires."""
        told_until = self._answers.told_until
        moment = max(self._now(), told_until) if told_until else self._now()
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
        if rest_s and not self._pauses.seconds:
            self._pauses.add(PAUSES[Sign.FAULT][0], rest_s)
        put_down = self._recording.stopped or self._doubtful or self._left or self._process.stopping.is_set()
        return not (self._over or self._pauses.seconds or put_down)

    async def _send(
        self, channel: Channel, notice: Notice, endpoints: list[Endpoint], one: SentSlice
    ) -> None:
        notice = self._asking_for_receipts(notice)
        try:
            async with aclosing(channel.send(notice, self._lease.gateway, endpoints)) as receipts:
                async for arrived in receipts:
                    one.heard_at = time.monotonic()
                    # A refusal is heeded before the slot is another's.
                    self._answers.take(arrived, notice.deadline, one, self._now())
                    one.slots.give_back(len(arrived))
                    if self._recording.is_due:
                        one.heard_at = math.inf
                        await self._recording.write()
                        one.heard_at = time.monotonic()
        except ChannelError as error:
            if error.is_local and await self._others_have_a_session():
                self._left = True
                return
            misconfigured_s = self._dependencies.policy.pauses.misconfigured_s
            seconds = misconfigured_s if error.needs_person else self._gateway.breaker.fail(time.monotonic())
            self._pauses.add(error.label, seconds, code=error.code, log_level=error.log_level)

    def _asking_for_receipts(self, notice: Notice) -> Notice:
        """Return the notice with a token for each of the batch's recipients, for what its device says of it."""
        tokens = self._dependencies.receipt_tokens
        if tokens is None:
            return notice
        if self._token_of is None:
            self._token_of = tokens.of_batch(
                self._lease.batch_id, self._lease.generation, self._batch.positions
            )
        return replace(notice, receipt_token=self._token_of)

    async def _others_have_a_session(self) -> bool:
        """Whether another process can send by the gateway that this one has no session with. Then nothing is said of
        the gateway, which the others would be kept from.
        """
        sessions = self._dependencies.sessions
        return sessions is not None and await sessions.is_any(self._lease.gateway)

    async def _judge(self, one: SentSlice) -> None:
        """Leave the gateway alone for what the slice shows of it as a whole. Where another batch may still show the
        contrary, this one only waits for that.
        """
        sign, verdict = self._gateway.judge(one.tally)
        if verdict is GatewayVerdict.WELL:
            return
        if verdict is GatewayVerdict.SUSPECT:
            if await self._dependencies.ledger.is_better_probe_open(self._lease, fresh=False):
                self._doubtful = True
                return
            if self._gateway.evidence.accepted_at > one.tally.started:
                return  # while the record was asked
        reason, log_level = PAUSES[sign]
        seconds = self._gateway.leave_alone(sign, one.tally, one.slots.left_at, time.monotonic())
        self._pauses.add(reason, seconds, code=one.tally.code, log_level=log_level)

    async def _note_subscriptions(self) -> None:
        """Keep in mind who fails at one alert after another, until the subscription ends. Unless so many do that rather
        the gateway is to blame.
        """
        batch, subscriptions = self._batch, self._dependencies.subscriptions
        with suppress(*UNAVAILABLE):  # the warning is out: the next one says the same
            if not (batch.lasting or batch.absent) or not self._gateway.limits.ends_failing:
                return
            suspect = batch.lasting_suspect()
            ended = 0
            if not suspect:
                policy, alert_id = self._dependencies.policy.lasting, self._lease.alert_id
                for codes, absent in ((batch.lasting, False), (batch.absent, True)):
                    if codes:
                        ended += await subscriptions.note_failing(alert_id, codes, policy, absent=absent)
            self._counts.removed(ended, suspect=suspect)

    async def _release(self) -> None:
        lease, ledger = self._lease, self._dependencies.ledger
        progress = self._batch.progress(final=True)
        due = self._batch.next_due()
        aside_s = LOOK_AGAIN_S if self._doubtful else LEFT_S if self._left else 0.0
        wait_s = max(self._pauses.seconds, self._wait_s, aside_s)
        if due is not None and wait_s:
            due = max(due, self._now() + timedelta(seconds=wait_s))
        if self._withheld:
            self._counts.withheld()
        self._counts.paced(self._limiter.pace)
        done = await self._recording.persist(lambda: ledger.release(lease, progress, due, self._endpoints))
        self._counts.written(progress.outcomes)
        self._counts.removed(len(progress.remove), suspect=self._batch.gone_suspect())
        await self._note_subscriptions()
        if self._pauses.seconds:
            seconds, reason = self._pauses.seconds, self._pauses.reason
            await ledger.pause_gateway(lease.channel, lease.gateway, seconds, reason)
        if done or self._recording.stopped:
            return
        delay = max(0.0, (due - self._now()).total_seconds()) if due else 0.0
        await self._dependencies.wake_ups.enqueue(
            [
                wakeups.batch_wake_up(
                    ReadyBatch(lease.batch_id, lease.lane, lease.token, lease.source_id), delay
                )
            ]
        )
