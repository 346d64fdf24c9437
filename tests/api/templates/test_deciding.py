"""Who may do what with a template, and which version is filled."""

import json
from dataclasses import replace

import pytest

from dispatcher.access.permissions import Permission
from dispatcher.access.persons import Person
from dispatcher.access.principals import Principal, of_person, of_source
from dispatcher.access.roles import Role, RoleGrant
from dispatcher.api.templates.deciding import (
    refused,
    require_own_places,
    require_places_of_role,
    step_hindered,
    step_refused,
    version_to_fill,
)
from dispatcher.model.principals import Source
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.model.templates.version import TemplateRefusal, TemplateStep, TemplateVersion
from dispatcher.model.vocabulary import Environment
from dispatcher.templates.faults import fault
from tests.model.templates.test_version import APPROVED, DRAFT, REJECTED, RETIRED
from tests.support.messages import DUEREN, NOW, SENDER
from tests.support.templates import template

LIVE, EXERCISE = Environment.LIVE, Environment.EXERCISE
SECOND = replace(DRAFT, version=2)
SOURCE = of_source(Source("leitstelle", "Leitstelle", frozenset({SENDER}), ("05358",)))


def approver(*territory: str) -> Principal:
    grant = RoleGrant(Role.APPROVER, territory=territory)
    return of_person(Person("b.lang", LIVE, (grant,)), NOW)


@pytest.mark.parametrize(
    ("versions", "wanted", "environment", "found"),
    [
        ([APPROVED, SECOND], None, LIVE, 1),
        ([APPROVED, SECOND], 1, LIVE, 1),
        ([APPROVED, SECOND], 2, LIVE, "conflict"),
        ([DRAFT], None, LIVE, "conflict"),
        ([RETIRED], None, LIVE, "conflict"),
        ([], None, LIVE, "not-found"),
        ([APPROVED], 7, LIVE, "not-found"),
        ([APPROVED, SECOND], None, EXERCISE, 1),
        ([APPROVED, SECOND], 2, EXERCISE, 2),
        ([DRAFT], None, EXERCISE, 1),
        ([REJECTED], 1, EXERCISE, "conflict"),
        ([RETIRED], None, EXERCISE, "conflict"),
    ],
)
def test_a_warning_is_made_of_what_is_approved_and_an_exercise_of_what_is_not_wrong(
    versions: list[TemplateVersion], wanted: int | None, environment: Environment, found: int | str
) -> None:
    if isinstance(found, int):
        assert version_to_fill(versions, wanted, environment).version == found
        return
    with pytest.raises(RequestRefused) as caught:
        version_to_fill(versions, wanted, environment)
    assert caught.value.type == found


def test_whoever_saves_a_template_may_warn_where_it_does() -> None:
    require_own_places(SOURCE, template(), {})
    require_own_places(approver(), template(municipalities=[], area=""), {})
    with pytest.raises(RequestRefused) as caught:
        require_own_places(SOURCE, template(municipalities=["05334002"]), {"05334002": "Aachen"})
    assert caught.value.type is ProblemType.OUTSIDE_TERRITORY
    assert caught.value.extra == {"municipalities": [{"ags": "05334002", "name": "Aachen"}]}


def test_whoever_approves_has_a_role_where_it_warns_by_itself_or_everywhere() -> None:
    approving = Permission.APPROVE_TEMPLATES
    require_places_of_role(approver(), approving, {"municipalities": []})
    require_places_of_role(approver("05358"), approving, {"municipalities": [DUEREN]})
    for territory, places in (("05334", [DUEREN]), ("05358", [])):
        with pytest.raises(RequestRefused):
            require_places_of_role(approver(territory), approving, {"municipalities": places})


def test_a_refusal_names_every_fault_and_every_step_has_a_sentence() -> None:
    one = refused(ProblemType.INVALID_TEMPLATE, Phrase.TEMPLATE_WRONG, [fault("value-time", "values/zeit")])
    assert [(error["code"], error["path"]) for error in one.errors] == [("value-time", "values/zeit")]
    for refusal in TemplateRefusal:
        others = {
            TemplateRefusal.NONE_THERE: ProblemType.NOT_FOUND,
            TemplateRefusal.FOREIGN: ProblemType.OUTSIDE_TERRITORY,
        }
        assert step_refused(refusal).type is others.get(refusal, ProblemType.CONFLICT)


@pytest.mark.parametrize(
    ("person", "step", "version", "phrase"),
    [
        (approver(), TemplateStep.APPROVE, DRAFT, None),
        (approver(), TemplateStep.REJECT, DRAFT, None),
        (approver(), TemplateStep.RETIRE, APPROVED, None),
        (approver(), TemplateStep.APPROVE, APPROVED, Phrase.TEMPLATE_DECIDED),
        (approver("05334"), TemplateStep.RETIRE, APPROVED, Phrase.TEMPLATE_OUTSIDE_TERRITORY),
        (approver("05358"), TemplateStep.RETIRE, APPROVED, None),
        (approver(), TemplateStep.APPROVE, replace(DRAFT, authors=("b.lang",)), Phrase.TEMPLATE_OWN),
        (approver(), TemplateStep.REJECT, replace(DRAFT, authors=("b.lang",)), None),
    ],
)
def test_what_hinders_a_step_is_known_before_it_is_tried(
    person: Principal, step: TemplateStep, version: TemplateVersion, phrase: Phrase | None
) -> None:
    version = replace(version, content=json.dumps({"municipalities": [DUEREN]}).encode())
    found = step_hindered(person, step, version, [version])
    assert (found and found.detail) == (phrase and said(phrase))


def test_an_approval_is_hindered_where_the_role_does_not_hold_for_what_it_replaces() -> None:
    here, elsewhere = (json.dumps({"municipalities": [ags]}).encode() for ags in (DUEREN, "05334002"))
    before, draft = replace(APPROVED, content=elsewhere), replace(SECOND, content=here)
    found = step_hindered(approver("05358"), TemplateStep.APPROVE, draft, [before, draft])
    assert found is not None
    assert found.detail == said(Phrase.TEMPLATE_OUTSIDE_TERRITORY)
    assert step_hindered(approver("05358"), TemplateStep.REJECT, draft, [before, draft]) is None
