"""How long a push service is asked to keep a message, and whether its acceptances are to be read."""

from datetime import UTC, datetime
from typing import Any

import pytest

from channels.base import Transient
from channels.http.messages import Answer
from channels.webpush.services.browsers import APPLE, BROWSERS, GOOGLE, MICROSOFT, MOZILLA
from channels.webpush.services.push_service import KEPT_S
from channels.webpush.services.unifiedpush import NEXTPUSH, NTFY, UNIFIEDPUSH

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
ALL = (*BROWSERS, NTFY, NEXTPUSH, UNIFIEDPUSH)


@pytest.mark.parametrize("service", ALL, ids=lambda service: service.name)
@pytest.mark.parametrize("left", [0.01, 0.99, 1, 59.9, 60, 61.7, 3600.5, KEPT_S, 1e9])
def test_the_ttl_is_never_0_nor_beyond_the_deadline_by_more_than_the_service_asks(
    service: Any, left: Any
) -> None:
    ttl = service.ttl(left)
    assert service.ttl_min_s <= ttl <= service.ttl_max_s <= KEPT_S
    assert ttl >= 1
    assert ttl <= max(left, service.ttl_min_s)


def test_mozillas_bridge_gets_its_minute_and_the_others_what_is_left() -> None:
    assert [service.ttl(7.5) for service in (MOZILLA, APPLE, GOOGLE, MICROSOFT)] == [60, 7, 7, 7]


def test_only_microsofts_acceptances_are_read() -> None:
    assert [service.name for service in ALL if service.reads_acceptances] == ["microsoft"]
    dropped = Answer(201, (b"X-WNS-Status: dropped",))
    assert isinstance(MICROSOFT.judge(dropped, lambda: NOW), Transient)
    assert MOZILLA.judge(dropped, lambda: NOW) is None
