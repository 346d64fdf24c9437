"""What a worker process is made of."""

import pytest

from dispatcher.settings import Settings
from dispatcher.wiring.worker import worker_dependencies


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
