"""Notices, rendered once and kept as long as they are right."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dispatcher.delivery.notices import KEPT
from tests.delivery.conftest import House
from tests.support.messages import HOUR, InfoPart, Message

NOW = datetime.now(UTC)


async def leased(house: House, *infos: Any) -> Any:
    await house.subscribe("a")
    raw = Message(identifier="A", sent=NOW, infos=infos or (InfoPart(),)).xml()
    [batch] = await house.planned(raw=raw, expires=NOW + 20 * HOUR)
    return await house.ledger.acquire(batch)


async def test_notices_are_kept_and_the_oldest_make_room(house: House, env: pytest.MonkeyPatch) -> None:
    lease = await leased(house)
    notices = house.dependencies.notices
    first = await notices.notice(lease, NOW)
    assert await notices.notice(lease, NOW) is first
    kept = notices._kept["A", lease.kind, "de"]
    notices._kept.update({(str(n), lease.kind, "de"): kept for n in range(KEPT)})
    assert await notices.notice(lease, NOW) is first
    notices._kept.pop(("A", lease.kind, "de"))
    assert len(notices._kept) == KEPT
    await notices.notice(lease, NOW)
    assert len(notices._kept) == KEPT


async def test_at_the_end_of_an_info_the_next_one_is_told_and_at_last_nothing(house: House) -> None:
    grave = InfoPart(severity="Extreme", headline="Gewitter", lifetime=timedelta(seconds=25))
    long = InfoPart(severity="Minor", headline="Regen", lifetime=10 * HOUR)
    lease = await leased(house, long, grave)
    notices = house.dependencies.notices
    told = [await notices.notice(lease, NOW + timedelta(seconds=s)) for s in (0, 20, 25, 40, 36_000)]
    assert [notice and notice.title for notice in told] == [
        "WARNUNG: Gewitter",
        "WARNUNG: Gewitter",
        "WARNUNG: Regen",
        "WARNUNG: Regen",
        None,
    ]
    assert told[0] is told[1]
    assert told[2] is told[3]
