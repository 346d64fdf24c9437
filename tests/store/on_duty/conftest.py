"""Persons in the record who can be told."""

from typing import Any

import pytest

from dispatcher.access.persons import Person
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.access.roles import Role, RoleGrant
from dispatcher.model.vocabulary import Environment
from dispatcher.store.on_duty.endpoints import DutyEndpoints
from dispatcher.store.on_duty.messages import DutyMessages
from dispatcher.store.persons.persons import Persons
from tests.store import conftest as on_record
from tests.support.on_duty import endpoints_of, messages_of

pool, sources, alerts = on_record.pool, on_record.sources, on_record.alerts
KELLER = Person("m.keller", Environment.LIVE, (RoleGrant(Role.APPROVER),))


@pytest.fixture
async def keller(pool: Any) -> Person:
    await Persons(pool).add(KELLER, UNNAMED_OPERATOR)
    return KELLER


@pytest.fixture
def endpoints(pool: Any) -> DutyEndpoints:
    return endpoints_of(pool)


@pytest.fixture
def messages(pool: Any) -> DutyMessages:
    return messages_of(pool)
