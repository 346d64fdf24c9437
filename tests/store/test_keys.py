"""Keys are issued, rotated, expired and revoked, each act with its line on the audit trail."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from channels.clock import utc_now
from dispatcher.access.credentials import Bearer, judge
from dispatcher.access.keys import LIFE, KeyKind, KeyName
from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.persons import Person
from dispatcher.access.principals import of_operator
from dispatcher.model.principals import CredentialState, Instance, RemoteOperator
from dispatcher.model.vocabulary import Environment
from dispatcher.store.feeds.feeds import Feeds
from dispatcher.store.keys import Keys, NoSuchBearer, NoSuchPerson, SeveralPersons
from dispatcher.store.parties import Parties
from dispatcher.store.persons.persons import Persons
from dispatcher.store.sources import Sources
from tests.store.conftest import PEPPER
from tests.support.messages import DUEREN

SECRET = "s" * 43
CENTRE, APP = Bearer.of("leitstelle", None), Bearer.of(None, "dueren")
FEED = Bearer(PrincipalKind.FEED, "mowas")
ANNA = of_operator("anna").actor
BEARERS = [CENTRE, APP, FEED]
HOUR = timedelta(hours=1)


def key_of(bearer: Bearer, number: int) -> str:
    return f"{bearer.key_kind}_{bearer.id}-{number}_{SECRET}"


def name_of(bearer: Bearer, number: int) -> KeyName:
    return KeyName(bearer.key_kind, f"{bearer.id}-{number}")


@pytest.fixture
async def store(pool: Any, sources: Sources) -> Keys:
    """Each bearer has one key, number 1."""
    store = Keys(pool)
    await sources.put_instance(Instance("dueren", "Düren", (DUEREN,)), key_of(APP, 1))
    await Feeds(pool).register(["mowas"])
    for bearer in (CENTRE, FEED):
        await store.issue(bearer, key_of(bearer, 1), PEPPER)
    return store


async def states(store: Keys, bearer: Bearer) -> dict[str, CredentialState]:
    keys = await store.listed(bearer)
    return {key.name.id: judge(key.terms, keys.now) for key in keys.entries}


async def acts(pool: Any) -> list[tuple[Any, ...]]:
    rows = await pool.fetch("SELECT actor, action, detail FROM audit WHERE action LIKE 'key.%' ORDER BY id")
    return [tuple(row) for row in rows]


@pytest.mark.parametrize("bearer", BEARERS, ids=str)
async def test_a_rotation_gives_a_new_key_and_the_old_one_an_end(
    store: Keys, sources: Sources, pool: Any, bearer: Bearer
) -> None:
    (old,) = await store.rotate(bearer, key_of(bearer, 2), PEPPER, HOUR, ANNA)
    assert old.name == name_of(bearer, 1)
    assert old.terms.expires_at is not None
    for number in (1, 2):
        assert (await sources.recognise(key_of(bearer, number))).state is CredentialState.VALID
    await pool.execute("UPDATE api_key SET expires_at = expires_at - interval '1 hour'")
    assert (await sources.recognise(key_of(bearer, 1))).state is CredentialState.EXPIRED
    assert (await sources.recognise(key_of(bearer, 2))).state is CredentialState.VALID
    actor, action, detail = (await acts(pool))[-1]
    named = {(bearer.key_kind == KeyKind.INSTANCE and "instance") or "source": bearer.record_id}
    assert (actor, action) == ("operator:anna", "key.rotate")
    assert detail == named | {
        "key": str(name_of(bearer, 2)),
        "until": {str(old.name): old.terms.expires_at.isoformat()},
    }
    assert SECRET not in str(await pool.fetch("SELECT * FROM audit"))


async def test_a_rotation_lengthens_no_life_and_leaves_others_alone(store: Keys, pool: Any) -> None:
    await store.rotate(CENTRE, key_of(CENTRE, 2), PEPPER, HOUR)
    soon = await pool.fetchval(
        "UPDATE api_key SET expires_at = now() + interval '1 min' WHERE id = 'leitstelle-1' RETURNING expires_at"
    )
    await store.revoke(name_of(CENTRE, 2))
    old = await store.rotate(CENTRE, key_of(CENTRE, 3), PEPPER, HOUR)
    assert [(one.name.id, one.terms.expires_at) for one in old] == [("leitstelle-1", soon)]
    assert await pool.fetchval("SELECT count(*) FROM api_key WHERE expires_at IS NOT NULL") == 1
    assert await states(store, CENTRE) == {
        "leitstelle-1": CredentialState.VALID,
        "leitstelle-2": CredentialState.REVOKED,
        "leitstelle-3": CredentialState.VALID,
    }


async def test_without_overlap_the_old_key_ends_at_once(store: Keys) -> None:
    await store.rotate(CENTRE, key_of(CENTRE, 2), PEPPER, timedelta())
    assert await states(store, CENTRE) == {
        "leitstelle-1": CredentialState.EXPIRED,
        "leitstelle-2": CredentialState.VALID,
    }


async def test_two_rotations_at_once_leave_a_key_to_each(store: Keys, pool: Any) -> None:
    """One after the other: the key of the first gets an end by the second, and both are good meanwhile."""
    await asyncio.gather(*(store.rotate(CENTRE, key_of(CENTRE, number), PEPPER, HOUR) for number in (2, 3)))
    assert set((await states(store, CENTRE)).values()) == {CredentialState.VALID}
    assert (
        await pool.fetchval(
            "SELECT count(*) FROM api_key WHERE source_id = 'leitstelle' AND expires_at IS NULL"
        )
        == 1
    )


async def test_nobody_gets_a_key_who_is_not_there(store: Keys, pool: Any) -> None:
    for bearer in (Bearer.of("nobody", None), Bearer.of(None, "nobody"), Bearer(PrincipalKind.FEED, "no")):
        with pytest.raises(NoSuchBearer):
            await store.rotate(bearer, key_of(bearer, 1), PEPPER, HOUR)
        with pytest.raises(NoSuchBearer):
            await store.issue(bearer, key_of(bearer, 1), PEPPER)
    with pytest.raises(ValueError, match="not a key of instance"):
        await store.issue(APP, key_of(CENTRE, 7), PEPPER)
    assert await pool.fetchval("SELECT count(*) FROM api_key") == len(BEARERS)


@pytest.mark.parametrize("bearer", BEARERS, ids=str)
async def test_a_key_is_revoked_once_and_for_good(store: Keys, pool: Any, bearer: Bearer) -> None:
    assert await store.revoke(name_of(bearer, 1), ANNA) is True
    assert await store.revoke(name_of(bearer, 1), ANNA) is False
    assert await store.expire(name_of(bearer, 1), None, ANNA) is False
    assert await states(store, bearer) == {f"{bearer.id}-1": CredentialState.REVOKED}
    assert [act[1] for act in await acts(pool) if act[0] == "operator:anna"] == ["key.revoke"]


async def test_a_key_gets_an_end_and_loses_it(store: Keys, pool: Any) -> None:
    now = (await store.listed()).now
    assert await store.expire(name_of(APP, 1), now - HOUR, ANNA)
    assert await states(store, APP) == {"dueren-1": CredentialState.EXPIRED}
    assert await store.expire(name_of(APP, 1), None, ANNA)
    assert await states(store, APP) == {"dueren-1": CredentialState.VALID}
    assert [act[1:] for act in await acts(pool)][-2:] == [
        ("key.expire", {"key": "wi_dueren-1", "expires": (now - HOUR).isoformat(), "instance": "dueren"}),
        ("key.expire", {"key": "wi_dueren-1", "expires": None, "instance": "dueren"}),
    ]
    assert await store.expire(name_of(APP, 9), None) is False


async def test_a_list_has_all_keys_and_none_of_their_secrets(store: Keys) -> None:
    keys = await store.listed()
    assert {(one.name, one.bearer) for one in keys.entries} == {(name_of(one, 1), one) for one in BEARERS}
    assert SECRET not in repr(keys)
    assert [one.bearer for one in (await store.listed(FEED)).entries] == [FEED]
    assert (await store.listed(Bearer.of("nobody", None))).entries == ()


@pytest.mark.parametrize("written", ["leitstelle-1", "wk_leitstelle-1"])
async def test_a_key_is_found_by_its_id_with_or_without_its_kind(
    store: Keys, sources: Sources, written: str
) -> None:
    assert [one.name for one in await store.named(written)] == [name_of(CENTRE, 1)]
    await sources.put_instance(Instance("leitstelle-1", "", (DUEREN,)), f"wi_leitstelle-1_{SECRET}")
    assert len(await store.named(written)) == (1 if written.startswith("wk_") else 2)
    assert await store.named(f"wk_leitstelle-1_{SECRET}") == []


async def _at(pool: Any, key: str) -> float:
    return float(
        await pool.fetchval("SELECT extract(epoch FROM expires_at)::float8 FROM api_key WHERE id = $1", key)
    )


async def test_a_bearer_that_will_lose_its_last_key_is_known_before(store: Keys, pool: Any) -> None:
    assert await store.expiries_in_use() == {}
    await pool.execute("UPDATE api_key SET expires_at = now() + interval '3 days' WHERE id <> 'dueren-1'")
    assert await store.expiries_in_use() == {
        PrincipalKind.SOURCE: await _at(pool, "leitstelle-1"),
        PrincipalKind.FEED: await _at(pool, "mowas-1"),
    }
    await pool.execute("UPDATE api_key SET revoked_at = now() WHERE id = 'mowas-1'")
    await pool.execute("UPDATE source SET disabled_at = now() WHERE id = 'leitstelle'")
    assert await store.expiries_in_use() == {}, "they are locked out already"


async def test_a_rotation_is_not_over_before_the_new_key_is_used(store: Keys, pool: Any) -> None:
    await pool.execute("UPDATE api_key SET used_at = now() - interval '1 h'")
    await store.rotate(CENTRE, key_of(CENTRE, 2), PEPPER, HOUR)
    assert await store.expiries_in_use() == {PrincipalKind.SOURCE: await _at(pool, "leitstelle-1")}
    await pool.execute("UPDATE api_key SET used_at = now() WHERE id = 'leitstelle-2'")
    assert await store.expiries_in_use() == {}


async def test_an_operators_keys_end_by_themselves(store: Keys, sources: Sources, pool: Any) -> None:
    """Also one that takes another's place; and that it will is known before."""
    desk = Bearer(PrincipalKind.REMOTE_OPERATOR, "desk")
    await Parties(pool).add(RemoteOperator("desk", "Desk"), key_of(desk, 1), PEPPER, ANNA)
    life = LIFE[KeyKind.OPERATOR]
    (first,) = (await store.of(desk)).entries
    assert first.terms.expires_at is not None
    assert abs(first.terms.expires_at - first.created_at - life) < HOUR
    (old,) = await store.rotate(desk, key_of(desk, 2), PEPPER, HOUR, ANNA)
    assert (old.name, (await sources.recognise(key_of(desk, 2))).party) == (
        name_of(desk, 1),
        RemoteOperator("desk", "Desk"),
    )
    assert all(one.terms.expires_at for one in (await store.of(desk)).entries)
    assert (await acts(pool))[-1][2]["remote_operator"] == "desk"
    assert await store.revoke(name_of(desk, 1), ANNA)
    assert await store.expire(name_of(desk, 2), (await store.listed()).now + HOUR, ANNA)
    assert set(await store.expiries_in_use()) == {PrincipalKind.REMOTE_OPERATOR}
    await Parties(pool).disable(PrincipalKind.REMOTE_OPERATOR, "desk", ANNA)
    assert (await sources.recognise(key_of(desk, 2))).state is CredentialState.DISABLED
    with pytest.raises(NoSuchBearer):
        await store.issue(Bearer(PrincipalKind.REMOTE_OPERATOR, "nobody"), key_of(desk, 3), PEPPER)


