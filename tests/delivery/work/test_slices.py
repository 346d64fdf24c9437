"""Slices that have left, and how many leave beside them."""

from typing import Any

from dispatcher.delivery.gateway_limiter import Holder
from dispatcher.delivery.gateways import Gateway, Gateways
from dispatcher.delivery.work.slices import AwaitedSlices, SentSlice
from dispatcher.model.retry_policy import DEFAULT_POLICY
from tests.delivery.scripted_channel import LIMITS, ScriptedChannel

MOST = LIMITS.concurrency


def known_gateway() -> Gateway:
    return Gateways(DEFAULT_POLICY, {"webpush": ScriptedChannel()}).of("webpush", "https://push.example")


async def sent(gateway: Gateway, count: int = MOST, **changes: Any) -> SentSlice:
    slots = await gateway.limiter.acquire(count, Holder(0, "centre"))
    return SentSlice(1, slots, **{"fresh": True, **changes})


def grow_old(one: SentSlice, seconds: float) -> None:
    one.tally.started -= seconds
    one.heard_at -= seconds


async def test_the_next_slice_leaves_when_the_last_was_answered_or_beside_the_rest_of_it() -> None:
    gateway = known_gateway()
    slices = AwaitedSlices(gateway)
    assert slices.room(MOST).recipients == MOST
    one = await sent(gateway, 9)
    slices.add(one)
    one.begin()
    gateway.accept(one.tally.started)
    assert slices
    assert slices.room(MOST).recipients == 0
    one.slots.give_back(5)
    grow_old(one, 0.05)
    assert slices.room(MOST).recipients == MOST
    slices.discard(one)
    slices.discard(one)
    assert not slices


async def test_the_silent_leave_their_slots_while_others_are_accepted_and_are_waited_for_no_more() -> None:
    gateway = known_gateway()
    slices = AwaitedSlices(gateway)
    one, retried = await sent(gateway, 4), await sent(gateway, 2, fresh=False)
    for each in (one, retried):
        slices.add(each)
        grow_old(each, 5.0)
    slices.leave_out_silent()
    assert (one.slots.held, one.has_left) == (4, False), "nobody was accepted"
    gateway.accept(one.tally.started)
    slices.leave_out_silent()
    assert (one.slots.held, one.slots.silent, one.has_left) == (0, 4, True)
    assert (retried.slots.held, retried.has_left) == (2, False)
    slices.discard(retried)
    assert not slices
    one.slots.give_back(4)
    assert gateway.limiter.silent == 0


async def test_what_is_known_of_a_slice_counts_from_when_its_requests_leave() -> None:
    one = await sent(known_gateway(), 3)
    created = one.awaited
    one.begin()
    assert one.awaited.left_at == one.awaited.heard_at > created.left_at
    assert (created.size, created.count, created.fresh) == (3, 3, True)
