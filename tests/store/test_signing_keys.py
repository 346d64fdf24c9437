"""Keys that sign are sealed, made once, and known to all processes."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from cap.signatures.certificates import fingerprint
from dispatcher.access.principals import of_operator
from dispatcher.access.sealing import KeyRing, Sealing, Unsealable
from dispatcher.access.signing_plan import next_signs_from
from dispatcher.store.sealed.addresses import Addresses
from dispatcher.store.sealed.rotation import Resealed, Rotation
from dispatcher.store.signing_keys import SigningKeys
from tests.support.sealed import ADDRESSES, RING

ANNA = of_operator("anna").actor


@pytest.fixture
def keys(pool: Any) -> SigningKeys:
    return SigningKeys(pool, ADDRESSES)


async def test_a_key_is_sealed_and_its_certificate_is_not(keys: SigningKeys, pool: Any) -> None:
    made = await keys.make(next_signs_from, ANNA)
    assert made
    listed, now = await keys.listed()
    assert listed == [made]
    assert made.signs_from <= now < made.ends_at
    assert made.fingerprint == fingerprint(made.certificate)
    private = await keys.private(made)
    assert load_pem_private_key(private, None)
    row = await pool.fetchrow("SELECT * FROM signing_key")
    assert b"PRIVATE" not in row["sealed"]
    assert "PRIVATE" not in str(dict(row)) + str(made)
    detail = {"fingerprint": made.fingerprint, "signs_from": made.signs_from.isoformat()}
    [line] = await pool.fetch("SELECT actor, action, detail FROM audit WHERE action LIKE 'signing_key.%'")
    assert tuple(line) == (ANNA, "signing_key.make", detail)


async def test_of_several_that_want_the_first_one_makes_it(keys: SigningKeys) -> None:
    made = await asyncio.gather(*(keys.make(next_signs_from, ANNA) for _ in range(3)))
    assert len([one for one in made if one]) == 1
    assert len((await keys.listed())[0]) == 1


async def test_one_that_is_revoked_is_so_once_and_another_takes_its_place(
    keys: SigningKeys, pool: Any
) -> None:
    made = await keys.make(next_signs_from, ANNA)
    assert made
    assert [await keys.revoke(made.fingerprint, ANNA) for _ in range(2)] == [True, False]
    assert await keys.revoke("0" * 64, ANNA) is False
    assert await keys.make(next_signs_from, ANNA)
    [old, new], _ = await keys.listed()
    assert (old.revoked_at is None, new.revoked_at) == (False, None)
    actions = await pool.fetch("SELECT action FROM audit WHERE action LIKE 'signing_key.%' ORDER BY id")
    assert [row["action"] for row in actions] == [
        "signing_key.make",
        "signing_key.revoke",
        "signing_key.make",
    ]


async def test_it_is_opened_only_where_it_belongs_and_sealed_anew_with_the_ring(
    keys: SigningKeys, pool: Any
) -> None:
    first, second = [await keys.make(lambda _keys, now: now + timedelta(days=1), ANNA) for _ in range(2)]
    assert first
    assert second
    private = await keys.private(first)
    newer = RING.with_new_key()
    rotation = Rotation(pool)
    assert await rotation.reseal(Sealing(newer)) == Resealed(2, 2, 0)
    assert (await rotation.rows_by_key()).keys() == {2}
    assert await SigningKeys(pool, Addresses(Sealing(newer))).private(first) == private
    with pytest.raises(Unsealable):
        await SigningKeys(pool, Addresses(Sealing(KeyRing.new()))).private(first)
    await pool.execute(
        "UPDATE signing_key SET sealed = (SELECT sealed FROM signing_key WHERE fingerprint = $1)",
        second.fingerprint,
    )
    with pytest.raises(Unsealable):
        await SigningKeys(pool, Addresses(Sealing(newer))).private(first)
    with pytest.raises(LookupError):
        await keys.private(replace(first, fingerprint="0" * 64))