async def test_a_rotation_leaves_the_keys_of_the_other_environment_alone(store: Keys, pool: Any) -> None:
    exercise = f"wx_leitstelle-9_{SECRET}"
    await store.issue(CENTRE, exercise, PEPPER)
    await store.rotate(CENTRE, key_of(CENTRE, 2), PEPPER, HOUR)
    assert await pool.fetchval("SELECT expires_at FROM api_key WHERE kind = 'wx'") is None
    (old,) = await store.rotate(CENTRE, f"wx_leitstelle-10_{SECRET}", PEPPER, HOUR)
    assert str(old.name) == "wx_leitstelle-9"
    assert await pool.fetchval("SELECT expires_at FROM api_key WHERE id = 'leitstelle-2'") is None


@pytest.fixture
async def persons(store: Keys, pool: Any) -> Persons:
    """M. Keller and B. Lang warn, A. Uebung takes part in exercises."""
    persons = Persons(pool)
    for person in ("m.keller", "b.lang"):
        await persons.add(Person(person, Environment.LIVE), ANNA)
    await persons.add(Person("a.uebung", Environment.EXERCISE), ANNA)
    return persons


@pytest.mark.parametrize("person", ["nobody", "a.uebung"])
async def test_a_key_is_nobodys_whom_its_environment_does_not_have(
    store: Keys, persons: Persons, person: str
) -> None:
    with pytest.raises(NoSuchPerson, match=f"person {person} in live"):
        await store.issue(CENTRE, key_of(CENTRE, 2), PEPPER, ANNA, person)
    assert set(await states(store, CENTRE)) == {"leitstelle-1"}
    await store.issue(CENTRE, f"wx_leitstelle-9_{SECRET}", PEPPER, ANNA, "a.uebung")


