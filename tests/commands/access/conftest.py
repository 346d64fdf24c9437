"""Commands of an administrator run as all others."""

from typing import Any

import pytest

from dispatcher.model.principals import CredentialState
from dispatcher.store.sources import Sources
from tests.commands import conftest as commands
from tests.store import conftest as on_record

run, dispatcher, surroundings = commands.run, commands.dispatcher, commands.surroundings
pool = on_record.pool


@pytest.fixture
def known(pool: Any) -> Sources:
    return Sources(pool, commands.PEPPER.encode())


@pytest.fixture
def party(known: Sources) -> Any:
    """Tells whom a key authenticates now."""

    async def party(key: str) -> Any:
        found = await known.recognise(key)
        return found.party if found.state is CredentialState.VALID else None

    return party
