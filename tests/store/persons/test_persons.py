"""Persons and their roles in the record, and what the audit trail has of it."""

from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from dispatcher.access.persons import Person
from dispatcher.access.principals import of_operator
from dispatcher.access.roles import OnCallWindow, Role, RoleGrant
from dispatcher.model.vocabulary import Environment
from dispatcher.store.persons.persons import Persons
from tests.store import conftest as on_record

pool, sources = on_record.pool, on_record.sources
ANNA = of_operator("anna").actor
AUTHOR = RoleGrant(
    Role.AUTHOR,
    ("05358", "05334002"),
    datetime(2026, 11, 1, 7, 0, tzinfo=UTC),
    datetime(2027, 1, 1, tzinfo=UTC),
    (OnCallWindow.parse("fri 17:00-mon 07:00"),),
)
KELLER = Person("m.keller", Environment.LIVE, (AUTHOR, RoleGrant(Role.APPROVER)), "leitstelle")


@pytest.fixture
def persons(pool: Any, sources: Any) -> Persons:
    return Persons(pool)


async def trail(pool: Any) -> list[Any]:
    rows = await pool.fetch(
        "SELECT actor, action, detail FROM audit WHERE action LIKE 'person.%' ORDER BY id"
    )
    return [(row["actor"], row["action"], row["detail"]) for row in rows]


async def test_a_person_is_read_as_it_was_added(persons: Persons, pool: Any) -> None:
    assert await persons.add(KELLER, ANNA)
    assert await persons.person("m.keller") == KELLER
    assert await persons.person("m.kell") is None
    assert [line[1] for line in await trail(pool)] == ["person.add", "person.grant", "person.grant"]
    assert (await trail(pool))[1] == (
        "operator:anna",
        "person.grant",
        {
            "person": "m.keller",
            "role": "author",
            "territory": ["05358", "05334002"],
            "since": "2026-11-01T07:00:00+00:00",
            "until": "2027-01-01T00:00:00+00:00",
            "on_call": ["fri 17:00-mon 07:00"],
        },
    )


async def test_nobody_is_of_both_environments_by_one_id(persons: Persons) -> None:
    await persons.add(KELLER, ANNA)
    assert not await persons.add(Person("m.keller", Environment.EXERCISE), ANNA)
    assert await persons.person("m.keller") == KELLER


async def test_a_role_is_granted_anew_in_place_of_the_old_and_withdrawn(persons: Persons) -> None:
    await persons.add(KELLER, ANNA)
    assert await persons.grant("m.keller", RoleGrant(Role.AUTHOR, ("05358",)), ANNA)
    found = await persons.person("m.keller")
    assert {grant.role: grant.territory for grant in found.grants} == {
        Role.AUTHOR: ("05358",),
        Role.APPROVER: (),
    }
    assert await persons.withdraw("m.keller", Role.AUTHOR, ANNA)
    assert not await persons.withdraw("m.keller", Role.AUTHOR, ANNA)
    assert [grant.role for grant in (await persons.person("m.keller")).grants] == [Role.APPROVER]
    assert not await persons.grant("nobody", RoleGrant(Role.AUTHOR), ANNA)


async def test_disabling_ends_sessions_and_links_and_enabling_brings_none_back(
    persons: Persons, pool: Any
) -> None:
    await persons.add(KELLER, ANNA)
    await pool.execute(
        "INSERT INTO person_session (digest, person_id, environment, method) VALUES ('\\x01', 'm.keller', 'live', 'passkey')"
    )
    await pool.execute("INSERT INTO person_invitation VALUES ('m.keller', '\\x02', now() + interval '1 h')")
    assert await persons.disable("m.keller", ANNA)
    assert await persons.disable("m.keller", ANNA) is False
    assert (await persons.person("m.keller")).disabled
    assert (
        await pool.fetchval(
            "SELECT (SELECT count(*) FROM person_session) + (SELECT count(*) FROM person_invitation)"
        )
        == 0
    )
    assert await persons.enable("m.keller", ANNA)
    assert await persons.enable("m.keller", ANNA) is False
    assert (await persons.disable("nobody", ANNA), await persons.enable("nobody", ANNA)) == (None, None)
    assert not (await persons.person("m.keller")).disabled


async def test_a_person_writes_for_a_control_centre_or_none(persons: Persons, pool: Any) -> None:
    await persons.add(KELLER, ANNA)
    assert await persons.write_for("m.keller", None, ANNA)
    assert (await persons.person("m.keller")).source_id is None
    assert not await persons.write_for("nobody", None, ANNA)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await persons.write_for("m.keller", "no-such-source", ANNA)
    assert (await trail(pool))[-1][2]["before"] == {"source": "leitstelle"}


async def test_a_list_says_how_a_person_stands(persons: Persons, pool: Any) -> None:
    await persons.add(KELLER, ANNA)
    await persons.add(Person("a.uebung", Environment.EXERCISE), ANNA)
    await pool.execute(
        "INSERT INTO person_credential (person_id, kind, hash) VALUES ('m.keller', 'password', 'x')"
    )
    first, second = await persons.listed()
    assert [first.person.id, second.person.id] == ["a.uebung", "m.keller"]
    assert (first.shows, second.shows, second.seen_at, second.invited_until) == (
        (),
        ("password",),
        None,
        None,
    )
    assert await persons.entry("nobody") is None


async def test_the_record_refuses_a_session_of_the_other_environment(persons: Persons, pool: Any) -> None:
    await persons.add(KELLER, ANNA)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await pool.execute(
            "INSERT INTO person_session (digest, person_id, environment, method) VALUES ('\\x01', 'm.keller', 'exercise', 'x')"
        )
