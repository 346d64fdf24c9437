"""The parts that working on a batch takes."""

from dataclasses import replace

from dispatcher.model.retry_policy import DEFAULT_POLICY
from tests.delivery.conftest import House


async def test_what_is_not_named_is_the_defaults_and_each_process_has_its_own_clock(house: House) -> None:
    parts = house.dependencies
    assert (parts.policy, parts.buckets) == (DEFAULT_POLICY, None)
    other = type(parts)(
        parts.ledger,
        parts.subscriptions,
        parts.notices,
        parts.channels,
        parts.wake_ups,
        parts.gate,
        parts.metrics,
        parts.slice_size,
        parts.random,
    )
    assert other.clock is not parts.clock
    assert other.failures is not parts.failures
    assert replace(parts, slice_size=7).clock is parts.clock
