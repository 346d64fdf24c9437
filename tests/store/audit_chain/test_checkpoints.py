"""Checkpoints, and the keys that sign them."""

import asyncio
from datetime import timedelta
from typing import Any

from dispatcher.access.principals import Actor
from dispatcher.access.sealing import KeyRing, Sealing
from dispatcher.audit.checkpoint import Interval
from dispatcher.store.audit_chain.checkpoints import Checkpoints
from dispatcher.store.sealed.addresses import Addresses
from tests.support.audit import chained, keys
from tests.support.sealed import ADDRESSES

LATER = Interval(timedelta(days=1), 3)


async def test_nothing_is_signed_twice_and_an_interval_is_kept(pool: Any) -> None:
    checkpoints = Checkpoints(pool, ADDRESSES)
    assert await checkpoints.make() is None, "there is nothing"
    await chained(pool, "a")
    first = await checkpoints.make(LATER)
    assert first is not None
    assert first.is_signed()
    assert (first.number, first.position) == (1, 1)
    assert await checkpoints.make() is None
    await chained(pool)  # the note of the key
    assert await checkpoints.make(LATER) is None
    await chained(pool, "b", "c")
    second = await checkpoints.make(LATER)
    assert second is not None
    assert (second.number, second.position, second.key) == (2, 4, first.key)
    assert await checkpoints.last() == second
    assert await checkpoints.after(1, 9) == [second]


async def test_two_that_want_one_at_once_make_one(pool: Any) -> None:
    await chained(pool, "a")
    made = await asyncio.gather(*(Checkpoints(pool, ADDRESSES).make() for _ in range(4)))
    assert sum(one is not None for one in made) == 1
    assert len(await keys(pool)) == 1


async def test_keys_are_sealed_and_their_making_is_on_the_trail(pool: Any) -> None:
    checkpoints = Checkpoints(pool, ADDRESSES)
    key = await checkpoints.rotate(Actor("operator:anna"))
    row = await pool.fetchrow("SELECT actor, action, detail FROM audit")
    assert tuple(row) == ("operator:anna", "audit_key.make", {"key": key})
    assert await keys(pool) == [key]


async def test_a_key_that_cannot_be_opened_any_more_is_followed_by_another(pool: Any) -> None:
    before = await Checkpoints(pool, ADDRESSES).rotate(Actor("operator:anna"))
    await chained(pool)
    other = Checkpoints(pool, Addresses(Sealing(KeyRing(b"l" * 32, {1: b"x" * 32}))))
    made = await other.make()
    assert made is not None
    assert made.key != before
    assert await keys(pool) == [before, made.key]
