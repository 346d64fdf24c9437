"""What a person's decision about a template does."""

from typing import Any

import pytest

from dispatcher.access.persons import Person
from dispatcher.access.principals import UNNAMED_OPERATOR, Principal, of_person
from dispatcher.access.roles import Role, RoleGrant
from dispatcher.api.templates import steps
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.model.templates.version import NewTemplateVersion, TemplateState, TemplateStep
from dispatcher.model.vocabulary import Environment
from dispatcher.store.templates import Templates
from tests.store import conftest as on_record
from tests.support.messages import NOW
from tests.support.templates import template

pool = on_record.pool


class Parts:
    """What a step needs of the API."""

    def __init__(self, pool: Any) -> None:
        self.templates = Templates(pool)


def approver(environment: Environment = Environment.LIVE, *territory: str) -> Principal:
    return of_person(Person("b.lang", environment, (RoleGrant(Role.APPROVER, territory=territory),)), NOW)


@pytest.fixture
async def parts(pool: Any) -> Any:
    found, one = Parts(pool), template()
    new = NewTemplateVersion(one.id, one.title, one.content(), bytes.fromhex(one.digest()), "m.keller")
    await found.templates.save(new, UNNAMED_OPERATOR)
    return found


async def state(parts: Any) -> TemplateState:
    return (await steps.shown(parts, "hochwasser", 1)).version.state


async def test_what_was_seen_is_approved_and_taken_out_of_use(parts: Any) -> None:
    seen = (await steps.shown(parts, "hochwasser", None)).version.sha256
    await steps.approve(parts, approver(), "hochwasser", 1, seen)
    assert await state(parts) is TemplateState.APPROVED
    await steps.withdraw(parts, approver(), TemplateStep.RETIRE, ("hochwasser", 1), "veraltet")
    assert await state(parts) is TemplateState.RETIRED


@pytest.mark.parametrize(
    ("who", "seen", "type_", "phrase"),
    [
        (approver(Environment.EXERCISE), None, ProblemType.NOT_FOUND, Phrase.NO_SUCH_TEMPLATE),
        (approver(), b"", ProblemType.CONFLICT, Phrase.TEMPLATE_NOT_SEEN),
        (
            approver(Environment.LIVE, "05334"),
            None,
            ProblemType.OUTSIDE_TERRITORY,
            Phrase.TEMPLATE_OUTSIDE_TERRITORY,
        ),
    ],
)
async def test_what_is_refused_says_why_and_leaves_the_draft(
    parts: Any, who: Principal, seen: bytes | None, type_: ProblemType, phrase: Phrase
) -> None:
    shown = (await steps.shown(parts, "hochwasser", 1)).version.sha256
    with pytest.raises(RequestRefused) as caught:
        await steps.approve(parts, who, "hochwasser", 1, shown if seen is None else seen)
    assert (caught.value.type, caught.value.detail) == (type_, said(phrase))
    assert await state(parts) is TemplateState.DRAFT


@pytest.mark.parametrize(("template_id", "version"), [("nein", None), ("hochwasser", 2), ("hochwasser", 0)])
async def test_what_is_not_there_is_said_to_be_so(parts: Any, template_id: str, version: int | None) -> None:
    with pytest.raises(RequestRefused):
        await steps.shown(parts, template_id, version)
