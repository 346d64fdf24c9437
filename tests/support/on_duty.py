"""People on duty in the record, with endpoints that work."""

from typing import Any

from dispatcher.access.persons import Person
from dispatcher.access.principals import UNNAMED_OPERATOR, WORKER
from dispatcher.access.roles import RoleGrant
from dispatcher.model.vocabulary import Environment
from dispatcher.on_duty.endpoints import Confirmation, NewEndpoint, typed_endpoint
from dispatcher.on_duty.matters import DutyChannel
from dispatcher.on_duty.messages import DutyResult, Following
from dispatcher.store.on_duty.endpoints import DutyEndpoints
from dispatcher.store.on_duty.messages import DutyMessages
from dispatcher.store.persons.persons import Persons
from tests.support.sealed import ADDRESSES

CODE = "012345"
NUMBER = "+491700000001"
ACCEPTED = Following(DutyResult.ACCEPTED)


def endpoints_of(pool: Any) -> DutyEndpoints:
    return DutyEndpoints(pool, ADDRESSES)


def messages_of(pool: Any, addresses: Any = ADDRESSES) -> DutyMessages:
    """Messages whose codes are all the same."""
    return DutyMessages(pool, addresses, lambda _channel: CODE)


async def on_duty(pool: Any, name: str, *grants: RoleGrant, at: NewEndpoint | str = "") -> int:
    """A person with these roles and an endpoint that works. Returns the endpoint's number."""
    await Persons(pool).add(Person(name, Environment.LIVE, grants), UNNAMED_OPERATOR)
    new = at if isinstance(at, NewEndpoint) else typed_endpoint(DutyChannel.SMS, at or NUMBER)
    number = await endpoints_of(pool).add(name, new, UNNAMED_OPERATOR)
    assert number is not None
    await prove(pool, number)
    return number


async def prove(pool: Any, number: int) -> None:
    """Bring the code back that was sent to an endpoint."""
    endpoints, messages = endpoints_of(pool), messages_of(pool)
    assert await endpoints.ask_code(number, UNNAMED_OPERATOR) is not None
    (due,) = [one for one in await messages.claim(100) if one.endpoint.id == number]
    await messages.answered(due, "accepted", ACCEPTED, due.busy_until - due.busy_until)
    assert await endpoints.confirm(number, CODE, WORKER) is Confirmation.PROVEN
