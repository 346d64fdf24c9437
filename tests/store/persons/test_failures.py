"""Attempts that fail are counted, exactly, whichever process counts."""

import asyncio
from datetime import timedelta
from typing import Any

from dispatcher.store.persons.failures import Begun, Bound, SignInFailures, UsedUp

WINDOW = timedelta(minutes=15)
FEW, MANY = Bound(b"few", 2, WINDOW), Bound(b"many", 3, WINDOW)


async def test_what_is_used_up_says_by_what_and_for_how_long(pool: Any) -> None:
    failures = SignInFailures(pool, WINDOW)
    for _ in range(2):
        assert isinstance(await failures.begin((FEW, MANY)), Begun)
    used_up = await failures.begin((FEW, MANY))
    assert isinstance(used_up, UsedUp)
    assert used_up.bound is FEW
    assert 0 < used_up.seconds <= WINDOW.total_seconds()
    assert isinstance(await failures.begin((MANY,)), Begun), "what was not made did not count"
    assert (await failures.begin((MANY,))).bound is MANY


async def test_what_succeeded_counts_no_more_and_what_is_long_ago_neither(pool: Any) -> None:
    failures = SignInFailures(pool, WINDOW)
    for _ in range(5):
        await failures.succeeded(await failures.begin((FEW,)))
    for _ in range(2):
        await failures.begin((FEW,))
    await pool.execute("UPDATE sign_in_failure SET at = at - interval '15 minutes'")
    assert isinstance(await failures.begin((FEW,)), Begun)
    assert await pool.fetchval("SELECT count(*) FROM sign_in_failure") == 1


async def test_each_bound_has_its_own_window(pool: Any) -> None:
    failures, day = SignInFailures(pool, timedelta(days=1)), Bound(b"day", 3, timedelta(days=1))
    for _ in range(2):
        assert isinstance(await failures.begin((FEW, day)), Begun)
    await pool.execute("UPDATE sign_in_failure SET at = at - interval '15 minutes'")
    assert isinstance(await failures.begin((FEW, day)), Begun), "the short window is over"
    used_up = await failures.begin((FEW, day))
    assert isinstance(used_up, UsedUp)
    assert used_up.bound is day
    assert WINDOW.total_seconds() < used_up.seconds < 86_400


async def test_many_at_once_are_no_way_past(pool: Any) -> None:
    failures = SignInFailures(pool, WINDOW)
    found = await asyncio.gather(*(failures.begin((FEW,)) for _ in range(8)))
    assert sum(isinstance(one, Begun) for one in found) == FEW.most
