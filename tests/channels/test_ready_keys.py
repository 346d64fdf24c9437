"""Agreements made ahead of time: given out once, wiped, refilled, and readable by others' implementations."""

import asyncio
import os
from base64 import urlsafe_b64encode

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from channels.base import Endpoint
from channels.push_keys import DirectEncoder, Salts
from channels.ready_keys import TURN, ReadyKeys
from ops.lab.gateways.state import UserAgent
from ops.lab.gateways.webpush import decrypt

PRIVATE = ec.generate_private_key(ec.SECP256R1())
POINT = PRIVATE.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
AUTH = os.urandom(16)


def b64(raw):
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def endpoint(number, p256dh=POINT, auth=AUTH):
    return Endpoint(number, f"https://push.example/{number}", {"p256dh": b64(p256dh), "auth": b64(auth)})


async def each(endpoints):
    for one in endpoints:
        yield one


async def known(ids):
    return {number: endpoint(number) for number in ids}


def test_each_agreement_is_given_out_once():
    keys = ReadyKeys(10)
    assert keys.make(endpoint(1))
    first = keys.take(endpoint(1))
    assert first is not None
    assert keys.take(endpoint(1)) is None
    assert (keys.hits, keys.misses, len(keys), 1 in keys) == (1, 1, 0, False)


def test_what_is_given_out_is_not_here_any_more():
    keys = ReadyKeys(10)
    keys.make(endpoint(1))
    keys.make(endpoint(2))
    material = keys.take(endpoint(1)).material
    assert material not in b"".join(keys._chunks)
    keys.clear()
    assert not any(map(any, keys._chunks))
    assert len(keys) == 0


def test_no_two_agreements_are_alike():
    keys = ReadyKeys(10)
    keys.make(endpoint(1))
    first = keys.take(endpoint(1))
    keys.make(endpoint(1))
    second = keys.take(endpoint(1))
    assert first.public != second.public
    assert first.material != second.material


def test_both_ends_of_others_can_read_what_was_sealed_with_it():
    keys = ReadyKeys(10)
    keys.make(endpoint(1))
    body = DirectEncoder(ready=keys.take)(b'{"v":1}', endpoint(1))
    assert keys.hits == 1
    assert http_ece.decrypt(body, private_key=PRIVATE, auth_secret=AUTH, version="aes128gcm") == b'{"v":1}'
    scalar = PRIVATE.private_numbers().private_value.to_bytes(32, "big")
    agent = UserAgent(token="t", private=b64(scalar), public=b64(POINT), auth=b64(AUTH))
    assert decrypt(agent, body) == b'{"v":1}'


def test_a_subscription_with_new_keys_does_not_get_what_was_made_for_the_old():
    keys = ReadyKeys(10)
    keys.make(endpoint(1))
    renewed = endpoint(1, auth=os.urandom(16))
    assert keys.take(renewed) is None
    assert (keys.misses, len(keys)) == (1, 0)
    assert keys.make(renewed)


def test_the_store_is_bounded_and_takes_its_places_again():
    keys = ReadyKeys(2)
    assert [keys.make(endpoint(number)) for number in (1, 2, 3)] == [True, True, False]
    keys.discard(1)
    keys.discard(99)
    assert keys.make(endpoint(3))
    assert sorted(keys._slots) == [2, 3]
    assert not keys.make(endpoint(3)), "there is one"


def test_unusable_keys_are_left_to_the_sender_to_tell():
    assert not ReadyKeys(2).make(endpoint(1, p256dh=bytes(65)))


async def test_filling_makes_what_is_missing_and_wipes_who_is_gone():
    keys = ReadyKeys(100)
    keys.make(endpoint(99))
    await keys.fill(each([endpoint(number) for number in range(2 * TURN + 1)]), known)
    assert len(keys) == 2 * TURN + 1
    assert 99 not in keys


async def test_those_just_sent_to_come_first():
    keys = ReadyKeys(1)
    keys.make(endpoint(1))
    keys.take(endpoint(1))
    await keys.fill(each([endpoint(2), endpoint(1)]), known)
    assert 1 in keys
    keys.take(endpoint(1))
    await keys.refill(known)
    assert 1 in keys


async def test_while_somebody_sends_no_agreement_is_made():
    keys = ReadyKeys(10)
    keys.make(endpoint(1))

    async def sending():
        keys.take(endpoint(7))  # a miss is sending, too
        yield endpoint(2)
        yield endpoint(3)

    filling = asyncio.create_task(keys.fill(sending(), known))
    for _ in range(20):
        await asyncio.sleep(0)
    assert 3 not in keys
    filling.cancel()
    await asyncio.wait([filling])


async def test_what_cannot_be_looked_up_stays_to_be_made():
    keys = ReadyKeys(10)
    for number in (1, 2):
        keys.make(endpoint(number))
        keys.take(endpoint(number))

    async def away(ids):
        raise OSError

    with pytest.raises(OSError):
        await keys.refill(away)
    assert len(keys) == 0
    await keys.refill(known)
    assert sorted(keys._slots) == [1, 2]


async def test_of_those_sent_to_only_numbers_are_kept_and_no_more_than_have_room():
    keys = ReadyKeys(2)
    for number in range(1, 5):
        keys.make(endpoint(number))
        keys.take(endpoint(number))
    assert list(keys._used) == [1, 2]
    await keys.refill(known)
    assert sorted(keys._slots) == [1, 2]


async def test_who_has_ended_meanwhile_gets_no_agreement():
    keys = ReadyKeys(10)
    keys.make(endpoint(1))
    keys.take(endpoint(1))

    async def nobody(ids):
        return {}

    await keys.refill(nobody)
    assert len(keys) == 0


def test_salts_are_drawn_together_and_given_out_once():
    drawn = []

    def draw(size):
        drawn.append(size)
        return os.urandom(size)

    salts = Salts(draw)
    given = [salts(16) for _ in range(1000)]
    assert len(set(given)) == 1000
    assert {len(salt) for salt in given} == {16}
    assert len(drawn) == 4
