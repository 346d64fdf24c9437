"""What is lost with keys is said in words, each with what to do."""

from typing import Any

from dispatcher.access.fingerprints import SecretName
from dispatcher.access.sealing import KeyRing
from dispatcher.commands.backup.keeping import KeysFound
from dispatcher.commands.backup.losses import damage, losses, of_pepper, of_ring, of_vapid
from dispatcher.store.backup.legible import Illegible
from tests.support.histories import subscribe
from tests.support.sealed import RING

ALL = KeysFound(RING, (), ())


def test_where_nothing_is_lost_nothing_is_said() -> None:
    assert [
        *of_ring(Illegible({}, 0, 0, 0, 0)),
        *of_pepper(0, 0),
        *of_vapid({}, ()),
        *of_vapid({"a": 0}, ()),
    ] == []


def test_each_loss_is_named() -> None:
    said = [
        *of_ring(Illegible({"sms": 1200, "webpush": 3}, 1, 2, 3, 4)),
        *of_pepper(5, 6),
        *of_vapid({"a": 7}, ()),
    ]
    assert [line.partition(":")[0] for line in said] == [
        "1,203 endpoints cannot be read (sms 1,200, webpush 3)",
        "1 endpoint of people on duty cannot be read",
        "2 keys for signatures cannot be read",
        "3 credentials of apps for their gateways and push services cannot be read",
        "4 persons cannot sign in with a code of an app (TOTP)",
        "5 keys of sources, instances, operators and feeds are refused",
        "recovery codes of 6 persons are worthless",
        "no message to 7 browsers can be signed",
    ]


async def test_with_all_keys_nothing_is_lost(pool: Any, subscriptions: Any) -> None:
    await subscribe(pool, subscriptions, "a", channel="sms", gateway="smsc")
    assert (await losses(pool, ALL), await damage(pool, ALL)) == ([], [])


async def test_a_key_of_the_ring_that_is_not_there_costs_what_it_has_sealed(
    pool: Any, subscriptions: Any
) -> None:
    await subscribe(pool, subscriptions, "a", channel="sms", gateway="smsc")
    later = KeysFound(KeyRing(RING.lookup, {2: b"x" * 32}), (), ())
    assert (await losses(pool, later))[0].startswith("1 endpoint cannot be read (sms 1)")
    other = KeysFound(KeyRing(RING.lookup, {1: b"x" * 32}), (), ())
    assert await damage(pool, other) == [
        "1 value in table subscription cannot be opened with the keys of the backup"
    ]
    assert await damage(pool, KeysFound(None, (SecretName.ADDRESSES,), ())) == []
