"""Notices, rendered once and kept."""

import pytest

from tests.delivery.conftest import House


async def test_notices_are_kept_and_the_oldest_make_room(house: House, env: pytest.MonkeyPatch) -> None:
    await house.subscribe("a")
    [batch] = await house.planned()
    lease = await house.ledger.acquire(batch)
    notices = house.dependencies.notices
    first = await notices.notice(lease)
    assert await notices.notice(lease) is first
    notices._kept.update({(str(n), lease.kind, "de"): first for n in range(300)})
    notices._kept.pop(("A", lease.kind, "de"), None)
    before = len(notices._kept)
    await notices.notice(lease)
    assert len(notices._kept) == before
