"""What a person may do about an alert, as far as its page offers it."""

from datetime import timedelta
from typing import Any

import pytest

from dispatcher.access.persons import Person
from dispatcher.access.principals import Principal, of_person
from dispatcher.access.roles import Role, RoleGrant
from dispatcher.api.console.alert.acts import HowItWaits, acts_of, may_withdraw
from dispatcher.api.console.visits import Visit
from dispatcher.model.principals import Source
from dispatcher.model.status import Over, OverReason
from dispatcher.model.vocabulary import AlertState, Environment, Reason
from tests.support.messages import DUEREN, JUELICH, NOW, SENDER, stored

UPDATE = ["act_update", "act_all_clear"]


def person(*roles: Role, territory: tuple[str, ...] = (), source: bool = True) -> Principal:
    grants = tuple(RoleGrant(role, territory) for role in roles)
    centre = Source("leitstelle", "Leitstelle", frozenset({SENDER}), ("05358",)) if source else None
    return of_person(Person("m.keller", Environment.LIVE, grants, "leitstelle"), NOW, centre)


def visit(principal: Principal) -> Visit:
    nowhere: Any = None
    return Visit(nowhere, nowhere, Environment.LIVE, nowhere, principal=principal)


def words(
    principal: Principal,
    over: Over | None = None,
    *,
    is_asked: bool = False,
    is_change: bool = False,
    **changes: Any,
) -> list[str]:
    alert = stored(**{"state": AlertState.PLANNED} | changes)
    found = acts_of(visit(principal), alert, [DUEREN], NOW, over=over, waits=HowItWaits(is_asked, is_change))
    return [one.word for one in found]


def test_an_author_follows_up_what_is_in_force_and_of_its_own_centre() -> None:
    assert words(person(Role.AUTHOR)) == UPDATE
    assert words(person(Role.AUTHOR, source=False)) == []
    assert words(person(Role.AUTHOR), source_id="nachbar") == []
    assert words(person(Role.AUTHOR, territory=(JUELICH,))) == []
    assert words(person(Role.AUTHOR), stopped_by="B") == []
    assert words(person(Role.AUTHOR), expires=NOW) == []
    assert words(person(Role.AUTHOR), reason=Reason.DRILL, status="Exercise") == UPDATE


def test_an_approver_corrects_what_was_sent_by_a_centre() -> None:
    assert words(person(Role.APPROVER, source=False)) == ["correct"]
    assert words(person(Role.APPROVER, territory=(JUELICH,), source=False)) == []
    assert words(person(Role.APPROVER), source_id="feed-dwd") == []
    assert words(person(Role.AUDITOR)) == []


@pytest.mark.parametrize(
    ("reason", "leads"), [(OverReason.REPLACED, ["correct"]), (OverReason.CANCELLED, [])]
)
def test_what_has_ended_is_not_corrected_but_what_took_its_place(
    reason: OverReason, leads: list[str]
) -> None:
    ended = Over(reason, "B", NOW - timedelta(minutes=1))
    assert words(person(Role.APPROVER), ended, stopped_by="B") == leads
    assert words(person(Role.APPROVER), reason=Reason.CANCEL, msg_type="Cancel") == []


def test_what_waits_leads_to_where_it_is_decided_or_changed_by_its_author() -> None:
    held: dict[str, Any] = {"state": AlertState.HELD, "reason": Reason.HELD}
    assert words(person(Role.APPROVER), is_asked=True, **held) == ["act_decide"]
    changed = ["act_change_waiting"]
    assert words(person(Role.AUTHOR), is_asked=True, **held) == changed
    changed.append("act_withdraw_all")
    assert words(person(Role.AUTHOR), is_asked=True, is_change=True, **held) == changed
    assert words(person(Role.AUTHOR, source=False), is_asked=True, **held) == []
    assert words(person(Role.AUTHOR, territory=(JUELICH,)), is_asked=True, **held) == []
    [act] = acts_of(
        visit(person(Role.OPERATOR)), stored(**held), [DUEREN], NOW, over=None, waits=HowItWaits()
    )
    assert act.path == "/held/A"


def test_what_waits_is_withdrawn_by_those_who_may_change_it() -> None:
    waiting = stored(state=AlertState.HELD, reason=Reason.HELD)
    author = person(Role.AUTHOR)
    assert may_withdraw(visit(author), waiting, [DUEREN])
    assert not may_withdraw(visit(author), stored(state=AlertState.PLANNED), [DUEREN])
    for other in (person(Role.APPROVER), person(Role.AUTHOR, territory=(JUELICH,))):
        assert not may_withdraw(visit(other), waiting, [DUEREN])
