"""A person decides where its role holds."""

import pytest

from dispatcher.access.permissions import Permission
from dispatcher.access.persons import Person
from dispatcher.access.principals import Principal, of_person
from dispatcher.access.roles import Role, RoleGrant
from dispatcher.api.approvals.territory import holds_in, require_role
from dispatcher.model.alerts import AffectedMunicipality
from dispatcher.model.problems import RequestRefused
from dispatcher.model.vocabulary import Environment
from tests.support.messages import DUEREN, NOW
from tests.support.submissions import AACHEN

PLACES = [AffectedMunicipality(ags, f"Ort {ags}", "geocode", 1.0) for ags in (DUEREN, AACHEN)]


def test_the_role_is_to_hold_in_every_municipality() -> None:
    grants = (RoleGrant(Role.APPROVER, territory=("05358",)),)
    person = of_person(Person("b.lang", Environment.LIVE, grants), NOW)
    require_role(person, Permission.APPROVE_ALERTS, PLACES[:1])
    with pytest.raises(RequestRefused) as refused:
        require_role(person, Permission.APPROVE_ALERTS, PLACES)
    assert refused.value.type == "outside-territory"
    assert refused.value.extra["municipalities"] == [{"ags": AACHEN, "name": f"Ort {AACHEN}"}]
    with pytest.raises(RequestRefused):
        require_role(person, Permission.DECIDE_HELD, PLACES[:1])


def test_what_concerns_nobody_knows_whom_takes_a_role_without_a_bound() -> None:
    def approver(*territory: str) -> Principal:
        grants = (RoleGrant(Role.APPROVER, territory), RoleGrant(Role.AUTHOR))
        return of_person(Person("b.lang", Environment.LIVE, grants), NOW)

    require_role(approver(), Permission.APPROVE_ALERTS, [])
    with pytest.raises(RequestRefused) as refused:
        require_role(approver("05358"), Permission.APPROVE_ALERTS, [])
    assert refused.value.type == "outside-territory"


def test_where_a_role_holds() -> None:
    grants = (RoleGrant(Role.APPROVER, ("05358",)),)
    person = of_person(Person("b.lang", Environment.LIVE, grants), NOW)
    found = [holds_in(person, Permission.APPROVE_ALERTS, codes) for codes in ([DUEREN], [DUEREN, AACHEN], [])]
    assert found == [True, False, False]
