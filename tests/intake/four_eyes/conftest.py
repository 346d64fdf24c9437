"""A record with a policy of approval."""

from collections.abc import AsyncIterator

import pytest

from tests.support.approval_world import ApprovalWorld, approval_world


@pytest.fixture
async def world(database_url: str, redis_url: str) -> AsyncIterator[ApprovalWorld]:
    async with approval_world(database_url, redis_url) as made:
        yield made
