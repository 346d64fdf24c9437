"""How many strangers sign up, over all processes."""

import hashlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from dispatcher.queue.address import parse
from dispatcher.queue.sign_ups import HOUR_S, SignUps, Unbounded, line_of
from dispatcher.queue.wakeups import open_queue


def hidden(purpose: str, value: str) -> bytes:
    return hashlib.sha256(f"{purpose} {value}".encode()).digest()


@pytest.fixture
async def queue(redis_url: str) -> AsyncIterator[Any]:
    queue = open_queue(parse(redis_url))
    yield queue
    await queue.aclose()


def bounds(queue: Any, of_address: int = 2, of_instance: int = 3) -> SignUps:
    return SignUps(queue, hidden, of_address=of_address, of_instance=of_instance)


async def test_an_address_has_so_many_in_an_hour_and_they_come_back_one_by_one(queue: Any) -> None:
    one, other = bounds(queue), bounds(queue)
    assert [await one.take("192.0.2.1", "dueren"), await other.take("192.0.2.1", "dueren")] == [0, 0]
    wait = await one.take("192.0.2.1", "dueren")
    assert HOUR_S / 2 - 60 < wait <= HOUR_S / 2
    assert await one.take("192.0.2.2", "dueren") == 0


async def test_an_instance_has_so_many_whoever_asks_and_who_is_refused_takes_nothing(queue: Any) -> None:
    sign_ups = bounds(queue)
    for n in range(3):
        assert await sign_ups.take(f"192.0.2.{n}", "dueren") == 0
    assert await sign_ups.take("192.0.2.9", "dueren") > 0
    assert await sign_ups.take("192.0.2.9", "juelich") == await sign_ups.take("192.0.2.9", "juelich") == 0


async def test_who_has_a_token_is_bounded_by_himself(queue: Any) -> None:
    sign_ups = bounds(queue)
    assert [await sign_ups.take_change(b"anna") for _ in range(2)] == [0, 0]
    assert await sign_ups.take_change(b"anna") > 0
    assert await sign_ups.take_change(b"bernd") == 0


async def test_none_at_all_are_taken_where_the_setting_says_so(queue: Any) -> None:
    assert await bounds(queue, of_address=0).take("192.0.2.1", "dueren") == HOUR_S
    assert await bounds(queue, of_instance=0).take("192.0.2.1", "dueren") == HOUR_S


async def test_a_clock_that_goes_back_locks_nobody_out(queue: Any) -> None:
    sign_ups = bounds(queue)
    await sign_ups.take("192.0.2.1", "dueren")
    for key in await queue.keys("warn:sign-ups:*"):
        await queue.set(key, "99999999999")
    assert 0 < await sign_ups.take("192.0.2.1", "dueren") <= HOUR_S


async def test_no_address_is_readable_in_redis(queue: Any) -> None:
    await SignUps(queue, lambda *_: bytes(32), of_address=1, of_instance=1).take("192.0.2.1", "dueren")
    assert not [key for key in await queue.keys("*") if b"192.0.2.1" in key]


async def test_without_redis_strangers_wait_and_others_do_not() -> None:
    away = open_queue(parse("redis://127.0.0.1:1/0"))
    with pytest.raises(Unbounded):
        await bounds(away).take("192.0.2.1", "dueren")
    assert await bounds(away).take_change(b"anna") == 0
    await away.aclose()


@pytest.mark.parametrize(
    ("address", "line"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("nonsense", ""),
    ],
)
def test_a_line_has_one_address_of_version_4_or_64_bits_of_version_6(address: str, line: str) -> None:
    assert line_of(address) == line
