"""Slices of one batch, one beside the other, under its lease."""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from channels.base import (
    ChannelDown,
    Transient,
)
from dispatcher.delivery.delivery_counts import DeliveryCounts
from dispatcher.delivery.gateway_limiter import Holder
from dispatcher.delivery.health.evidence import SLICES_MIN
from dispatcher.delivery.leased_batch import LeasedBatch
from dispatcher.delivery.work.batch_work import BatchWork
from dispatcher.delivery.work.recording import BatchRecording
from dispatcher.delivery.work.resting import SharedProcess
from dispatcher.delivery.work.slices import SentSlice
from dispatcher.model.batches import Progress, RecipientProblem
from dispatcher.model.vocabulary import UNCERTAIN, Lane, State
from dispatcher.store.delivery.ledger import LeaseLostError
from tests.delivery.conftest import House, hung
from tests.support.histories import let_leases_end, until

ACCEPTED = State.ACCEPTED
PUSH = "https://push.example"


async def test_at_a_gateway_with_a_rate_a_slice_leaves_before_the_last_is_answered(house: House) -> None:
    house.channel.rate = 1000.0
    ids = await house.subscribe(*"abcdef")
    [batch] = await house.planned()
    house.channel.open.clear()
    work = asyncio.create_task(house.deliverer.deliver(batch))

    async def all_left() -> bool:
        return sorted(one for call in house.channel.calls for one in call) == ids

    await until(all_left)
    assert len(house.channel.calls) > 1
    assert await house.outcomes(batch) == bytes([State.CLAIMED] * 6), "claimed before they left"
    house.channel.open.set()
    await work
    assert await house.outcomes(batch) == bytes([ACCEPTED] * 6)
    assert sorted(house.channel.seen) == [("A", one) for one in ids]
    assert await house.state(batch) != "open"


async def test_who_is_about_to_be_sent_to_is_told_before_in_the_order_of_sending(house: House) -> None:
    ids = await house.subscribe(*"abc")
    told: list[list[int]] = []

    def expecting(endpoints: Any) -> None:
        assert not house.channel.calls
        told.append([one.id for one in endpoints])

    [batch] = await house.planned()
    await house.pool.execute("UPDATE subscription SET ended_at = now() WHERE id = $1", ids[1])
    deliverer = house.another(expecting={"webpush": expecting, "sms": None})
    await deliverer.deliver(batch)
    assert told == [[ids[0], ids[2]]]
    assert house.channel.calls == told


async def test_nobody_is_in_flight_twice_where_a_retry_leaves_before_its_first_slice_has_ended(
    house: House,
) -> None:
    """That slice leaves alone who is in flight again when it ends."""
    house.channel.rate = 1e6
    ids = await house.subscribe(*"ab")
    retry_answered, other_answered = asyncio.Event(), asyncio.Event()
    house.channel.script |= {ids[0]: [Transient("503"), retry_answered], ids[1]: [other_answered]}
    [batch] = await house.planned()
    deliverer = house.another(random=lambda: 0.0)
    limiter = deliverer._gateways.of("webpush", PUSH).limiter
    work = asyncio.create_task(deliverer.deliver(batch))

    async def retried() -> bool:
        return house.channel.calls == [ids, ids[:1]]

    async def first_slice_has_ended() -> bool:
        return limiter._held.total() == 1

    await until(retried)
    other_answered.set()
    await until(first_slice_has_ended)
    retry_answered.set()
    await work
    assert house.channel.calls == [ids, ids[:1]]
    assert sorted(house.channel.seen) == [("A", one) for one in ids]


async def test_what_is_under_way_when_the_deadline_passes_is_heard_before_the_rest_expires(
    house: House,
) -> None:
    house.channel.rate = 5.0
    ids = await house.subscribe(*"ab")
    [batch] = await house.planned()
    house.channel.open.clear()
    work = asyncio.create_task(house.deliverer.deliver(batch))
    await house.channel.entered.wait()
    await house.pool.execute("UPDATE batch SET deadline = deadline")
    clock = house.dependencies.clock
    clock.read(clock() + timedelta(days=2), clock.elapsed())
    await asyncio.sleep(0)
    house.channel.open.set()
    await work
    assert house.channel.seen == [("A", ids[0])]
    assert await house.outcomes(batch) == bytes([ACCEPTED, State.EXPIRED])


