"""All machines have one ring, and one that lacks a key does not start."""

from pathlib import Path
from typing import Any

import pytest

from dispatcher.access.persons import Person
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.access.sealing import KeyRing, Sealing
from dispatcher.model.vocabulary import Environment
from dispatcher.runtime.secrets.files import rewrite_secret, secret_path
from dispatcher.runtime.secrets.ring import ADDRESSES, agreed_addresses, agreed_ring
from dispatcher.settings import Settings, SettingsError
from dispatcher.store.persons.persons import Persons
from dispatcher.store.sealed.addresses import Addresses
from dispatcher.store.sealed.keys import SealingKeys
from tests.store import conftest as on_record

pool = on_record.pool
NUMBER = "+4915100000001"


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(data_dir=tmp_path, database_url=database_url)


def put(ring: KeyRing, settings: Settings) -> None:
    rewrite_secret(secret_path(ADDRESSES, settings), ring.text())


async def test_the_first_start_makes_a_ring_and_notes_its_key(pool: Any, settings: Settings) -> None:
    addresses = await agreed_addresses(pool, settings)
    ring = KeyRing.parse(secret_path(ADDRESSES, settings).read_bytes())
    assert await SealingKeys(pool).noted() == ring.key_fingerprints()
    assert (await agreed_addresses(pool, settings)).hash(NUMBER) == addresses.hash(NUMBER)


async def test_a_key_is_used_only_once_the_record_says_so_and_read_by_who_runs(
    pool: Any, settings: Settings
) -> None:
    running = await agreed_addresses(pool, settings)
    ring, _ = await agreed_ring(pool, settings)
    rotated = ring.with_new_key()
    put(rotated, settings)
    assert (await agreed_addresses(pool, settings)).sealing.current == 1
    await SealingKeys(pool).use(rotated.key_fingerprints(), UNNAMED_OPERATOR)
    assert (await agreed_addresses(pool, settings)).sealing.current == 2
    one = Addresses(Sealing(rotated)).seal(NUMBER, {})
    found = running.endpoints([(1, one.sealed, one.address_hash, None, None)])
    assert found[1].address == NUMBER


@pytest.mark.parametrize("kept", [{1}, {2}])
async def test_a_ring_without_a_key_that_rows_may_need_starts_nothing(
    pool: Any, settings: Settings, kept: set[int]
) -> None:
    ring, _ = await agreed_ring(pool, settings)
    rotated = ring.with_new_key()
    await SealingKeys(pool).use(rotated.key_fingerprints(), UNNAMED_OPERATOR)
    put(KeyRing(ring.lookup, {n: key for n, key in rotated.keys.items() if n in kept}), settings)
    [lacking] = {1, 2} - kept
    with pytest.raises(SettingsError, match=rf"keys/addresses lacks a key .*\(key {lacking}\)"):
        await agreed_addresses(pool, settings)


async def test_another_key_of_the_same_number_is_another_key(pool: Any, settings: Settings) -> None:
    ring, _ = await agreed_ring(pool, settings)
    put(KeyRing(ring.lookup, {1: b"x" * 32}), settings)
    with pytest.raises(SettingsError, match=r"\(key 1\)"):
        await agreed_addresses(pool, settings)


async def test_no_ring_is_made_for_a_record_that_is_sealed_already(
    pool: Any, settings: Settings, tmp_path: Path
) -> None:
    addresses = await agreed_addresses(pool, settings)
    one = addresses.seal(NUMBER, {})
    await pool.execute(
        "INSERT INTO subscription (channel, gateway, sealed, address_hash) VALUES ('sms', 'a', $1, $2)",
        one.sealed,
        one.address_hash,
    )
    await Persons(pool).add(Person("m.keller", Environment.LIVE, ()), UNNAMED_OPERATOR)
    await pool.execute(
        "INSERT INTO person_endpoint (person_id, channel, sealed, address_hash) VALUES ('m.keller', 'sms', $1, $2)",
        one.sealed,
        one.address_hash,
    )
    await pool.execute("DELETE FROM shared_secret")
    elsewhere = Settings(data_dir=tmp_path / "elsewhere", database_url=settings.database_url)
    with pytest.raises(
        SettingsError, match=r"the record has endpoints \(2\), and this machine lacks the keys"
    ):
        await agreed_addresses(pool, elsewhere)
    assert (await agreed_addresses(pool, settings)).hash(NUMBER) == addresses.hash(NUMBER)


async def test_a_ring_that_is_none_is_named_without_showing_it(pool: Any, settings: Settings) -> None:
    path = secret_path(ADDRESSES, settings)
    await agreed_addresses(pool, settings)
    content = path.read_bytes()
    rewrite_secret(path, content.replace(b"lookup", b"look up"))
    with pytest.raises(SettingsError, match="keys/addresses: a ring of keys has") as refused:
        await agreed_addresses(pool, settings)
    assert content.split()[-1].decode() not in str(refused.value)
