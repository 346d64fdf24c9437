"""A gateway's limit holds for the process, whatever is in hand: all batches, all lanes."""

import asyncio
from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest

from channels.app.channel import LIMITS, App
from channels.base import ChannelDown, Transient
from dispatcher.model.subscriptions import NewSubscription
from dispatcher.model.vocabulary import BatchState, Lane, State
from tests.channels import conftest as outbound
from tests.channels.far_side import far_side, respond
from tests.delivery.conftest import House
from tests.support.histories import until
from tests.support.messages import DUEREN

authority, ca_file, client_for = outbound.authority, outbound.ca_file, outbound.client_for
SECRET = "whsec_" + b64encode(b"s" * 24).decode()
PEOPLE, BATCHES = 40, 16


class Counting:
    """A reaction that counts the requests in flight, and answers none before so many are."""

    def __init__(self, together: Any) -> None:
        self.together = together
        self.active = self.peak = 0
        self.filled = asyncio.Event()

    async def __call__(self, _seen: Any, writer: Any) -> None:
        self.active += 1
        self.peak = max(self.peak, self.active)
        if self.active >= self.together:
            self.filled.set()
        await self.filled.wait()
        self.active -= 1
        writer.write(respond(200))
        await writer.drain()


async def sixteen_batches(house: Any, origin: Any) -> list[Any]:
    """Four alerts, each in a lane of its own and to forty people in four batches."""
    await house.subscriptions.add_many(
        NewSubscription("app", origin, f"{origin}/{number}", {"secret": SECRET}, (DUEREN,))
        for number in range(PEOPLE)
    )
    batches = []
    for lane in reversed(Lane):
        batches += await house.planned(f"alert-{lane}", lane=lane)
    assert len(batches) == BATCHES
    return batches


async def still_open(house: Any) -> list[Any]:
    rows = await house.pool.fetch("SELECT id FROM batch WHERE state = $1", BatchState.OPEN)
    return [row["id"] for row in rows]


@pytest.mark.parametrize("concurrency", [1, 7, 20])
async def test_sixteen_batches_in_four_lanes_never_exceed_a_gateways_limit_and_all_are_sent(
    house: House, client_for: Any, concurrency: int
) -> None:
    counting = Counting(concurrency)
    async with far_side(counting) as side:
        limits = replace(LIMITS, concurrency=concurrency)
        deliverer = house.another(
            channels={"app": App(client_for(side.origin), limits=limits)}, slice_size=10
        )
        batches = await sixteen_batches(house, side.origin)
        while batches:
            await asyncio.gather(*(deliverer.deliver(batch) for batch in batches))
            batches = await still_open(house)
        assert counting.peak == concurrency
        assert len(side.seen) == len({seen.headers["webhook-id"] for seen in side.seen}) == 4 * PEOPLE
    rows = await house.pool.fetch("SELECT outcomes FROM batch")
    assert b"".join(row["outcomes"] for row in rows) == bytes([State.ACCEPTED] * 4 * PEOPLE)


async def test_without_a_limit_the_same_batches_would_exceed_it(house: House, client_for: Any) -> None:
    """The control: what the test above counts can be too much."""
    counting = Counting(21)
    async with far_side(counting) as side:
        limits = replace(LIMITS, concurrency=1000)
        deliverer = house.another(
            channels={"app": App(client_for(side.origin), limits=limits)}, slice_size=10
        )
        batches = await sixteen_batches(house, side.origin)
        await asyncio.gather(*(deliverer.deliver(batch) for batch in batches))
    assert counting.peak > 20


@pytest.fixture
def narrow(house: House) -> Any:
    """A gateway that takes one request at a time, and one batch of two people for each of three alerts."""
    house.channel.limits = replace(house.channel.limits, concurrency=1)
    return house


async def three_batches(house: Any) -> list[Any]:
    await house.subscribe(*"ab")
    return [batch for alert in "ABC" for batch in await house.planned(alert)]


async def waits(house: Any) -> None:
    async def crowded() -> Any:
        return house.deliverer._gateways.any_crowded()

    await until(crowded)


async def test_a_batch_that_could_only_wait_is_left_for_later_and_does_not_keep_others(narrow: Any) -> None:
    first, second, third = await three_batches(narrow)
    narrow.channel.open.clear()
    working = asyncio.create_task(narrow.deliverer.deliver(first))
    await narrow.channel.entered.wait()
    behind = asyncio.create_task(narrow.deliverer.deliver(second))
    await waits(narrow)
    await narrow.wake_ups._queue.flushall()
    await narrow.deliverer.deliver(third)
    assert await narrow.pool.fetchval("SELECT lease_token FROM batch WHERE id = $1", third) == 0
    assert await narrow.wake_ups_waiting() == {}
    await narrow.pool.execute("UPDATE batch SET gateway = 'https://other.example' WHERE id = $1", third)
    other = asyncio.create_task(narrow.deliverer.deliver(third))

    async def begun() -> bool:
        return len(narrow.channel.calls) == 2

    await until(begun)
    narrow.channel.open.set()
    await asyncio.gather(working, behind, other)
    assert await still_open(narrow) == []


