"""Whom a provider knows is one person of one environment."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from dispatcher.access.persons import Person
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.model.vocabulary import Environment
from dispatcher.store.persons.identities import Identities, IdentityKey, Linked, Linking
from dispatcher.store.persons.invitations import Invitations
from dispatcher.store.persons.persons import Persons
from dispatcher.store.persons.sessions import Method, Sessions, SessionTerms

KEY = IdentityKey(Environment.LIVE, "https://sso.kreis.example", "8c1f")
TERMS = SessionTerms(timedelta(minutes=30), timedelta(hours=12))


@pytest.fixture
def identities(pool: Any, keller: Person) -> Identities:
    return Identities(pool)


async def sessions_of(pool: Any, person_id: str) -> list[str]:
    rows = await pool.fetch("SELECT method FROM person_session WHERE person_id = $1", person_id)
    return [row["method"] for row in rows]


async def test_a_link_is_of_one_person_and_one_environment(identities: Identities, pool: Any) -> None:
    persons = Persons(pool)
    await persons.add(Person("a.other", Environment.LIVE), UNNAMED_OPERATOR)
    await persons.add(Person("m.keller-uebung", Environment.EXERCISE), UNNAMED_OPERATOR)
    assert await identities.linked(KEY) is None
    assert await identities.link("m.keller", KEY, UNNAMED_OPERATOR) is Linking.DONE
    assert await identities.linked(KEY) == Linked("m.keller", disabled=False)
    assert await identities.link("a.other", KEY, UNNAMED_OPERATOR) is Linking.TAKEN
    exercise = IdentityKey(Environment.EXERCISE, KEY.issuer, KEY.subject)
    assert await identities.link("m.keller", exercise, UNNAMED_OPERATOR) is Linking.NOBODY
    assert await identities.link("m.keller-uebung", exercise, UNNAMED_OPERATOR) is Linking.DONE
    other = IdentityKey(Environment.LIVE, "https://sso.other.example", KEY.subject)
    assert await identities.linked(other) is None, "the same subject elsewhere is somebody else"
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await pool.execute(
            "UPDATE person_identity SET environment = 'live', subject = 'x' WHERE person_id = 'm.keller-uebung'"
        )
    assert KEY.subject not in repr(KEY)
    trail = [
        dict(row["detail"])
        for row in await pool.fetch("SELECT detail FROM audit WHERE action = 'person.link'")
    ]
    assert trail[0] == {"person": "m.keller", "issuer": KEY.issuer}, "the subject is personal data"


async def test_another_link_stands_in_place_of_the_first(
    identities: Identities, pool: Any, keller: Person
) -> None:
    sessions = Sessions(pool, TERMS)
    await identities.link("m.keller", KEY, UNNAMED_OPERATOR)
    for digest, method in ((b"1", Method.OIDC), (b"2", Method.PASSKEY)):
        await sessions.begin(digest, keller, method, None, UNNAMED_OPERATOR)
    await identities.link("m.keller", KEY, UNNAMED_OPERATOR)
    assert await sessions_of(pool, "m.keller") == ["oidc", "passkey"], "it was the same"
    other = IdentityKey(Environment.LIVE, KEY.issuer, "another")
    assert await identities.link("m.keller", other, UNNAMED_OPERATOR) is Linking.DONE
    assert (await identities.linked(KEY), await sessions_of(pool, "m.keller")) == (None, ["passkey"])
    assert await identities.unlink("m.keller", UNNAMED_OPERATOR) == 1
    assert await identities.unlink("m.keller", UNNAMED_OPERATOR) == 0
    assert await identities.linked(other) is None


async def test_its_use_is_noted(identities: Identities, pool: Any) -> None:
    assert await identities.used_at("m.keller") == []
    await identities.link("m.keller", KEY, UNNAMED_OPERATOR)
    assert await identities.used_at("m.keller") == [None]
    await identities.used(KEY)
    assert await identities.used_at("m.keller") != [None]
    assert (await Persons(pool).entry("m.keller")).shows == ("oidc",)


async def test_an_invitation_links_once(identities: Identities, pool: Any) -> None:
    invitations, life = Invitations(pool), timedelta(hours=1)
    await invitations.invite("m.keller", b"digest", life, UNNAMED_OPERATOR)
    keys = [IdentityKey(Environment.LIVE, KEY.issuer, subject) for subject in ("one", "two")]
    found = await asyncio.gather(
        *(identities.accept(b"digest", key, UNNAMED_OPERATOR, "m.keller") for key in keys)
    )
    assert sorted(found) == [Linking.DONE, Linking.NOBODY]
    await invitations.invite("m.keller", b"another", life, UNNAMED_OPERATOR)
    assert await identities.accept(b"another", KEY, UNNAMED_OPERATOR, "a.other") is Linking.NOBODY
    await Persons(pool).disable("m.keller", UNNAMED_OPERATOR)
    assert await identities.accept(b"another", KEY, UNNAMED_OPERATOR, "m.keller") is Linking.NOBODY


async def test_a_link_that_is_refused_leaves_the_invitation_and_the_link_before(
    identities: Identities, pool: Any
) -> None:
    await Persons(pool).add(Person("a.other", Environment.LIVE), UNNAMED_OPERATOR)
    before = IdentityKey(Environment.LIVE, KEY.issuer, "before")
    await identities.link("m.keller", KEY, UNNAMED_OPERATOR)
    await identities.link("a.other", before, UNNAMED_OPERATOR)
    await Invitations(pool).invite("a.other", b"digest", timedelta(hours=1), UNNAMED_OPERATOR)
    assert await identities.accept(b"digest", KEY, UNNAMED_OPERATOR, "a.other") is Linking.TAKEN
    assert await identities.linked(before) == Linked("a.other", disabled=False)
    assert await Invitations(pool).invited(b"digest")
