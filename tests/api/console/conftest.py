"""The console of a real service."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from dispatcher.access.persons import Person
from dispatcher.access.roles import Role, RoleGrant
from dispatcher.model.vocabulary import Environment
from dispatcher.settings import Settings
from dispatcher.sign_in.passwords import Passwords
from tests.api.conftest import Service, introduce, serving
from tests.support.console import CHEAP, CONSOLE, Browser, invited


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
        person = Person(person_id, environment, tuple(map(RoleGrant, roles or (Role.AUTHOR,))), "leitstelle")
        return f"/console/{environment}/invitation/{await invited(console.parts.health.pool, person)}"

    return invite
