"""A provider that listens, and a door at which persons sign in by it."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from channels.http.addresses import AddressPolicy
from channels.http.client import HttpClient
from dispatcher.model.vocabulary import Environment
from dispatcher.sign_in.oidc.authorization import OidcReturn
from dispatcher.sign_in.oidc.provider import OidcClient, OidcProvider
from dispatcher.sign_in.oidc.sign_in import ProviderSignIn
from dispatcher.sign_in.sign_in import Visitor
from dispatcher.store.persons.identities import Identities
from tests.sign_in import conftest as at_the_door
from tests.support.console import CONSOLE
from tests.support.openid_provider import CLIENT_ID, SECRET, OpenIdProvider, openid_provider

pool, sources, door = at_the_door.pool, at_the_door.sources, at_the_door.door
BACK = f"{CONSOLE}/console/live/sign-in/oidc"
MFA = frozenset({"amr:mfa"})


@pytest.fixture(scope="module")
def listening(tmp_path_factory: Any) -> Iterator[OpenIdProvider]:
    with openid_provider(Path(tmp_path_factory.mktemp("provider")), BACK) as provider:
        yield provider


@pytest.fixture
def theirs(listening: OpenIdProvider) -> OpenIdProvider:
    """The provider, as it was at first."""
    fresh = OpenIdProvider(listening.issuer, listening.authority, listening.back)
    listening.subject, listening.claims, listening.auth_age_s = fresh.subject, fresh.claims, 0
    listening.asked.clear()
    return listening


@pytest.fixture
async def http(theirs: OpenIdProvider) -> AsyncIterator[HttpClient]:
    # As in the service: what is exempt for providers is reserved for them.
    policy = AddressPolicy(reserved=frozenset({theirs.origin}))
    client = HttpClient(policy, ca_file=str(theirs.authority))
    yield client
    await client.aclose()


def client_of(theirs: OpenIdProvider, **changed: Any) -> OidcClient:
    """This service as the provider knows it."""
    values = {"second_factor": MFA, "client_id": CLIENT_ID, "secret": SECRET} | changed
    return OidcClient(theirs.issuer, redirect_uri=BACK, **values)


def ours(theirs: OpenIdProvider, http: Any, clock: Any = None, **changed: Any) -> OidcProvider:
    """The provider as this service asks it."""
    policy = AddressPolicy(frozenset({theirs.origin}))
    return OidcProvider(client_of(theirs, **changed), http, policy, *([clock] if clock else []))


@dataclass
class ByProvider:
    """Signs in by the provider, step by step."""

    door: Any
    theirs: OpenIdProvider
    sign_in: ProviderSignIn

    async def come_back(self, visitor: Visitor, invitation: str = "", wanted: str = "") -> OidcReturn:
        url = await self.sign_in.begin(visitor, wanted, invitation)
        return OidcReturn.of(self.theirs.sign_in(url))

    async def enter(self, visitor: Visitor, invitation: str = "") -> Any:
        return await self.sign_in.finish(visitor, await self.come_back(visitor, invitation))


@pytest.fixture
def by_provider(door: Any, theirs: OpenIdProvider, http: HttpClient) -> ByProvider:
    identities = Identities(door.pool)
    providers = {Environment.LIVE: ours(theirs, http)}
    return ByProvider(
        door, theirs, ProviderSignIn(door.pool, door.sign_in, identities, providers, "Kreis-Konto")
    )
