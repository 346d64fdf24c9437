"""What a process knows of its gateways."""

import asyncio
from typing import Any

import pytest

from dispatcher.delivery.gateway_limiter import Holder
from dispatcher.delivery.gateways import Gateways
from dispatcher.model.batches import ReadyBatch
from dispatcher.model.retry_policy import BreakerPolicy, DeliveryPolicy, PausePolicy
from dispatcher.model.vocabulary import Lane
from tests.delivery.scripted_channel import LIMITS, ScriptedChannel

PUSH = "https://push.example"


def gateways(policy: DeliveryPolicy = DeliveryPolicy()) -> Gateways:  # noqa: B008 - frozen
    return Gateways(policy, {"webpush": ScriptedChannel()})


async def test_a_gateway_is_one_of_one_channel_and_has_that_channels_limit() -> None:
    known = gateways()
    assert known.of("webpush", PUSH) is known.of("webpush", PUSH)
    assert known.of("webpush", PUSH) is not known.of("app", PUSH)
    limiter = known.of("webpush", PUSH).limiter
    assert await limiter.take(10_000, Holder(Lane.FLASH.rank, "centre")) == LIMITS.concurrency


def test_its_breaker_and_budget_are_the_policys() -> None:
    policy = DeliveryPolicy(breaker=BreakerPolicy(pause_base_s=7))
    assert gateways(policy).of("webpush", PUSH).breaker.fail(0.0) == 7


def test_a_gateway_that_takes_nothing_is_left_alone_ever_longer_up_to_what_the_policy_says() -> None:
    policy = DeliveryPolicy(pauses=PausePolicy(rate_limited_s=3))
    limiter = gateways(policy).of("webpush", PUSH).limiter
    waits = [limiter.refused(float("inf"), 0.0) for _ in range(12)]
    assert waits[:3] == pytest.approx([0.05, 0.1, 0.2], abs=0.02)
    assert waits[-1] == pytest.approx(3, abs=0.02)


async def test_its_rate_is_the_channels() -> None:
    channel = ScriptedChannel(rate=50.0)
    assert Gateways(DeliveryPolicy(), {"webpush": channel}).of("webpush", PUSH).limiter.pace.rate == 49.0
    assert gateways().of("webpush", PUSH).limiter.pace.rate is None


async def test_a_rate_is_shared_where_the_provider_counts_an_account_and_a_bucket_is_there() -> None:
    asked: list[tuple[str, float | None]] = []

    def bucket(account: str, rate: float | None) -> Any:
        asked.append((account, rate))
        return None

    own, shared = ScriptedChannel(rate=50.0), ScriptedChannel(rate=50.0, account="konto")
    for channel in (own, shared, ScriptedChannel(account="learnt")):
        Gateways(DeliveryPolicy(), {"webpush": channel}, bucket).of("webpush", PUSH)
    assert asked == [("konto", 49.0), ("learnt", None)]


async def test_it_is_known_whether_somebody_waits_anywhere() -> None:
    known = gateways()
    assert not known.any_crowded()
    limiter = known.of("webpush", PUSH).limiter
    await limiter.take(LIMITS.concurrency, Holder(Lane.FLASH.rank, "centre"))
    assert not known.any_crowded()
    waiting = asyncio.create_task(limiter.take(1, Holder(Lane.EXERCISE.rank, "centre")))
    await asyncio.sleep(0)
    assert known.any_crowded()
    waiting.cancel()


def test_for_each_batch_put_down_one_is_woken_up_and_at_the_last_all() -> None:
    gateway = gateways().of("webpush", PUSH)
    ready_batches = [ReadyBatch(number, Lane.ROUTINE, 0, "centre") for number in range(5)]
    others = ReadyBatch(7, Lane.ROUTINE, 0, "other")
    for ready in [others, *ready_batches]:
        gateway.postpone(ready)
    gateway.batches["centre"] = 1
    assert gateway.wake_ups("centre") == ready_batches[:1]
    assert gateway.wake_ups("centre") == ready_batches[1:2]
    gateway.batches["centre"] = 0
    assert gateway.wake_ups("centre") == ready_batches[2:]
    assert gateway.wake_ups("centre") == []
    assert gateway.wake_ups("other") == [others], "another source's wait for that source's"
    assert gateway.postponed == {}
