"""Dead letters in numbers, as the route and the page count and replay them; the rest is tried at both."""

import asyncio
from types import SimpleNamespace
from typing import Any

from dispatcher.api.situation import dead_letters
from dispatcher.api.situation.dead_letters import counted_letters


async def test_none_have_no_groups_and_what_takes_too_long_is_not_known(monkeypatch: Any) -> None:
    async def none(alert_id: str) -> int:
        return 0

    async def never(alert_id: str) -> int:
        await asyncio.Event().wait()
        return 1

    def of(count: Any) -> Any:
        return SimpleNamespace(dead_letters=SimpleNamespace(count=count))

    assert await counted_letters(of(none), "A") == (0, [])
    monkeypatch.setattr(dead_letters, "COUNT_S", 0.0)
    assert await counted_letters(of(never), "A") is None
