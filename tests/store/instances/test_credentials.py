"""Credentials of instances: sealed where they belong, replaced without loss, and known by a fingerprint alone."""

from dataclasses import replace
from typing import Any

import pytest

from dispatcher.access.principals import of_operator
from dispatcher.access.sealing import KeyRing, Sealing
from dispatcher.model.principals import ChannelCredential, Instance
from dispatcher.store.instances.credentials import InstanceCredentials
from dispatcher.store.keys import NoSuchBearer
from dispatcher.store.parties import Parties
from dispatcher.store.sealed.addresses import Addresses
from tests.store.conftest import PEPPER
from tests.support.messages import DUEREN, JUELICH
from tests.support.sealed import ADDRESSES

ANNA = of_operator("anna").actor
FIRST = ChannelCredential("dueren", "webpush", "BFirst", "mailto:app@dueren.example")
SECOND = replace(FIRST, fingerprint="BSecond", subject="")
SECRET = b"a private key that nobody sees again"


@pytest.fixture
async def credentials(pool: Any) -> InstanceCredentials:
    for name, place in (("dueren", DUEREN), ("juelich", JUELICH)):
        await Parties(pool).add(Instance(name, name, (place,)), f"wi_{name}_{'s' * 43}", PEPPER, ANNA)
    return InstanceCredentials(pool)


async def test_it_is_kept_sealed_and_shown_by_its_fingerprint(
    credentials: InstanceCredentials, pool: Any
) -> None:
    assert await credentials.put(FIRST, SECRET, ADDRESSES, ANNA) is True
    assert await credentials.put(FIRST, SECRET, ADDRESSES, ANNA) is False, (
        "the same once more changes nothing"
    )
    other = replace(FIRST, subject="mailto:other@dueren.example")
    assert await credentials.put(other, SECRET, ADDRESSES, ANNA) is True, "for somebody else to be reached"
    assert [one.subject for one in await credentials.listed("dueren")] == [other.subject]
    await credentials.put(FIRST, SECRET, ADDRESSES, ANNA)
    row = await pool.fetchrow("SELECT * FROM instance_credential")
    assert SECRET not in row["sealed"]
    (known,) = await credentials.listed("dueren")
    assert replace(known, created_at=None) == FIRST
    assert await credentials.newest("dueren", "webpush") == "BFirst"
    assert await credentials.newest("juelich", "webpush") is None
    detail = {"instance": "dueren", "channel": "webpush", "fingerprint": "BFirst"}
    lines = await pool.fetch("SELECT action, detail FROM audit WHERE action = 'credential.put'")
    assert [tuple(line) for line in lines] == [("credential.put", detail)] * 3


async def test_one_that_is_replaced_goes_on_and_may_come_back(credentials: InstanceCredentials) -> None:
    for one in (FIRST, SECOND):
        await credentials.put(one, one.fingerprint.encode(), ADDRESSES, ANNA)
    assert [one.fingerprint for one in await credentials.listed("dueren")] == ["BSecond", "BFirst"]
    assert {one.fingerprint: plain for one, plain in await credentials.opened("webpush", ADDRESSES)} == {
        "BFirst": b"BFirst",
        "BSecond": b"BSecond",
    }
    assert await credentials.put(FIRST, b"BFirst", ADDRESSES, ANNA) is True
    assert await credentials.newest("dueren", "webpush") == "BFirst"


async def test_what_was_put_last_is_the_last_of_those_opened(credentials: InstanceCredentials) -> None:
    """Where several send for one app, as replaced keys do and those of two instances, that one does."""
    other = replace(FIRST, instance_id="juelich", fingerprint="B3")
    for one in (FIRST, other, SECOND, FIRST, replace(FIRST, fingerprint="B4")):
        await credentials.put(one, b"key", ADDRESSES, ANNA)
    opened = await credentials.opened("webpush", ADDRESSES)
    assert [one.fingerprint for one, _ in opened] == ["B3", "BSecond", "BFirst", "B4"]


async def test_what_cannot_be_opened_is_left_out_and_hurts_nobody_else(
    credentials: InstanceCredentials, pool: Any
) -> None:
    await credentials.put(FIRST, SECRET, ADDRESSES, ANNA)
    await credentials.put(replace(FIRST, instance_id="juelich", fingerprint="B3"), SECRET, ADDRESSES, ANNA)
    # What stands where it does not belong is no more opened than what is damaged.
    await pool.execute("UPDATE instance_credential SET fingerprint = 'B9' WHERE instance_id = 'dueren'")
    assert [one.fingerprint for one, _ in await credentials.opened("webpush", ADDRESSES)] == ["B3"]
    other = Addresses(Sealing(KeyRing.new()))
    assert await credentials.opened("webpush", other) == []


async def test_there_is_an_instance_to_have_it(credentials: InstanceCredentials) -> None:
    with pytest.raises(NoSuchBearer):
        await credentials.put(replace(FIRST, instance_id="nobody"), SECRET, ADDRESSES, ANNA)
