"""What a person may do at an instant, and why a role gives nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dispatcher.access.permissions import Permission, permissions_of_role
from dispatcher.access.persons import Person, Withheld, entitlement, is_person_id
from dispatcher.access.roles import OnCallWindow, Role, RoleGrant
from dispatcher.model.vocabulary import Environment

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
"""A Sunday, 13:00 in Berlin."""
LATER = NOW + timedelta(seconds=1)
ON_DUTY, OFF_DUTY = OnCallWindow.parse("sat 08:00-mon 08:00"), OnCallWindow.parse("mon 08:00-mon 16:00")


def of(*grants: RoleGrant, **changes: Any) -> Person:
    return Person("m.keller", Environment.LIVE, grants, **changes)


@pytest.mark.parametrize(
    ("grant", "reason"),
    [
        (RoleGrant(Role.AUTHOR), None),
        (RoleGrant(Role.AUTHOR, until=LATER), None),
        (RoleGrant(Role.AUTHOR, until=NOW), Withheld.ENDED),
        (RoleGrant(Role.AUTHOR, since=NOW), None),
        (RoleGrant(Role.AUTHOR, since=LATER), Withheld.NOT_YET),
        (RoleGrant(Role.AUTHOR, on_call=(ON_DUTY,)), None),
        (RoleGrant(Role.AUTHOR, on_call=(OFF_DUTY,)), Withheld.OFF_CALL),
        (RoleGrant(Role.AUTHOR, on_call=(OFF_DUTY, ON_DUTY)), None),
        (RoleGrant(Role.AUTHOR, until=NOW, on_call=(OFF_DUTY,)), Withheld.ENDED),
    ],
)
def test_a_role_holds_in_its_time(grant: RoleGrant, reason: Withheld | None) -> None:
    found = entitlement(of(grant), NOW)
    assert found.withheld.get(Role.AUTHOR) is reason
    assert found.permissions == (frozenset() if reason else permissions_of_role(Role.AUTHOR))


def test_who_is_disabled_holds_nothing() -> None:
    found = entitlement(of(*map(RoleGrant, Role), disabled=True), NOW)
    assert (found.held, found.permissions) == ((), frozenset())
    assert found.withheld == dict.fromkeys(Role, Withheld.DISABLED)


def test_roles_add_up_and_each_is_judged_by_itself() -> None:
    found = entitlement(
        of(RoleGrant(Role.AUTHOR), RoleGrant(Role.APPROVER, until=NOW), RoleGrant(Role.AUDITOR)), NOW
    )
    assert found.permissions == permissions_of_role(Role.AUTHOR) | permissions_of_role(Role.AUDITOR)
    assert found.withheld == {Role.APPROVER: Withheld.ENDED}


def test_the_exercise_has_no_operators_auditors_or_admins() -> None:
    found = entitlement(Person("m.keller-uebung", Environment.EXERCISE, tuple(map(RoleGrant, Role))), NOW)
    assert {grant.role for grant in found.held} == {Role.AUTHOR, Role.APPROVER}
    assert set(found.withheld.values()) == {Withheld.LIVE_ONLY}
    assert not found.permissions & {
        Permission.OPERATE_FEEDS,
        Permission.MANAGE_PERSONS,
        Permission.READ_AUDIT,
    }


def test_who_has_no_role_may_do_nothing() -> None:
    assert entitlement(of(), NOW).permissions == frozenset()


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("m.keller", True),
        ("m.keller-uebung", True),
        ("leitung2", True),
        ("", False),
        ("M.Keller", False),
        ("m..keller", False),
        ("m.keller.", False),
        ("2m", False),
        ("m keller", False),
        ("m.keller\n", False),
        ("a" * 40, True),
        ("a" * 41, False),
    ],
)
def test_how_a_person_can_be_called(text: str, good: bool) -> None:
    assert is_person_id(text) is good
