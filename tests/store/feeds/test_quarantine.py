"""What feeds delivered and nobody could read."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest

from dispatcher.access.principals import Actor
from dispatcher.store.feeds import quarantine as module
from dispatcher.store.feeds.feeds import Feeds
from dispatcher.store.feeds.quarantine import Quarantine
from tests.support.messages import NOW

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def quarantine(pool: Any) -> Quarantine:
    await Feeds(pool).register(["dwd", "nina"])
    return Quarantine(pool)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ITEMS", 2)
    monkeypatch.setattr(module, "MAX_CONTENT_BYTES", 4)


async def test_an_item_is_kept_with_its_reason_and_its_bytes(quarantine: Quarantine) -> None:
    assert await quarantine.put("dwd", "x.xml", b"<alert/>", "not-cap", "why", NOW)
    [item] = await quarantine.listed("dwd")
    assert (item.feed, item.name, item.code, item.detail) == ("dwd", "x.xml", "not-cap", "why")
    assert (item.size, item.sha256) == (8, hashlib.sha256(b"<alert/>").digest())
    assert (item.times, item.first_at, item.last_at) == (1, NOW, NOW)
    assert await quarantine.content(item.id) == ("dwd", "x.xml", b"<alert/>")
    assert await quarantine.content(item.id + 1) is None
    assert await quarantine.received_at(item.id) == NOW
    assert await quarantine.received_at(item.id + 1) is None


async def test_the_same_content_again_is_counted(quarantine: Quarantine) -> None:
    await quarantine.put("dwd", "x.xml", b"x", "not-cap", "why", NOW)
    assert not await quarantine.put("dwd", "other.xml", b"x", "not-cap", "why", NOW + MINUTE)
    assert await quarantine.put("nina", "x.xml", b"x", "not-cap", "why", NOW)
    [item] = await quarantine.listed("dwd")
    assert (item.times, item.name, item.first_at, item.last_at) == (2, "x.xml", NOW, NOW + MINUTE)


async def test_the_newest_come_first_of_one_feed_or_of_all(quarantine: Quarantine) -> None:
    for minute, (feed, name) in enumerate((("dwd", "a"), ("nina", "b"), ("dwd", "c"))):
        await quarantine.put(feed, name, name.encode(), "code", "", NOW + minute * MINUTE)
    assert [item.name for item in await quarantine.listed("dwd")] == ["c", "a"]
    assert [item.name for item in await quarantine.listed(None)] == ["c", "b", "a"]
    assert [item.name for item in await quarantine.listed(None, 1)] == ["c"]


@pytest.mark.usefixtures("small")
async def test_of_a_long_item_the_beginning_is_kept_and_the_hash_of_all(quarantine: Quarantine) -> None:
    await quarantine.put("dwd", "n" * 300, b"abcdefgh", "code", "d" * 900, NOW)
    [item] = await quarantine.listed("dwd")
    assert (len(item.name), len(item.detail), item.size) == (200, 500, 8)
    assert item.sha256 == hashlib.sha256(b"abcdefgh").digest()
    kept = await quarantine.content(item.id)
    assert kept is not None
    assert kept[2] == b"abcd"


@pytest.mark.usefixtures("small")
async def test_the_oldest_of_a_feed_make_room_for_its_own_only(quarantine: Quarantine) -> None:
    await quarantine.put("nina", "n", b"n", "code", "", NOW)
    for minute, name in enumerate("abc"):
        await quarantine.put("dwd", name, name.encode(), "code", "", NOW + minute * MINUTE)
    assert [item.name for item in await quarantine.listed(None)] == ["c", "b", "n"]


async def test_what_was_dealt_with_is_not_counted_again_when_it_comes_again(
    quarantine: Quarantine, pool: Any
) -> None:
    await quarantine.put("dwd", "x.xml", b"x", "not-cap", "why", NOW)
    [item] = await quarantine.listed("dwd")
    assert not await quarantine.deal_with("nina", item.id, Actor("operator:duty"), "quarantine.discard", "no")
    assert await quarantine.deal_with("dwd", item.id, Actor("operator:duty"), "quarantine.discard", "page")
    assert not await quarantine.deal_with(
        "dwd", item.id, Actor("operator:duty"), "quarantine.discard", "page"
    )
    assert not await quarantine.put("dwd", "x.xml", b"x", "not-cap", "why", NOW + MINUTE)
    assert await quarantine.listed("dwd") == []
    [overview] = await Feeds(pool).overview(["dwd"])
    assert overview.quarantined == 0
    await quarantine.put("dwd", "y.xml", b"y", "not-cap", "why", NOW)
    [overview] = await Feeds(pool).overview(["dwd"])
    assert overview.quarantined == 1
