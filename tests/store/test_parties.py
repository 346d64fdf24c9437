"""Sources and instances are added once, changed knowingly, listed, disabled and enabled."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.principals import of_operator
from dispatcher.model.principals import CredentialState, Instance, RemoteOperator, Source
from dispatcher.store.parties import ChangedMeanwhile, Parties
from dispatcher.store.sources import Sources
from tests.store.conftest import PEPPER
from tests.support.histories import submit
from tests.support.messages import DUEREN, JUELICH, SENDER

ANNA = of_operator("anna").actor
SECRET = "s" * 43
KEY = f"wk_leitstelle-1_{SECRET}"
INSTANCE_KEY = f"wi_dueren_{SECRET}"
CENTRE = Source("centre", "Centre", frozenset({"b@example.org", "a@example.org"}), ("05358",), 0.0, quota=7)
APP = Instance("app", "App", (DUEREN,))
DESK = RemoteOperator("desk", "Desk")
TABLES = {Source: "source", Instance: "instance", RemoteOperator: "remote_operator"}


@pytest.fixture
async def keyed(sources: Sources) -> Sources:
    await sources.add_key("leitstelle", KEY)
    return sources


async def state(sources: Sources, key: str) -> CredentialState:
    return (await sources.recognise(key)).state


@pytest.mark.parametrize(
    ("party", "key"),
    [(CENTRE, f"wk_centre-1_{SECRET}"), (APP, f"wi_app-1_{SECRET}"), (DESK, f"wo_desk-1_{SECRET}")],
    ids=["source", "instance", "operator"],
)
async def test_a_party_is_added_once_with_its_key(pool: Any, party: Any, key: str) -> None:
    parties, sources = Parties(pool), Sources(pool, PEPPER)
    other = key.replace("-1_", "-2_")
    added = await asyncio.gather(*(parties.add(party, one, PEPPER, ANNA) for one in (key, other)))
    assert sorted(added) == [False, True], "of two at once one"
    good, bad = (key, other) if added[0] else (other, key)
    assert (await sources.recognise(good)).party == party
    assert await state(sources, bad) is CredentialState.UNKNOWN
    assert await parties.add(replace(party, name="else"), bad, PEPPER, ANNA) is False
    assert (await sources.recognise(good)).party == party, "and what is there stays as it is"
    lines = await pool.fetch("SELECT actor, action FROM audit ORDER BY id")
    table = TABLES[type(party)]
    assert [tuple(line) for line in lines] == [
        ("operator:anna", f"{table}.add"),
        ("operator:anna", "key.add"),
    ]


async def test_a_change_is_audited_with_what_was_before_and_nothing_else(pool: Any) -> None:
    parties = Parties(pool)
    await parties.add(CENTRE, f"wk_centre-1_{SECRET}", PEPPER, ANNA)
    await parties.change(CENTRE, replace(CENTRE, territory=("053",), quota=None), ANNA)
    assert await parties.source("centre") == replace(CENTRE, territory=("053",), quota=None)
    assert await parties.source("nobody") is None
    assert await pool.fetchval("SELECT detail FROM audit ORDER BY id DESC LIMIT 1") == {
        "source": "centre",
        "before": {"territory": ["05358"], "quota": 7},
        "after": {"territory": ["053"]},
    }


@pytest.mark.parametrize(
    ("party", "key", "mine", "theirs"),
    [
        (CENTRE, f"wk_centre-1_{SECRET}", {"name": "mine"}, {"territory": ("05334",)}),
        (APP, f"wi_app-1_{SECRET}", {"name": "mine"}, {"places": (JUELICH,)}),
    ],
    ids=["source", "instance"],
)
async def test_of_two_who_change_the_same_the_second_is_told(
    pool: Any, party: Any, key: str, mine: Any, theirs: Any
) -> None:
    parties = Parties(pool)
    await parties.add(party, key, PEPPER, ANNA)
    await parties.change(party, replace(party, **theirs), ANNA)
    with pytest.raises(ChangedMeanwhile):
        await parties.change(party, replace(party, **mine), ANNA)
    found = await (parties.source if party is CENTRE else parties.instance)(party.id)
    assert found == replace(party, **theirs)


@pytest.mark.parametrize("kind", [PrincipalKind.SOURCE, PrincipalKind.INSTANCE])
async def test_who_is_disabled_is_refused_and_stays_so_until_enabled(
    keyed: Any, pool: Any, kind: PrincipalKind
) -> None:
    key, name = (KEY, "leitstelle") if kind is PrincipalKind.SOURCE else (INSTANCE_KEY, "dueren")
    await keyed.put_instance(Instance("dueren", "Düren", (DUEREN,)), INSTANCE_KEY)
    assert await Parties(pool).disable(kind, name, ANNA) is True
    assert await Parties(pool).disable(kind, name, ANNA) is False
    await keyed.put(Source("leitstelle", "Neu", frozenset({SENDER}), ("05358",)))
    await keyed.put_instance(Instance("dueren", "Neu", (DUEREN,)), f"wi_dueren-2_{SECRET}")
    assert await state(keyed, key) is CredentialState.DISABLED, "whatever else is changed"
    assert [one.disabled_at is not None for one in await Parties(pool).listed(kind)] == [True]
    assert await Parties(pool).enable(kind, name, ANNA) is True
    assert await Parties(pool).enable(kind, name, ANNA) is False
    assert await state(keyed, key) is CredentialState.VALID
    assert await Parties(pool).disable(kind, "nobody", ANNA) is None
    acts = await pool.fetch("SELECT actor, action, detail FROM audit WHERE action LIKE '%able' ORDER BY id")
    assert [tuple(act) for act in acts] == [
        ("operator:anna", f"{kind}.{act}", {str(kind): name}) for act in ("disable", "enable")
    ]


async def test_a_list_counts_the_keys_that_are_good(keyed: Any, pool: Any) -> None:
    for name in ("revoked", "expired", "good"):
        await keyed.add_key("leitstelle", f"wk_{name}_{SECRET}")
    await pool.execute("UPDATE api_key SET revoked_at = now() WHERE id = 'revoked'")
    await pool.execute("UPDATE api_key SET expires_at = now() WHERE id = 'expired'")
    (entry,) = await Parties(pool).listed(PrincipalKind.SOURCE)
    assert (entry.id, entry.senders, entry.places, entry.keys) == ("leitstelle", (SENDER,), ("05358",), 2)


async def test_a_disabled_source_keeps_what_it_has_in_force(keyed: Any, alerts: Any, pool: Any) -> None:
    await submit(alerts, "A", DUEREN)
    await pool.execute("UPDATE alert SET state = 'planned'")
    await Parties(pool).disable(PrincipalKind.SOURCE, "leitstelle", ANNA)
    assert await Parties(pool).in_force("leitstelle") == 1


async def test_instances_are_listed_page_by_page_and_the_missing_are_named(pool: Any) -> None:
    parties = Parties(pool)
    for name in ("b", "a", "c"):
        await parties.add(replace(APP, id=name), f"wi_{name}_{SECRET}", PEPPER, ANNA)
    assert [one.id for one in await parties.listed(PrincipalKind.INSTANCE, "a", 1)] == ["b"]
    assert [one.id for one in await parties.listed(PrincipalKind.INSTANCE)] == ["a", "b", "c"]
    entry = await parties.entry(PrincipalKind.INSTANCE, "b")
    assert entry is not None
    assert (entry.id, entry.keys, await parties.entry(PrincipalKind.INSTANCE, "d")) == ("b", 1, None)
    assert await parties.missing(["c", "d", "a"]) == ["d"]