async def test_what_was_left_for_later_is_woken_up_for_when_a_batch_is_put_down(narrow: Any) -> None:
    first, second, third = await three_batches(narrow)
    narrow.channel.open.clear()
    working = asyncio.create_task(narrow.deliverer.deliver(first))
    await narrow.channel.entered.wait()
    behind = asyncio.create_task(narrow.deliverer.deliver(second))
    await waits(narrow)
    await narrow.deliverer.deliver(third)
    await narrow.wake_ups._queue.flushall()
    narrow.channel.open.set()
    await asyncio.gather(working, behind)
    assert set(await narrow.wake_ups_waiting()) == {f"deliver:{third}:0"}
    await narrow.deliverer.deliver(third)
    assert await still_open(narrow) == []


async def test_an_urgent_batch_is_taken_up_where_only_others_wait(narrow: Any) -> None:
    await narrow.subscribe(*"ab")
    batches = [
        batch
        for alert, lane in (("A", Lane.ROUTINE), ("B", Lane.ROUTINE), ("C", Lane.FLASH))
        for batch in await narrow.planned(alert, lane=lane)
    ]
    narrow.channel.open.clear()
    work = [asyncio.create_task(narrow.deliverer.deliver(batches[0]))]
    await narrow.channel.entered.wait()
    work.append(asyncio.create_task(narrow.deliverer.deliver(batches[1])))
    await waits(narrow)
    work.append(asyncio.create_task(narrow.deliverer.deliver(batches[2])))

    async def waits_too() -> Any:
        [gateway] = narrow.deliverer._gateways._known.values()
        return any(request.holder.rank == Lane.FLASH.rank for request in gateway.limiter._waiting)

    await until(waits_too)
    narrow.channel.open.set()
    await asyncio.gather(*work)
    assert [alert for alert, _ in narrow.channel.seen][1] == "C", "the next to be sent"
    assert await still_open(narrow) == []


@pytest.mark.parametrize(
    "ending", [ChannelDown("x"), Transient("503"), RuntimeError("bug"), asyncio.CancelledError()], ids=repr
)
async def test_however_a_batch_ends_its_slots_are_free_again(narrow: Any, ending: Any) -> None:
    ids = await narrow.subscribe(*"ab")
    [first] = await narrow.planned("A")
    [second] = await narrow.planned("B")
    narrow.channel.script[ids[0]] = [ending]
    await asyncio.gather(narrow.deliverer.deliver(first), return_exceptions=True)
    await narrow.all_due_now()
    await narrow.deliverer.deliver(second)
    assert await narrow.outcomes(second) == bytes([State.ACCEPTED] * 2)


async def test_a_batch_that_is_cancelled_while_it_waits_or_sends_takes_no_slot_with_it(narrow: Any) -> None:
    first, second, third = await three_batches(narrow)
    narrow.channel.open.clear()
    sending = asyncio.create_task(narrow.deliverer.deliver(first))
    await narrow.channel.entered.wait()
    waiting = asyncio.create_task(narrow.deliverer.deliver(second))
    await waits(narrow)
    for task in (waiting, sending):
        task.cancel()
    await asyncio.gather(waiting, sending, return_exceptions=True)
    narrow.channel.open.set()
    await narrow.deliverer.deliver(third)
    assert await narrow.outcomes(third) == bytes([State.ACCEPTED] * 2)


async def test_what_expires_or_is_stopped_while_it_waits_is_not_sent(narrow: Any) -> None:
    first, second, third = await three_batches(narrow)
    narrow.channel.open.clear()
    sending = asyncio.create_task(narrow.deliverer.deliver(first))
    await narrow.channel.entered.wait()
    waiting = [asyncio.create_task(narrow.deliverer.deliver(batch)) for batch in (second, third)]

    async def both_wait() -> bool:
        [gateway] = narrow.deliverer._gateways._known.values()
        return len(gateway.limiter._waiting) == 2

    await until(both_wait)
    await narrow.submit("D", chain="B")
    narrow.channel.open.set()
    await asyncio.gather(sending, *waiting)
    assert {alert for alert, _ in narrow.channel.seen} == {"A", "C"}, "B was replaced before it had a slot"
