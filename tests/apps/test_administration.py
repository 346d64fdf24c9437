"""Instances are administered by the decisions and the store of the commands, once for each request."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from channels.http.addresses import AddressPolicy
from channels.webpush.vapid import generate_key
from dispatcher.access.principals import of_remote_operator
from dispatcher.apps.administration import (
    InstanceAdministration,
    InstanceStores,
    InstanceThere,
    WantedChange,
)
from dispatcher.apps.channel_credentials import CredentialChannel, OperatorTerms
from dispatcher.apps.profile import NamedProfile, ProfileRefused
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.model.principals import CredentialState
from dispatcher.store.instances.credentials import InstanceCredentials
from dispatcher.store.instances.neighbours import Neighbours
from dispatcher.store.keys import Keys, NoSuchBearer
from dispatcher.store.parties import Parties
from dispatcher.store.sources import Sources
from tests.store import conftest as on_record
from tests.support.messages import DUEREN
from tests.support.sealed import ADDRESSES

pool = on_record.pool
ANNA = of_remote_operator("anna").actor
NEW = WantedChange(NamedProfile(places=[DUEREN], name="Düren"), quota=7, names_quota=True)
WEBPUSH = CredentialChannel.WEBPUSH


@pytest.fixture
def administration(pool: Any, boundaries: Boundaries) -> InstanceAdministration:
    stores = InstanceStores(Parties(pool), Keys(pool), Neighbours(pool), InstanceCredentials(pool))
    return InstanceAdministration(
        stores,
        boundaries,
        ADDRESSES,
        on_record.PEPPER,
        OperatorTerms("mailto:desk@kreis-dueren.de", AddressPolicy()),
    )


async def acts(pool: Any) -> list[tuple[str, str]]:
    return [tuple(row) for row in await pool.fetch("SELECT actor, action FROM audit ORDER BY id")]


async def test_an_instance_is_created_once(administration: InstanceAdministration, pool: Any) -> None:
    key = await administration.add("dueren", NEW, ANNA)
    assert key is not None
    found = await Sources(pool, on_record.PEPPER).recognise(key)
    assert (found.state, found.party) == (
        CredentialState.VALID,
        (await administration.shown("dueren")).instance,
    )
    assert await administration.add("dueren", NEW, ANNA) is None, "the same request once more"
    with pytest.raises(InstanceThere):
        await administration.add("dueren", WantedChange(NamedProfile(places=[DUEREN])), ANNA)
    assert await acts(pool) == [
        ("remote-operator:anna", "instance.add"),
        ("remote-operator:anna", "key.add"),
    ]


async def test_a_change_that_changes_nothing_is_none(
    administration: InstanceAdministration, pool: Any
) -> None:
    await administration.add("dueren", NEW, ANNA)
    for _ in range(2):
        await administration.change("dueren", WantedChange(NamedProfile(contact="A. Muster")), ANNA)
    instance = (await administration.shown("dueren")).instance
    assert (instance.contact, instance.name, instance.quota) == ("A. Muster", "Düren", 7)
    assert [action for _, action in await acts(pool)].count("instance.change") == 1


async def test_two_who_change_the_same_both_have_their_way(administration: InstanceAdministration) -> None:
    await administration.add("dueren", NEW, ANNA)
    changes = (NamedProfile(contact="A. Muster"), NamedProfile(languages=["de", "uk"]))
    await asyncio.gather(*(administration.change("dueren", WantedChange(one), ANNA) for one in changes))
    instance = (await administration.shown("dueren")).instance
    assert (instance.contact, instance.languages) == ("A. Muster", ("de", "uk"))


async def test_a_credential_is_made_where_there_is_none_and_else_stays(
    administration: InstanceAdministration,
) -> None:
    await administration.add("dueren", NEW, ANNA)
    made = [await administration.put_credential("dueren", WEBPUSH, None, "", ANNA) for _ in range(2)]
    assert made[0] == made[1]
    pem = generate_key()
    own = [await administration.put_credential("dueren", WEBPUSH, pem, "", ANNA) for _ in range(2)]
    assert own[0] == own[1]
    account = await administration.shown("dueren")
    assert [one.fingerprint for one in account.credentials] == [own[0].fingerprint, made[0].fingerprint]


async def test_nothing_is_done_to_an_instance_that_is_not_there(
    administration: InstanceAdministration, pool: Any
) -> None:
    for act in (
        administration.shown("nobody"),
        administration.change("nobody", NEW, ANNA),
        administration.rotate("nobody", timedelta(hours=1), ANNA),
        administration.switch("nobody", ANNA, disable=True),
        administration.put_credential("nobody", WEBPUSH, None, "", ANNA),
    ):
        with pytest.raises(NoSuchBearer):
            await act
    for name, named, why in (
        ("Nobody", NamedProfile(places=[DUEREN]), "an id is made of"),
        ("new", NamedProfile(places=[DUEREN], shows=["nobody"]), "there is no instance nobody"),
    ):
        with pytest.raises(ProfileRefused, match=why):
            await administration.add(name, WantedChange(named), ANNA)
    assert await acts(pool) == []