async def test_a_rotation_gives_the_key_to_whom_the_old_one_is_and_ends_nobody_elses(
    store: Keys, persons: Persons, sources: Sources
) -> None:
    await store.issue(CENTRE, key_of(CENTRE, 2), PEPPER, ANNA, "m.keller")
    (unnamed,) = await store.rotate(CENTRE, key_of(CENTRE, 3), PEPPER, HOUR, ANNA)
    (named,) = await store.rotate(CENTRE, key_of(CENTRE, 4), PEPPER, HOUR, ANNA, "m.keller")
    assert (unnamed.name.id, named.name.id) == ("leitstelle-1", "leitstelle-2")
    for number in (1, 3):
        await store.revoke(name_of(CENTRE, number))
    await store.rotate(CENTRE, key_of(CENTRE, 5), PEPPER, HOUR, ANNA)
    found = [(await sources.recognise(key_of(CENTRE, number))).person for number in (3, 4, 5)]
    assert found == ["", "m.keller", "m.keller"], "the one person's who alone has any"
    await store.issue(CENTRE, key_of(CENTRE, 6), PEPPER, ANNA, "b.lang")
    with pytest.raises(SeveralPersons, match=r"b\.lang, m\.keller"):
        await store.rotate(CENTRE, key_of(CENTRE, 7), PEPPER, HOUR, ANNA)


async def test_the_key_of_a_person_who_is_disabled_opens_nothing(
    store: Keys, persons: Persons, sources: Sources
) -> None:
    await store.issue(CENTRE, key_of(CENTRE, 2), PEPPER, ANNA, "m.keller")
    await store.revoke(name_of(CENTRE, 1))
    assert "leitstelle" in await sources.submitting()
    await persons.disable("m.keller", ANNA)
    assert (await sources.recognise(key_of(CENTRE, 2))).state is CredentialState.DISABLED
    assert (await states(store, CENTRE))["leitstelle-2"] is CredentialState.DISABLED
    assert "leitstelle" not in await sources.submitting()
    await persons.enable("m.keller", ANNA)
    assert (await sources.recognise(key_of(CENTRE, 2))).state is CredentialState.VALID


async def test_the_end_of_a_key_for_exercises_alarms_nobody(store: Keys) -> None:
    await store.issue(CENTRE, f"wx_leitstelle-9_{SECRET}", PEPPER)
    before = await store.expiries_in_use()
    await store.expire(KeyName(KeyKind.EXERCISE, "leitstelle-9"), utc_now() + HOUR)
    assert await store.expiries_in_use() == before
