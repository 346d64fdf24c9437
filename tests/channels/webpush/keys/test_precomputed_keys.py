"""Message keys made ahead of time: used once, wiped, refilled, and readable by others' implementations."""

import asyncio
import os
import subprocess
import sys
import tracemalloc
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from channels.base import Endpoint
from channels.webpush.encoder import DirectEncoder, message_key
from channels.webpush.encryption import HEAD_BYTES, POINT_BYTES, padded
from channels.webpush.keys.kept_key import kept_of
from channels.webpush.keys.precomputed_keys import TURN, PrecomputedKeys
from ops.lab.gateways.standins.webpush import decrypt
from ops.lab.gateways.state import UserAgent

PRIVATE = ec.generate_private_key(ec.SECP256R1())
POINT = PRIVATE.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
AUTH = os.urandom(16)
RECORD = padded(b"flood")


def b64(raw: Any) -> Any:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def endpoint(number: Any, p256dh: Any = POINT, auth: Any = AUTH) -> Endpoint:
    return Endpoint(number, f"https://push.example/{number}", {"p256dh": b64(p256dh), "auth": b64(auth)})


async def each(endpoints: Any) -> AsyncIterator[Any]:
    for one in endpoints:
        yield one


async def known(ids: Any) -> dict[Any, Any]:
    return {number: endpoint(number) for number in ids}


def test_each_key_is_used_once() -> None:
    keys = PrecomputedKeys(10)
    assert keys.make(endpoint(1))
    assert keys.seal(RECORD, endpoint(1)) is not None
    assert keys.seal(RECORD, endpoint(1)) is None
    assert (keys.hits, keys.misses, len(keys), 1 in keys) == (1, 1, 0, False)


def test_what_was_used_is_not_here_any_more() -> None:
    keys = PrecomputedKeys(10)
    for number in (1, 2):
        keys.make(endpoint(number))
    body = keys.seal(RECORD, endpoint(1))
    left = b"".join(keys._blocks)
    point = slice(HEAD_BYTES - POINT_BYTES + 1, HEAD_BYTES)
    assert body[point] not in left
    assert keys.seal(RECORD, endpoint(2))[point] in left, "otherwise the line before proves nothing"
    assert not any(map(any, keys._blocks))


def test_what_is_cleared_is_wiped() -> None:
    keys = PrecomputedKeys(10)
    for number in (1, 2):
        keys.make(endpoint(number))
    keys.clear()
    assert not any(map(any, keys._blocks))
    assert len(keys) == 0


def test_a_store_that_was_cleared_is_filled_anew() -> None:
    keys = PrecomputedKeys(10)
    for _ in range(2):
        assert [keys.make(endpoint(number)) for number in (1, 2, 3)] == [True] * 3
        assert keys.seal(RECORD, endpoint(2)) is not None
        keys.clear()
    assert len(keys._blocks) == 1, "its memory is used again"


async def test_looking_over_all_keys_gives_way_to_other_work() -> None:
    """Those whose subscription is gone, of 200,000, held the event loop for 80 ms."""
    keys, made = PrecomputedKeys(3000), kept_of(message_key(endpoint(1)))
    for number in range(3000):
        keys.put(number, 0, made)
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(other())
    await keys.fill(each([endpoint(300)]), known)
    beside.cancel()
    assert turns >= 5
    assert [number for number in range(3000) if number in keys] == [300]


@pytest.mark.processes
def test_a_forked_process_has_none() -> None:
    script = """
import os, sys
from channels.webpush.keys.kept_key import kept_of
from channels.webpush.keys.precomputed_keys import PrecomputedKeys
from tests.channels.webpush.keys.test_precomputed_keys import RECORD, endpoint
PrecomputedKeys(1)  # one that is gone by then
keys = PrecomputedKeys(10)
keys.make(endpoint(1))
child = os.fork()
if not child:
    os._exit(bool(len(keys) or any(map(any, keys._blocks)) or keys.seal(RECORD, endpoint(1))))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) or keys.seal(RECORD, endpoint(1)) is None)
"""
    root = Path(__file__).parents[4]
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60, cwd=root)


def test_no_two_messages_share_a_salt_a_public_key_or_a_key() -> None:
    keys = PrecomputedKeys(10)
    sealed = []
    for number in (1, 1, 2):
        keys.make(endpoint(number))
        sealed.append(keys.seal(RECORD, endpoint(number)))
    for part in (slice(16), slice(21, HEAD_BYTES), slice(HEAD_BYTES, None)):
        assert len({body[part] for body in sealed}) == 3


def test_a_place_used_again_holds_nothing_of_who_had_it_before() -> None:
    keys = PrecomputedKeys(10_000)
    made = kept_of(message_key(endpoint(1)))
    for number in range(5000):  # more than one block
        assert keys.put(number, 0, made)
    keys.discard(4999)
    assert keys.make(endpoint(7000))
    assert keys._slots.get(7000) == 4999
    body = keys.seal(RECORD, endpoint(7000))
    assert http_ece.decrypt(body, private_key=PRIVATE, auth_secret=AUTH, version="aes128gcm") == b"flood"


