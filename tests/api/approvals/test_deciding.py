"""The one way in which a person decides, from the API and from the console."""

from dataclasses import replace
from typing import Any

import pytest

from dispatcher.access.persons import Person
from dispatcher.access.principals import Principal, of_person
from dispatcher.access.roles import Role, RoleGrant
from dispatcher.api.approvals.deciding import (
    approve,
    may_approve,
    may_reject,
    refusal_phrase,
    reject,
    shown,
)
from dispatcher.intake.four_eyes.states import DecisionRefusal
from dispatcher.model.problems import RequestRefused
from dispatcher.model.vocabulary import Environment
from tests.api import conftest as over_http
from tests.api.approvals.test_bodies import REQUEST
from tests.support.messages import DUEREN, JUELICH, NOW
from tests.support.submissions import warning

pool, service, settings = over_http.pool, over_http.service, over_http.settings


def approver(name: str = "b.lang", *territory: str, environment: Environment = Environment.LIVE) -> Principal:
    return of_person(Person(name, environment, (RoleGrant(Role.APPROVER, territory),)), NOW)


def test_each_refusal_has_a_sentence() -> None:
    assert {refusal_phrase(one) for one in DecisionRefusal}


def test_what_a_person_may_decide_is_known_before_it_tries() -> None:
    own = approver("m.keller")
    assert (may_approve(own, REQUEST, [DUEREN], NOW), may_reject(own, REQUEST, [DUEREN], NOW)) == (
        False,
        True,
    )
    here = approver("b.lang", DUEREN)
    for codes, may in (([DUEREN], True), ([DUEREN, JUELICH], False), ([], False)):
        assert may_approve(here, REQUEST, codes, NOW) is may_reject(here, REQUEST, codes, NOW) is may
    assert may_approve(approver(), REQUEST, [], NOW)
    assert not may_reject(approver(), replace(REQUEST, is_needed=False), [DUEREN], NOW)
    auditor = of_person(Person("a.auditor", Environment.LIVE, (RoleGrant(Role.AUDITOR),)), NOW)
    assert not may_approve(auditor, REQUEST, [DUEREN], NOW)


async def test_a_person_of_the_exercise_finds_nothing_live(service: Any, pool: Any) -> None:
    await pool.execute("INSERT INTO approval_rule VALUES ('*', 'Severe', 0, true)")
    held = str((await service.submit(warning(DUEREN))).json["alert"]["id"])
    seen = (await shown(service.parts, approver(), held)).binding
    exercise = approver(environment=Environment.EXERCISE)
    for deciding in (
        shown(service.parts, exercise, held),
        approve(service.parts, exercise, held, seen),
        reject(service.parts, exercise, held, "nein"),
    ):
        with pytest.raises(RequestRefused) as refused:
            await deciding
        assert refused.value.type == "not-found"
    await approve(service.parts, approver(), held, seen)
