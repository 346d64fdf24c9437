"""Persons who sign in on a real record, with passwords that cost little to hash."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from dispatcher.access.persons import Person
from dispatcher.access.principals import Principal
from dispatcher.access.roles import Role, RoleGrant
from dispatcher.access.secret_tokens import new_token
from dispatcher.metrics import Metrics
from dispatcher.model.vocabulary import Environment
from dispatcher.sign_in.accounts import Accounts
from dispatcher.sign_in.passkeys import RelyingParty
from dispatcher.sign_in.passwords import Passwords
from dispatcher.sign_in.sign_in import Opened, PersonStores, SignIn, Visitor
from dispatcher.store.persons.sessions import PersonSession, SessionTerms
from tests.store import conftest as on_record
from tests.support.console import CHEAP, CONSOLE, PASSWORD, invited
from tests.support.sealed import ADDRESSES

pool, sources = on_record.pool, on_record.sources
PEPPER = b"pepper of the tests"
TERMS = SessionTerms(timedelta(minutes=30), timedelta(hours=12))


@dataclass
class Door:
    """The door of the console, and who stands before it."""

    pool: Any
    sign_in: SignIn
    accounts: Accounts
    metrics: Metrics

    def visitor(
        self, line: str = "192.0.2.1", environment: Environment = Environment.LIVE, device: str = ""
    ) -> Visitor:
        return Visitor(environment, new_token(), line, device)

    async def held(self, opened: Opened) -> tuple[Principal, PersonSession]:
        """Whose session it is, and the session, which holds."""
        found = await self.sign_in.principal(opened.token, opened.environment)
        assert found
        return found

    async def session(self, opened: Opened) -> PersonSession:
        return (await self.held(opened))[1]

    async def enrol(self, person_id: str = "m.keller", environment: Environment = Environment.LIVE) -> Opened:
        """A person that has come by a link, and has a password."""
        person = Person(person_id, environment, (RoleGrant(Role.AUTHOR),), "leitstelle")
        token = await invited(self.pool, person)
        opened = await self.accounts.accept(self.visitor(environment=environment), token, PASSWORD)
        assert isinstance(opened, Opened)
        return opened

    def count(self, shown: str, outcome: str) -> float:
        return self.metrics.sign_ins.labels(shown, outcome)._value.get()


@pytest.fixture
def door(pool: Any, sources: Any) -> Door:
    metrics = Metrics()
    stores = PersonStores.of(pool, ADDRESSES.sealing, TERMS)
    sign_in = SignIn(pool, stores, Passwords(CHEAP), RelyingParty(CONSOLE), PEPPER, metrics)
    return Door(pool, sign_in, Accounts(pool, sign_in, PEPPER), metrics)
