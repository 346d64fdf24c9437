"""Credentials of persons in the record. What they are for is tried in `tests/sign_in`."""

import asyncio
from typing import Any

import asyncpg
import pytest

from dispatcher.access.persons import Person
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.access.sealing import Unsealable
from dispatcher.model.vocabulary import Environment
from dispatcher.store.persons.credentials import Passkey, PersonCredentials
from dispatcher.store.persons.persons import Persons
from dispatcher.store.sealed.rotation import Rotation
from tests.support.sealed import ADDRESSES

BY, LIVE = UNNAMED_OPERATOR, Environment.LIVE
PASSKEY = Passkey(0, "m.keller", b"id", b"public", 3)


@pytest.fixture
def credentials(pool: Any, keller: Person) -> PersonCredentials:
    return PersonCredentials(pool, ADDRESSES.sealing)


async def test_a_password_is_of_one_environment_and_of_who_is_enabled(credentials: Any, pool: Any) -> None:
    await credentials.put_password("m.keller", "first", BY)
    await credentials.put_password("m.keller", "second", BY)
    assert await credentials.password_hash("m.keller", LIVE) == "second"
    assert await credentials.password_hash("m.keller", Environment.EXERCISE) is None
    await credentials.rehash("m.keller", "first", "third")
    assert await credentials.password_hash("m.keller", LIVE) == "second", "it was changed meanwhile"
    await credentials.rehash("m.keller", "second", "better")
    assert await credentials.password_hash("m.keller", LIVE) == "better"
    await Persons(pool).disable("m.keller", BY)
    assert await credentials.password_hash("m.keller", LIVE) is None


async def test_a_step_of_totp_is_taken_once_and_never_an_earlier_one(credentials: Any) -> None:
    await credentials.put_totp("m.keller", "SECRET", 10, BY)
    assert [await credentials.take_step("m.keller", step) for step in (10, 9, 11, 11, 10)] == [
        *(False, False, True, False, False)
    ]
    both = await asyncio.gather(*(credentials.take_step("m.keller", 12) for _ in range(2)))
    assert sorted(both) == [False, True]


async def test_a_secret_is_bound_to_its_person_and_sealed_anew(credentials: Any, pool: Any) -> None:
    await credentials.put_totp("m.keller", "SECRET", 0, BY)
    assert await credentials.totp_secret("m.keller") == "SECRET"
    assert (await Rotation(pool).rows_by_key())[1] == 1
    await Persons(pool).add(Person("a.other", LIVE), BY)
    await pool.execute("UPDATE person_credential SET person_id = 'a.other'")
    with pytest.raises(Unsealable):
        await credentials.totp_secret("a.other")
    assert await credentials.totp_secret("m.keller") is None


async def test_a_passkey_is_nobodys_second(credentials: Any) -> None:
    assert await credentials.add_passkey(PASSKEY, "phone", BY)
    assert not await credentials.add_passkey(PASSKEY, "again", BY)
    found = await credentials.passkey(b"id", LIVE)
    assert (found.person_id, found.public_key, found.sign_count) == ("m.keller", b"public", 3)
    assert await credentials.passkey(b"id", Environment.EXERCISE) is None
    assert await credentials.passkey_ids("m.keller") == [b"id"]


async def test_a_count_is_moved_on_by_one_of_two(credentials: Any) -> None:
    await credentials.add_passkey(PASSKEY, "", BY)
    found = await credentials.passkey(b"id", LIVE)
    assert await credentials.count_up(found, 4)
    assert not await credentials.count_up(found, 5)


async def test_a_recovery_code_is_gone_when_it_was_taken(credentials: Any) -> None:
    await credentials.put_recovery_codes("m.keller", ["a", "b"], BY)
    assert [await credentials.take_recovery_code("m.keller", "a", BY) for _ in range(2)] == [True, False]
    assert not await credentials.take_recovery_code("nobody", "b", BY)
    assert [one.kind.value for one in await credentials.listed("m.keller")] == ["recovery"]


async def test_a_credential_is_what_its_kind_says(pool: Any, keller: Person) -> None:
    for columns in (
        "kind, hash) VALUES ('totp', 'x'",
        "kind, sealed) VALUES ('password', 'x'",
        "kind) VALUES ('other'",
    ):
        names, values = columns.split(") VALUES (")
        with pytest.raises(asyncpg.CheckViolationError):
            await pool.execute(
                f"INSERT INTO person_credential (person_id, {names}) VALUES ('m.keller', {values})"
            )


async def test_nothing_is_changed_in_a_session_that_has_ended(credentials: Any, pool: Any) -> None:
    begin = """INSERT INTO person_session (digest, person_id, environment, method)
               VALUES ($1, $2, 'live', 'passkey') RETURNING id"""
    await Persons(pool).add(Person("a.other", LIVE), BY)
    mine, others = [await pool.fetchval(begin, one.encode(), one) for one in ("m.keller", "a.other")]

    async def changed(session: int) -> list[bool]:
        return [
            await credentials.put_password("m.keller", "hash", BY, session),
            await credentials.put_totp("m.keller", "SECRET", 0, BY, session),
            await credentials.put_recovery_codes("m.keller", ["a"], BY, session),
            await credentials.add_passkey(PASSKEY, "", BY, session),
            await credentials.remove("m.keller", (await newest()), BY, session),
        ]

    async def newest() -> int:
        return max((one.number for one in await credentials.listed("m.keller")), default=0)

    assert await changed(others) == [False] * 5
    assert await changed(mine) == [True] * 5
    before = await credentials.listed("m.keller")
    await pool.execute("DELETE FROM person_session WHERE id = $1", mine)
    assert await changed(mine) == [False] * 5
    assert await credentials.listed("m.keller") == before


async def test_of_two_at_once_one_takes_the_place_of_the_other(credentials: Any, pool: Any) -> None:
    """Both have begun before either goes on: another transaction has the person until both wait."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT FROM person WHERE id = 'm.keller' FOR UPDATE")
        changes = [
            *(asyncio.create_task(credentials.put_recovery_codes("m.keller", [c], BY)) for c in "ab"),
            *(asyncio.create_task(credentials.put_totp("m.keller", c, 0, BY)) for c in "ab"),
        ]
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        while await pool.fetchval(waiting) < len(changes):
            pass
    assert await asyncio.gather(*changes) == [True] * 4
    kinds = sorted(one.kind.value for one in await credentials.listed("m.keller"))
    assert kinds == ["recovery", "totp"]
