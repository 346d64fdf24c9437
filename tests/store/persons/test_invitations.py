"""Links by which persons enrol."""

from datetime import timedelta
from typing import Any

import pytest

from dispatcher.access.persons import Person
from dispatcher.access.principals import of_operator
from dispatcher.model.vocabulary import Environment
from dispatcher.store.persons.invitations import Invitations
from dispatcher.store.persons.persons import Persons
from tests.store import conftest as on_record

pool = on_record.pool
ANNA = of_operator("anna").actor
DAY = timedelta(days=1)


@pytest.fixture
async def invitations(pool: Any) -> Invitations:
    await Persons(pool).add(Person("m.keller", Environment.LIVE), ANNA)
    return Invitations(pool)


async def invited(invitations: Invitations, digest: bytes) -> str | None:
    found = await invitations.invited(digest)
    return found.id if found else None


async def test_only_the_newest_link_is_good_and_looking_at_it_changes_nothing(
    invitations: Invitations,
) -> None:
    assert await invitations.invite("m.keller", b"first", DAY, ANNA)
    assert await invitations.invite("m.keller", b"second", DAY, ANNA)
    assert await invited(invitations, b"first") is None
    assert [await invited(invitations, b"second") for _ in range(2)] == ["m.keller"] * 2


async def test_a_new_link_ends_what_an_earlier_one_has_opened(invitations: Invitations, pool: Any) -> None:
    await Persons(pool).add(Person("a.other", Environment.LIVE), ANNA)
    await pool.execute(
        """INSERT INTO person_session (digest, person_id, environment, method)
           VALUES ('1', 'm.keller', 'live', 'invitation'), ('2', 'm.keller', 'live', 'passkey'),
                  ('3', 'a.other', 'live', 'invitation')"""
    )
    await pool.execute(
        """INSERT INTO sign_in_step (digest, purpose, environment, person_id, expires_at)
           VALUES ('1', 'new_passkey', 'live', 'm.keller', 'infinity'),
                  ('3', 'new_passkey', 'live', 'a.other', 'infinity')"""
    )
    assert await invitations.invite("m.keller", b"new", DAY, ANNA)
    sessions = await pool.fetch("SELECT person_id, method FROM person_session ORDER BY digest")
    assert [tuple(row) for row in sessions] == [("m.keller", "passkey"), ("a.other", "invitation")]
    assert await pool.fetchval("SELECT string_agg(person_id, ' ') FROM sign_in_step") == "a.other"


async def test_a_link_ends(invitations: Invitations) -> None:
    await invitations.invite("m.keller", b"over", timedelta(0), ANNA)
    assert await invited(invitations, b"over") is None


async def test_nobody_and_who_is_disabled_is_not_invited(invitations: Invitations, pool: Any) -> None:
    assert not await invitations.invite("nobody", b"x", DAY, ANNA)
    await Persons(pool).disable("m.keller", ANNA)
    assert not await invitations.invite("m.keller", b"x", DAY, ANNA)
    assert not await invitations.recover("m.keller", b"x", DAY, ANNA)


async def test_recovering_leaves_nothing_that_was_good_before(invitations: Invitations, pool: Any) -> None:
    await pool.execute(
        "INSERT INTO person_credential (person_id, kind, hash) VALUES ('m.keller', 'password', 'x')"
    )
    await pool.execute(
        "INSERT INTO person_session (digest, person_id, environment, method) VALUES ('\\x01', 'm.keller', 'live', 'x')"
    )
    await pool.execute("INSERT INTO person_device (digest, person_id) VALUES ('\\x01', 'm.keller')")
    await pool.execute(
        "INSERT INTO source (id, name, senders, territory) VALUES ('leitstelle', 'Leitstelle', '{}', '{}')"
    )
    await pool.execute(
        "INSERT INTO api_key (id, source_id, digest, person) VALUES ('a', 'leitstelle', '', 'm.keller'), ('b', 'leitstelle', '', NULL)"
    )
    assert await invitations.recover("m.keller", b"new", DAY, ANNA)
    assert [row["id"] for row in await pool.fetch("SELECT id FROM api_key WHERE revoked_at IS NULL")] == ["b"]
    for table in ("person_credential", "person_session", "person_device"):
        assert await pool.fetchval(f"SELECT count(*) FROM {table}") == 0
    assert await invited(invitations, b"new") == "m.keller"
    lines = await pool.fetch("SELECT action, detail FROM audit ORDER BY id")
    assert [line["action"] for line in lines] == [
        "person.add",
        "person.invite",
        "key.revoke",
        "person.recover",
    ]
    assert lines[-1]["detail"]["keys"] == [lines[-2]["detail"]["key"]] == ["wk_a"]