@pytest.mark.parametrize(
    ("rate", "at"), [(1000.0, 1), (20.0, 0)], ids=["beside others", "while the next waits for its time"]
)
@pytest.mark.parametrize("error", [ChannelDown("x"), RuntimeError("bug"), asyncio.CancelledError()], ids=repr)
async def test_however_one_of_several_slices_ends_the_others_end_too_and_slots_are_free(
    house: House, error: BaseException, rate: float, at: int
) -> None:
    house.channel.rate = rate
    ids = await house.subscribe(*"abc")
    house.channel.script[ids[at]] = [error]
    [batch] = await house.planned()
    await asyncio.gather(house.deliverer.deliver(batch), return_exceptions=True)
    limiter = house.deliverer._gateways.of("webpush", PUSH).limiter
    assert (limiter._held.total(), limiter.departing) == (0, 0), "nor is anything about to leave"
    await let_leases_end(house.pool)
    await house.all_due_now()
    await house.deliverer.deliver(batch)
    assert {state & ~UNCERTAIN for state in await house.outcomes(batch)} == {ACCEPTED}


async def test_nobody_is_sent_to_once_the_record_has_not_taken_a_claim(house: House) -> None:
    """Another worker has taken the batch over: whoever waited for a slice's write writes its own claims, in vain."""
    await house.subscribe(*"ab")
    [batch] = await house.planned()
    lease = await house.ledger.acquire(batch)
    policy = house.dependencies.policy
    counts = DeliveryCounts(house.dependencies.metrics, lease)
    leased = LeasedBatch(lease, policy, lambda: 0.0)
    recording = BatchRecording(house.ledger, leased, counts, policy.recording)
    await let_leases_end(house.pool)
    await house.ledger.acquire(batch)
    for position in (0, 1):
        recording.claim([position])
    written = await asyncio.gather(recording.write_claims(), recording.write_claims(), return_exceptions=True)
    assert [type(one) for one in written] == [LeaseLostError, LeaseLostError]


@pytest.mark.parametrize("accepted", [True, False])
async def test_a_gateway_that_accepts_somebody_while_the_record_is_asked_is_not_left_alone(
    house: House, accepted: bool
) -> None:
    await house.subscribe("a")
    [batch] = await house.planned()
    lease = await house.ledger.acquire(batch)
    gateway = house.deliverer._gateways.of("webpush", PUSH)
    work = BatchWork(house.dependencies, lease, gateway, SharedProcess(), contextlib.nullcontext)
    slots = await gateway.limiter.acquire(1, Holder(0, "leitstelle"))
    first, last = (SentSlice(batch, slots, fresh=True) for _ in range(SLICES_MIN))
    for one in (first, last):
        one.tally.faults = one.tally.faults_in_all = 99
    await work._judge(first)

    async def is_asked() -> bool:
        waiting: bool = await house.pool.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return waiting

    async with house.pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE batch")
        judging = asyncio.create_task(work._judge(last))
        await until(is_asked)
        if accepted:
            gateway.accept(time.monotonic())
    await judging
    assert gateway.breaker.probing is not accepted
    assert bool(work._pauses.seconds) is not accepted


async def died_twice(house: Any, batch: Any) -> None:
    """The batch's first recipient was in hand at two deaths, everybody else has got it."""
    lease = await house.ledger.acquire(batch)
    outcomes = bytes([State.RETRY | UNCERTAIN] + [ACCEPTED] * (len(lease.recipients) - 1))
    crashed = RecipientProblem(0, lease.recipients[0], 0, 2, "crash", "worker_died", "", lease.now)
    await house.ledger.advance(lease, Progress(outcomes, (crashed,)))
    await let_leases_end(house.pool)


async def test_whoever_has_a_last_chance_is_alone_in_the_process_until_it_is_written_down(
    house: House,
) -> None:
    """Else a neighbour of another batch, in hand at the same three deaths, would be given up too. Who waits for that
    leaves its place among the jobs to others: after deaths with many in flight they are many.
    """
    resting: set[int] = set()

    def rests(batch: int) -> Any:
        @contextlib.contextmanager
        def rest() -> Iterator[None]:
            resting.add(batch)
            yield
            resting.discard(batch)

        return rest

    await house.subscribe(*(f"p{n:02}" for n in range(20)))
    first, second = await house.planned()
    for batch in (first, second):
        await died_twice(house, batch)
    house.channel.open.clear()
    work = [asyncio.create_task(house.deliverer.deliver(batch, rests(batch))) for batch in (first, second)]

    async def one_waits_for_the_other() -> bool:
        return bool(house.deliverer._process.alone._waiters)

    await until(one_waits_for_the_other)
    await house.channel.entered.wait()
    states = {batch: (await house.outcomes(batch))[0] & ~UNCERTAIN for batch in (first, second)}
    assert sorted(states.values()) == [State.CLAIMED, State.RETRY]
    assert {batch for batch, state in states.items() if state == State.RETRY} <= resting
    assert len(house.channel.calls) == 1
    house.channel.open.set()
    await asyncio.gather(*work)
    assert len(house.channel.seen) == 2
    for batch in (first, second):
        assert await house.outcomes(batch) == bytes([ACCEPTED] * 10)


