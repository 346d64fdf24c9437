"""Messages are deleted through the guarded client, a few at a time, and each answer is told apart."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from channels.http.client import HttpClient
from channels.webpush.withdrawal import CONCURRENCY, Withdrawer, Withdrawn
from tests.channels.far_side import answer, far_side, hang, reset


async def test_each_message_is_deleted_at_its_place(client_for: Callable[..., HttpClient]) -> None:
    async def react(seen: Any, writer: Any) -> None:
        await answer({"/m/1": 204, "/m/2": 404, "/m/3": 405, "/m/4": 200}[seen.target])(seen, writer)

    async with far_side(react) as side:
        http = client_for(side.origin)
        found = await Withdrawer(http, http.policy).withdraw(
            side.origin, ["/m/1", f"{side.origin}/m/2", "/m/3", "/m/4", "https://evil.example.org/m/5", ""]
        )
    assert found == Counter(withdrawn=2, delivered=1, refused=1, unusable=2)
    assert sorted((seen.method, seen.target, seen.body) for seen in side.seen) == [
        ("DELETE", f"/m/{number}", b"") for number in range(1, 5)
    ]
    assert "authorization" not in side.seen[0].headers


async def test_nothing_is_deleted_where_nothing_may_be_sent(client_for: Callable[..., HttpClient]) -> None:
    """The guard that holds for a push holds for taking it back: this machine is no push service."""
    async with far_side(answer(204)) as side:
        http = client_for()
        found = await Withdrawer(http, http.policy).withdraw(side.origin, ["/m/1", f"{side.origin}/m/2"])
    assert (found.total(), found[Withdrawn.WITHDRAWN], side.seen) == (2, 0, [])


@pytest.mark.parametrize(("react", "timeout_s"), [(hang, 1.0), (reset, 30.0)])
async def test_one_that_does_not_answer_is_tried_once_and_raises_nothing(
    client_for: Callable[..., HttpClient], react: Any, timeout_s: float
) -> None:
    async with far_side(react) as side:
        http = client_for(side.origin)
        found = await Withdrawer(http, http.policy, timeout_s=timeout_s).withdraw(side.origin, ["/m/1"])
    assert (found, len(side.seen)) == (Counter({Withdrawn.UNANSWERED: 1}), 1)


async def test_only_a_few_are_under_way_at_once(client_for: Callable[..., HttpClient]) -> None:
    at_once, most = 0, 0

    async def react(seen: Any, writer: Any) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await answer(204)(seen, writer)
        at_once -= 1

    async with far_side(react) as side:
        http = client_for(side.origin)
        found = await Withdrawer(http, http.policy).withdraw(
            side.origin, [f"/m/{number}" for number in range(40)]
        )
    assert (found[Withdrawn.WITHDRAWN], most <= CONCURRENCY) == (40, True)


async def test_a_post_after_a_delete_is_a_post(client_for: Callable[..., HttpClient]) -> None:
    """The same handle of libcurl carries one after the other."""
    async with far_side(answer(204)) as side:
        http = client_for(side.origin, max_in_flight=1)
        for _ in range(2):
            await Withdrawer(http, http.policy).withdraw(side.origin, ["/m/1"])
            await http.post(f"{side.origin}/push/1", {"TTL": "1"}, b"x", 5.0)
            await http.get(f"{side.origin}/feed", {}, 5.0, 100)
    assert [seen.method for seen in side.seen] == ["DELETE", "POST", "GET"] * 2
