"""Who takes over at whose desk, and who reads it."""

from datetime import UTC, datetime
from typing import Any

from dispatcher.access.persons import Person
from dispatcher.access.principals import of_person
from dispatcher.access.roles import Role, RoleGrant
from dispatcher.api.shifts.taking_over import earlier_shifts, open_now, take_over
from dispatcher.model.principals import Source
from dispatcher.model.vocabulary import Environment
from tests.api import conftest as over_http
from tests.api.approvals.test_deciding import approver
from tests.support.messages import SENDER
from tests.support.submissions import warning

pool, service, settings = over_http.pool, over_http.service, over_http.settings


async def test_each_desk_and_each_environment_has_its_own(service: Any) -> None:
    person = Person("m.keller", Environment.LIVE, (RoleGrant(Role.AUTHOR),), "leitstelle")
    centre = Source("leitstelle", "Leitstelle", frozenset({SENDER}), ())
    author, exercise = (
        of_person(person, datetime.now(UTC), centre),
        approver(environment=Environment.EXERCISE),
    )
    await service.submit(warning())
    for one, count in ((author, 1), (approver(), 1), (exercise, 0)):
        assert (await open_now(service.parts, one)).count == count
        assert await take_over(service.parts, one, "ruhig")
    found = [
        [one.open for one in await earlier_shifts(service.parts, who)]
        for who in (author, approver(), exercise)
    ]
    assert found == [[1], [1, 1], [0]]
