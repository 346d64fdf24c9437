"""Sessions in the record: when they hold, and which browsers are remembered."""

from datetime import timedelta
from typing import Any

import pytest

from dispatcher.access.persons import Person
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.model.vocabulary import Environment
from dispatcher.store.persons.persons import Persons
from dispatcher.store.persons.sessions import MOST_DEVICES, Method, Sessions, SessionTerms

BY, LIVE = UNNAMED_OPERATOR, Environment.LIVE


@pytest.fixture
def sessions(pool: Any, keller: Person) -> Sessions:
    return Sessions(pool, SessionTerms(timedelta(minutes=30), timedelta(hours=12)))


async def begun(
    sessions: Sessions, keller: Person, digest: bytes = b"a", device: bytes | None = None
) -> None:
    assert await sessions.begin(digest, keller, Method.PASSKEY, device, BY)


async def test_a_session_brings_its_person_and_control_centre(sessions: Sessions, keller: Person) -> None:
    await begun(sessions, keller)
    found = await sessions.found(b"a", LIVE)
    assert (found.person, found.source.id, found.method) == (keller, "leitstelle", Method.PASSKEY)
    assert await sessions.found(b"b", LIVE) is None
    assert await sessions.found(b"a", Environment.EXERCISE) is None


@pytest.mark.parametrize(
    ("column", "age", "holds"),
    [
        ("used_at", "29 minutes", True),
        ("used_at", "30 minutes", False),
        ("created_at", "11 hours 59 minutes", True),
        ("created_at", "12 hours", False),
    ],
)
async def test_a_session_ends_by_itself(
    sessions: Sessions, keller: Person, pool: Any, column: str, age: str, holds: bool
) -> None:
    await begun(sessions, keller)
    await pool.execute(f"UPDATE person_session SET {column} = now() - $1::text::interval", age)
    assert (await sessions.found(b"a", LIVE) is not None) is holds
    assert bool(await sessions.listed("m.keller")) is holds
    await begun(sessions, keller, b"b")
    assert await pool.fetchval("SELECT count(*) FROM person_session") == 1 + holds, "what is over is deleted"


async def test_use_makes_it_go_on_and_is_written_once_a_minute(
    sessions: Sessions, keller: Person, pool: Any
) -> None:
    await begun(sessions, keller)
    before = await pool.fetchval("SELECT used_at FROM person_session")
    await sessions.found(b"a", LIVE)
    assert await pool.fetchval("SELECT used_at FROM person_session") == before
    await pool.execute("UPDATE person_session SET used_at = now() - interval '20 minutes'")
    await sessions.found(b"a", LIVE)
    assert await pool.fetchval("SELECT used_at > now() - interval '1 minute' FROM person_session")


async def test_who_is_disabled_has_no_session_and_a_disabled_centre_is_none(
    sessions: Sessions, keller: Person, pool: Any
) -> None:
    await begun(sessions, keller)
    await pool.execute("UPDATE source SET disabled_at = now()")
    assert (await sessions.found(b"a", LIVE)).source is None
    await pool.execute("UPDATE person SET disabled_at = now()")
    assert await sessions.found(b"a", LIVE) is None
    assert not await sessions.begin(b"c", keller, Method.PASSKEY, None, BY)


async def test_the_browsers_used_last_are_remembered_each_for_its_person(
    sessions: Sessions, keller: Person, pool: Any
) -> None:
    for number in range(MOST_DEVICES + 1):
        await begun(sessions, keller, b"s%d" % number, b"d%d" % number)
    assert not await sessions.is_known(b"d0", "m.keller")
    assert await sessions.is_known(b"d1", "m.keller")
    assert not await sessions.is_known(b"d1", "a.other")


async def test_ending_one_or_all_but_one(sessions: Sessions, keller: Person, pool: Any) -> None:
    await Persons(pool).add(Person("a.other", LIVE), BY)
    for digest in (b"a", b"b", b"c"):
        await begun(sessions, keller, digest, digest)
    newest, _, oldest = await sessions.listed("m.keller")
    assert not await sessions.end("a.other", oldest.number, BY)
    assert await sessions.end("m.keller", oldest.number, BY)
    assert await sessions.end_all("m.keller", BY, but=newest.number, device=b"c") == 1
    assert [one.number for one in await sessions.listed("m.keller")] == [newest.number]
    assert [await sessions.is_known(one, "m.keller") for one in (b"a", b"b", b"c")] == [False, False, True]
    await sessions.end_all("m.keller", BY)
    assert not await sessions.is_known(b"c", "m.keller")


async def test_a_session_in_place_of_another_begins_only_while_that_is_there(
    sessions: Sessions, keller: Person
) -> None:
    await begun(sessions, keller)
    (first,) = await sessions.listed("m.keller")
    assert await sessions.begin(b"b", keller, Method.PASSKEY, None, BY, first.number)
    assert await sessions.found(b"a", LIVE) is None
    assert not await sessions.begin(b"c", keller, Method.PASSKEY, None, BY, first.number)
    assert await sessions.found(b"c", LIVE) is None