async def test_a_long_slice_keeps_its_lease_by_signs_of_life(house: House) -> None:
    await house.subscribe("a")
    [batch] = await house.planned()
    house.channel.open.clear()
    working = asyncio.create_task(house.deliverer.deliver(batch))
    await house.channel.entered.wait()
    await let_leases_end(house.pool)

    async def renewed() -> Any:
        return await house.pool.fetchval("SELECT lease_until > clock_timestamp() FROM batch")

    await until(renewed)
    assert await house.ledger.acquire(batch) is None
    house.channel.open.set()
    await working
    assert await house.outcomes(batch) == bytes([ACCEPTED])


async def test_told_to_stop_it_puts_the_batch_down_after_the_slice_in_hand(house: House) -> None:
    ids = await house.subscribe(*"abcdefg")
    [batch] = await house.planned()
    house.channel.open.clear()
    working = asyncio.create_task(house.deliverer.deliver(batch))
    await house.channel.entered.wait()
    house.deliverer.stop()
    house.channel.open.set()
    await working
    assert house.channel.calls == [ids[:3]]
    assert f"deliver:{batch}:1" in await house.wake_ups_waiting(), "for another worker"
    await house.deliverer.deliver(batch)
    assert house.channel.calls == [ids[:3]], "this one takes nothing any more"
    await house.another().deliver(batch)
    assert house.channel.seen == [("A", one) for one in ids]


async def test_who_is_silent_for_longer_than_usual_does_not_keep_the_next_slices_waiting(
    house: House,
) -> None:
    ids = await house.subscribe(*"abcdefg")
    answered = await hung(house, ids[:2])
    [batch] = await house.planned()
    working = asyncio.create_task(house.deliverer.deliver(batch))

    async def others_have_it() -> bool:
        return [one for _, one in house.channel.seen] == ids[2:]

    await until(others_have_it)
    limiter = house.deliverer._gateways.of("webpush", PUSH).limiter

    async def they_left_their_slots() -> bool:
        return (limiter.silent, limiter._free) == (2, house.channel.limits.concurrency)

    await until(they_left_their_slots)
    answered.set()
    await working
    assert await house.outcomes(batch) == bytes([ACCEPTED] * 7)
    assert (limiter.silent, limiter._free) == (0, house.channel.limits.concurrency)


async def test_a_lease_that_is_lost_to_a_silent_slice_ends_the_work(house: House) -> None:
    ids = await house.subscribe(*"abcdef")
    answered = await hung(house, ids[:1])
    [batch] = await house.planned()
    working = asyncio.create_task(house.deliverer.deliver(batch))

    async def others_have_it() -> bool:
        return len(house.channel.seen) == 5

    await until(others_have_it)
    await house.pool.execute("UPDATE batch SET lease_token = lease_token + 1")
    answered.set()
    await working
    assert house.count("warn_leases_lost_total") == 1


async def test_an_open_circuit_is_probed_by_a_batch_with_somebody_who_was_never_tried(house: House) -> None:
    [one] = await house.subscribe("a")
    house.channel.script[one] = [Transient("503")]
    [older] = await house.planned("A", lane=Lane.FLASH)
    await house.deliverer.deliver(older)
    [newer] = await house.planned("B", lane=Lane.ROUTINE)
    house.deliverer._gateways.of("webpush", PUSH).breaker.fail(time.monotonic())
    await house.all_due_now()
    house.channel.calls.clear()
    await house.deliverer.deliver(older)
    assert house.channel.calls == []
    assert f"deliver:{older}:2" in await house.wake_ups_waiting("flash"), "it looks again soon"
    for batch in (newer, older):
        await house.all_due_now()
        await house.deliverer.deliver(batch)
    assert house.channel.seen == [("B", one), ("A", one)]