def test_both_ends_of_others_can_read_what_was_sealed_with_it() -> None:
    keys = PrecomputedKeys(10)
    keys.make(endpoint(1))
    body = DirectEncoder(ready=keys.seal)(b'{"v":1}', endpoint(1))
    assert keys.hits == 1
    assert http_ece.decrypt(body, private_key=PRIVATE, auth_secret=AUTH, version="aes128gcm") == b'{"v":1}'
    scalar = PRIVATE.private_numbers().private_value.to_bytes(32, "big")
    agent = UserAgent(token="t", private=b64(scalar), public=b64(POINT), auth=b64(AUTH))
    assert decrypt(agent, body) == b'{"v":1}'


def test_a_subscription_with_new_keys_does_not_get_what_was_made_for_the_old() -> None:
    keys = PrecomputedKeys(10)
    keys.make(endpoint(1))
    renewed = endpoint(1, auth=os.urandom(16))
    assert keys.seal(RECORD, renewed) is None
    assert (keys.misses, len(keys)) == (1, 0)
    assert keys.make(renewed)


def test_the_store_is_bounded_and_takes_its_places_again() -> None:
    keys = PrecomputedKeys(2)
    assert [keys.make(endpoint(number)) for number in (1, 2, 3)] == [True, True, False]
    keys.discard(1)
    keys.discard(99)
    assert keys.make(endpoint(3))
    assert [number for number in range(100) if number in keys] == [2, 3]
    assert not keys.make(endpoint(3)), "there is one"


def test_unusable_keys_are_left_to_the_sender_to_tell() -> None:
    assert not PrecomputedKeys(2).make(endpoint(1, p256dh=bytes(65)))


async def test_filling_makes_what_is_missing_and_wipes_who_is_gone() -> None:
    keys = PrecomputedKeys(100)
    keys.make(endpoint(99))
    await keys.fill(each([endpoint(number) for number in range(2 * TURN + 1)]), known)
    assert len(keys) == 2 * TURN + 1
    assert 99 not in keys


async def test_a_round_that_broke_off_counts_for_nobody() -> None:
    async def broken() -> AsyncIterator[Endpoint]:
        yield endpoint(1)
        raise OSError

    keys = PrecomputedKeys(100)
    await keys.fill(each([endpoint(1), endpoint(2)]), known)
    for _ in range(2):
        with pytest.raises(OSError):
            await keys.fill(broken(), known)
    await keys.fill(each([]), known)
    assert len(keys) == 0


async def test_a_key_takes_no_more_than_140_bytes_however_far_it_has_come() -> None:
    many = 20 * 4096  # blocks that are full
    keys, made = PrecomputedKeys(many), kept_of(message_key(endpoint(1)))
    tracemalloc.start()
    try:
        for number in range(many):
            keys.put(number, 0, made)
        held, _ = tracemalloc.get_traced_memory()
        for number in range(many):
            keys.discard(number)
            keys._used.append(number)
        for number in range(many):
            keys.put(number, 0, made)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held / many < 130
    assert most / many < 140


async def test_filling_remembers_no_more_than_there_is_room_for() -> None:
    async def crowd() -> AsyncIterator[Endpoint]:
        for number in range(1000, 51_000):
            yield Endpoint(number, "", {})

    keys = PrecomputedKeys(1)
    keys.make(endpoint(1))
    tracemalloc.start()
    try:
        await keys.fill(crowd(), known)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 500_000
    assert len(keys) == 0


async def test_those_just_sent_to_come_first() -> None:
    keys = PrecomputedKeys(1)
    keys.make(endpoint(1))
    keys.seal(RECORD, endpoint(1))
    await keys.fill(each([endpoint(2), endpoint(1)]), known)
    assert 1 in keys
    keys.seal(RECORD, endpoint(1))
    await keys.refill(known)
    assert 1 in keys


async def test_while_somebody_sends_no_key_is_made() -> None:
    keys = PrecomputedKeys(10)
    keys.make(endpoint(1))

    async def sending() -> AsyncIterator[Any]:
        keys.seal(RECORD, endpoint(7))  # a miss is sending, too
        yield endpoint(2)
        yield endpoint(3)

    filling = asyncio.create_task(keys.fill(sending(), known))
    for _ in range(20):
        await asyncio.sleep(0)
    assert 3 not in keys
    filling.cancel()
    await asyncio.wait([filling])


async def test_what_cannot_be_looked_up_stays_to_be_made() -> None:
    keys = PrecomputedKeys(10)
    for number in (1, 2):
        keys.make(endpoint(number))
        keys.seal(RECORD, endpoint(number))

    async def away(ids: Any) -> None:
        raise OSError

    with pytest.raises(OSError):
        await keys.refill(away)
    assert len(keys) == 0
    await keys.refill(known)
    assert [number for number in range(100) if number in keys] == [1, 2]


async def test_of_those_sent_to_only_numbers_are_kept_and_no_more_than_have_room() -> None:
    keys = PrecomputedKeys(2)
    for number in range(1, 5):
        keys.make(endpoint(number))
        keys.seal(RECORD, endpoint(number))
    assert list(keys._used) == [1, 2]
    await keys.refill(known)
    assert [number for number in range(100) if number in keys] == [1, 2]


async def test_who_has_ended_meanwhile_gets_no_key() -> None:
    keys = PrecomputedKeys(10)
    keys.make(endpoint(1))
    keys.seal(RECORD, endpoint(1))

    async def nobody(ids: Any) -> dict[Any, Any]:
        return {}

    await keys.refill(nobody)
    assert len(keys) == 0
