"""What a worker process is made of."""

import asyncio

import pytest

from dispatcher.model.approval.policy import PolicyRule
from dispatcher.model.vocabulary import AlertState
from dispatcher.settings import Settings
from dispatcher.wiring.worker import worker_dependencies
from tests.metrics.test_registry import samples
from tests.support.approval_world import approval_world
from tests.support.histories import until
from tests.support.submissions import warning


@pytest.mark.parametrize(
    ("encoder", "most", "filled"), [("own", 7, True), ("own", 0, False), ("pywebpush", 7, False)]
)
async def test_a_worker_makes_keys_and_checks_addresses_only_where_that_is_wanted(
    env: pytest.MonkeyPatch, database_url: str, redis_url: str, encoder: str, most: int, filled: bool
) -> None:
    env.setenv("WARN_PUSH_ENCODER", encoder)
    env.setenv("WARN_READY_KEYS", str(most))
    env.setenv("WARN_FCM_CHECKS", str(filled))
    settings = Settings(database_url=database_url, redis_url=redis_url)
    async with worker_dependencies(settings) as parts:
        assert (parts.key_precomputer is not None) is filled
        assert (parts.address_checks is not None) is filled


async def test_the_worker_that_leads_counts_what_waits_for_its_number(
    database_url: str, redis_url: str
) -> None:
    """Without boundaries, which a worker without feeds does not load."""
    settings = Settings(database_url=database_url, redis_url=redis_url)
    async with approval_world(database_url, redis_url) as world, worker_dependencies(settings) as parts:
        await world.policy(PolicyRule("*", "Severe", 1, is_needed=True))
        held = await world.submit_uncounted(warning())
        assert parts.approval_counts is not None
        await parts.approval_counts.step()
        assert await world.approvals.uncounted() == [held], "it does not lead yet"
        sweeping = asyncio.create_task(parts.reconciler.run())

        async def has_swept() -> bool:
            return samples(parts.metrics)["warn_last_reconciliation_timestamp_seconds", frozenset()] > 0

        try:
            await until(has_swept)
            await parts.approval_counts.step()
        finally:
            sweeping.cancel()
            await asyncio.wait([sweeping])
        alert = await world.alerts.get(held)
        assert alert is not None
        assert alert.state is AlertState.ACCEPTED
