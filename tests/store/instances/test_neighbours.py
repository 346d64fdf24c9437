"""What a neighbour lets another app show, and what follows from it."""

from typing import Any

import pytest

from dispatcher.access.principals import of_instance, of_operator
from dispatcher.model.principals import Instance
from dispatcher.model.webhooks import WantedWebhook
from dispatcher.store.instances.neighbours import Neighbours
from dispatcher.store.keys import NoSuchBearer
from dispatcher.store.parties import Parties
from dispatcher.store.sources import Sources
from dispatcher.store.webhooks import Webhooks
from tests.store.conftest import PEPPER
from tests.support.messages import DUEREN, HEIMBACH
from tests.support.sealed import ADDRESSES

ANNA, ITSELF = of_operator("anna").actor, of_instance("stolberg", ()).actor
STOLBERG = "05334032"
WHO = "Ordnungsamt Stolberg, A. Muster"
SECRET = "s" * 43
KEY = f"wi_dueren_{SECRET}"
APP = Instance("dueren", "Düren", (DUEREN,), shows=("stolberg",))
OTHER = Instance("stolberg", "Stolberg", (STOLBERG,))


@pytest.fixture
async def neighbours(pool: Any) -> Neighbours:
    """Düren wants to show Stolberg's warnings."""
    for one in (OTHER, APP):
        await Parties(pool).add(one, f"wi_{one.id}_{SECRET}", PEPPER, ANNA)
    return Neighbours(pool)


async def shown(pool: Any) -> tuple[str, ...]:
    party = (await Sources(pool, PEPPER).recognise(KEY)).party
    assert isinstance(party, Instance)
    return party.shown


async def test_what_an_app_wants_is_nothing_without_the_consent(neighbours: Neighbours, pool: Any) -> None:
    assert await shown(pool) == (DUEREN,)
    (wished,) = await neighbours.of("dueren")
    assert (wished.id, wished.places, wished.consent) == ("stolberg", (STOLBERG,), None)
    await neighbours.consent("stolberg", "dueren", WHO, ITSELF)
    assert await shown(pool) == (DUEREN, STOLBERG)
    (wished,) = await neighbours.of("dueren")
    assert wished.consent is not None
    assert wished.consent.given_by == WHO
    assert await neighbours.given("stolberg") == {"dueren": wished.consent}
    assert await neighbours.given("dueren") == {}, "it is of one direction"
    assert await neighbours.withdraw("stolberg", "dueren", ITSELF) is True
    assert await neighbours.withdraw("stolberg", "dueren", ITSELF) is False
    assert await shown(pool) == (DUEREN,)
    assert (await neighbours.of("dueren"))[0].consent is None
    lines = await pool.fetch(
        "SELECT actor, action, detail FROM audit WHERE action LIKE 'consent%' ORDER BY id"
    )
    detail = {"neighbour": "stolberg", "instance": "dueren"}
    assert [tuple(line) for line in lines] == [
        ("instance:stolberg", "consent.give", detail),
        ("instance:stolberg", "consent.withdraw", detail),
    ]


async def test_a_consent_alone_shows_nothing_either(neighbours: Neighbours, pool: Any) -> None:
    await neighbours.consent("dueren", "stolberg", "Düren", ANNA)
    assert await pool.fetchval("SELECT shown FROM instance WHERE id = 'stolberg'") == [STOLBERG]


async def test_the_same_consent_once_more_changes_nothing(neighbours: Neighbours, pool: Any) -> None:
    first = await neighbours.consent("stolberg", "dueren", WHO, ITSELF)
    assert await neighbours.consent("stolberg", "dueren", WHO, ITSELF) == first
    assert await pool.fetchval("SELECT count(*) FROM audit WHERE action = 'consent.give'") == 1
    other = await neighbours.consent("stolberg", "dueren", "B. Muster", ANNA)
    assert (other.given_by, other.given_at > first.given_at) == ("B. Muster", True)


async def test_whoever_shows_a_neighbour_follows_its_municipalities(
    neighbours: Neighbours, pool: Any
) -> None:
    await neighbours.consent("stolberg", "dueren", WHO, ITSELF)
    parties = Parties(pool)
    before = await parties.instance("stolberg")
    assert before is not None
    await parties.change(before, Instance("stolberg", "Stolberg", (STOLBERG, HEIMBACH)), ANNA)
    assert await shown(pool) == (DUEREN, STOLBERG, HEIMBACH)
    app = await parties.instance("dueren")
    assert app is not None
    await parties.change(app, Instance("dueren", "Düren", (DUEREN, HEIMBACH), shows=("stolberg",)), ANNA)
    assert await shown(pool) == (DUEREN, HEIMBACH, STOLBERG), "each once"
    app = await parties.instance("dueren")
    assert app is not None
    await parties.change(app, Instance("dueren", "Düren", (DUEREN,)), ANNA)
    assert await shown(pool) == (DUEREN,), "who does not want it shows nothing of it"


async def test_a_webhook_of_all_places_follows_what_is_shown(neighbours: Neighbours, pool: Any) -> None:
    webhooks = Webhooks(pool, ADDRESSES)
    url = "https://app.dueren.example/a"
    wanted = WantedWebhook(url, "https://app.dueren.example")
    put = await webhooks.put("dueren", wanted, lambda _: {"secret": "one"})

    async def followed() -> set[str]:
        rows = await pool.fetch(
            "SELECT ags FROM followed_municipality WHERE subscription_id = $1", put.subscription_id
        )
        return {row["ags"] for row in rows}

    assert await followed() == {DUEREN}
    await neighbours.consent("stolberg", "dueren", WHO, ITSELF)
    assert await followed() == {DUEREN, STOLBERG}
    again = await webhooks.of("dueren")
    assert again is not None
    assert set(again.places) == {DUEREN, STOLBERG}
    await neighbours.withdraw("stolberg", "dueren", ITSELF)
    assert await followed() == {DUEREN}


@pytest.mark.parametrize(
    ("neighbour", "instance"), [("nobody", "dueren"), ("dueren", "nobody"), ("dueren", "dueren")]
)
async def test_there_are_two_who_are_there(neighbours: Neighbours, neighbour: str, instance: str) -> None:
    with pytest.raises(NoSuchBearer):
        await neighbours.consent(neighbour, instance, WHO, ANNA)
    assert await neighbours.withdraw(neighbour, instance, ANNA) is False
