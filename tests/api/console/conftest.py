"""The console of a real service."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher

from dispatcher.access.persons import Person
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.access.roles import Role, RoleGrant
from dispatcher.access.secret_tokens import new_token, token_digest
from dispatcher.model.vocabulary import Environment
from dispatcher.settings import Settings
from dispatcher.sign_in.passwords import Passwords
from dispatcher.store.persons.invitations import Invitations
from dispatcher.store.persons.persons import Persons
from tests.api.conftest import Service, introduce, serving
from tests.support.console import CONSOLE, Browser

CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@pytest.fixture
async def console(settings: Settings) -> AsyncIterator[Service]:
    async with serving(settings.model_copy(update={"console_url": CONSOLE})) as service:
        await introduce(service.parts)
        service.parts.console.sign_in.passwords = Passwords(CHEAP)
        yield service


@pytest.fixture
def browser(console: Service) -> Browser:
    return Browser(console)


@pytest.fixture
def invite(console: Service) -> Any:
    """Invites a person with these roles; returns the link."""

    async def invite(
        person_id: str = "m.keller", environment: Environment = Environment.LIVE, *roles: Role
    ) -> str:
        pool, token = console.parts.health.pool, new_token()
        person = Person(person_id, environment, tuple(map(RoleGrant, roles or (Role.AUTHOR,))), "leitstelle")
        await Persons(pool).add(person, UNNAMED_OPERATOR)
        await Invitations(pool).invite(person_id, token_digest(token), timedelta(hours=1), UNNAMED_OPERATOR)
        return f"/console/{environment}/invitation/{token}"

    return invite
