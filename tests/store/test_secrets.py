"""The record keeps fingerprints of the secrets that all machines share."""

import asyncio
from typing import Any

import pytest

from channels.webpush.vapid import key_name
from dispatcher.access.fingerprints import SecretName
from dispatcher.access.persons import Person
from dispatcher.access.principals import of_operator
from dispatcher.model.vocabulary import Environment
from dispatcher.store.persons.persons import Persons
from dispatcher.store.secrets import Secrets, note_first
from dispatcher.store.sources import Sources
from tests.support.histories import subscribe

ANNA = of_operator("anna").actor


async def note(pool: Any, fingerprint: str, held: asyncio.Event | None = None) -> bool:
    async with pool.acquire() as connection, connection.transaction():
        noted = await note_first(connection, SecretName.PEPPER, fingerprint)
        if held is not None:
            await held.wait()
        return noted


async def test_the_first_is_noted_and_no_second(pool: Any) -> None:
    secrets = Secrets(pool)
    assert await secrets.noted(SecretName.PEPPER) is None
    assert (await note(pool, "a"), await note(pool, "b"), await note(pool, "a")) == (True, False, False)
    assert (await secrets.noted(SecretName.PEPPER)).fingerprint == "a"
    assert await secrets.noted(SecretName.VAPID) is None


async def test_of_two_at_once_the_second_waits_for_the_first(pool: Any) -> None:
    held = asyncio.Event()
    first = asyncio.create_task(note(pool, "a", held))
    while not await pool.fetchval("SELECT count(*) FROM pg_locks WHERE relation = 'shared_secret'::regclass"):
        pass
    second = asyncio.create_task(note(pool, "b"))
    while not await pool.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
        pass
    held.set()
    assert (await first, await second) == (True, False)


async def test_a_replacement_is_audited_with_its_author(pool: Any) -> None:
    secrets = Secrets(pool)
    for fingerprint in ("a", "b"):
        await secrets.replace(SecretName.VAPID, fingerprint, ANNA)
    assert (await secrets.noted(SecretName.VAPID)).fingerprint == "b"
    await secrets.replace(SecretName.VAPID, "b", ANNA)
    assert [one.fingerprint for one in await secrets.vapid_keys()] == ["a", "b"]
    lines = await pool.fetch("SELECT actor, action, detail FROM audit ORDER BY id")
    assert [tuple(line) for line in lines] == [
        ("operator:anna", "secret.replace", {"secret": "vapid", "before": before, "after": after})
        for before, after in ((None, "a"), ("a", "b"), ("b", "b"))
    ]


async def test_what_hangs_on_them_is_counted(pool: Any, sources: Sources, subscriptions: Any) -> None:
    secrets = Secrets(pool)
    assert (await secrets.keys(), await secrets.push_subscriptions()) == (0, {})
    for name in ("good", "revoked"):
        await sources.add_key("leitstelle", f"wk_{name}_{'s' * 43}")
    await pool.execute("UPDATE api_key SET revoked_at = now() WHERE id = 'revoked'")
    await subscribe(pool, subscriptions, "a", "b")
    await subscribe(pool, subscriptions, "c", channel="app", ref="instance-1")
    assert (await secrets.keys(), await secrets.push_subscriptions()) == (1, {"": 2})
    eldest, newer = (letter * 87 for letter in "ab")
    for public_key in (eldest, newer):
        await secrets.replace(SecretName.VAPID, public_key, ANNA)
    await subscriptions.note_vapid_keys(
        {await pool.fetchval("SELECT min(id) FROM subscription"): key_name(newer)}
    )
    assert await secrets.push_subscriptions() == {key_name(eldest): 1, key_name(newer): 1}
    await Persons(pool).add(Person("m.keller", Environment.LIVE, ()), ANNA)
    await pool.execute(
        """INSERT INTO person_endpoint (person_id, channel, sealed, address_hash, vapid)
           VALUES ('m.keller', 'webpush', '', '', $1)""",
        key_name(newer),
    )
    assert await secrets.push_subscriptions() == {key_name(eldest): 1, key_name(newer): 2}, (
        "people on duty, too"
    )


@pytest.mark.parametrize("name", list(SecretName))
async def test_each_secret_can_be_noted(pool: Any, name: SecretName) -> None:
    await Secrets(pool).replace(name, "a", ANNA)
    assert (await Secrets(pool).noted(name)).fingerprint == "a"
