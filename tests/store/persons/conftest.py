"""A person in the record."""

from typing import Any

import pytest

from dispatcher.access.persons import Person
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.access.roles import Role, RoleGrant
from dispatcher.model.vocabulary import Environment
from dispatcher.store.persons.persons import Persons
from tests.store import conftest as on_record

pool, sources = on_record.pool, on_record.sources
KELLER = Person("m.keller", Environment.LIVE, (RoleGrant(Role.AUTHOR),), "leitstelle")


@pytest.fixture
async def keller(pool: Any, sources: Any) -> Person:
    await Persons(pool).add(KELLER, UNNAMED_OPERATOR)
    return KELLER
