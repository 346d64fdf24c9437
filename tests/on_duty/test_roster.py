"""Who is told of a matter, in which order, and why the others are not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.access.persons import Person, entitlement
from dispatcher.access.roles import OnCallWindow, Role, RoleGrant
from dispatcher.model.vocabulary import Environment
from dispatcher.on_duty.matters import DutyLevel, Matter, Occasion
from dispatcher.on_duty.roster import LeftOut, OnDuty, Roster, roster, wanted

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)  # a Sunday
HOUR = timedelta(hours=1)
DUEREN, JUELICH, ELSEWHERE = "05358008", "05358020", "05315000"
WEEKEND = (OnCallWindow.parse("sat 00:00-mon 00:00"),)
WEEKDAYS = (OnCallWindow.parse("mon 00:00-sat 00:00"),)
MATTER = Matter(
    "01A",
    NOW,
    Environment.LIVE,
    Role.APPROVER,
    "leitstelle",
    "Hochwasser",
    "Extreme",
    NOW + HOUR,
    places=(DUEREN, JUELICH),
    authors=("a.author",),
)


def person(name: str, *grants: RoleGrant, **more: Any) -> Person:
    return Person(name, more.pop("environment", Environment.LIVE), grants, **more)


def approver(name: str, **more: Any) -> Person:
    return person(name, RoleGrant(Role.APPROVER, **more))


DUTY, CALLED, ADMIN = (
    approver("m.duty", on_call=WEEKEND),
    approver("n.called", on_call=WEEKDAYS),
    person("z.admin", RoleGrant(Role.ADMIN)),
)


def found(
    *persons: Person, level: DutyLevel = DutyLevel.ON_DUTY, matter: Matter = MATTER, away: str = ""
) -> Roster:
    return roster(matter, persons, {one.id for one in persons} - {away}, level, NOW)


def test_those_on_duty_are_told_and_others_step_by_step_as_it_is_escalated() -> None:
    everybody = ADMIN, CALLED, DUTY
    first = found(*everybody)
    assert first.told == (OnDuty("m.duty", DutyLevel.ON_DUTY),)
    assert first.left_out == {"n.called": LeftOut.OFF_CALL, "z.admin": LeftOut.LATER}
    assert first.is_covered
    assert [one.person_id for one in found(*everybody, level=DutyLevel.OFF_CALL).told] == [
        "m.duty",
        "n.called",
    ]
    last = found(*everybody, level=DutyLevel.ADMIN)
    assert [one.level for one in last.told] == [DutyLevel.ON_DUTY, DutyLevel.OFF_CALL, DutyLevel.ADMIN]
    assert not last.left_out


def test_where_nobody_on_duty_can_be_told_the_next_are_at_once() -> None:
    without = found(ADMIN, CALLED)
    assert (without.told, without.is_covered) == ((OnDuty("n.called", DutyLevel.OFF_CALL),), False)
    silent = found(ADMIN, DUTY, away="m.duty")
    assert silent.told == (OnDuty("z.admin", DutyLevel.ADMIN),)
    assert silent.left_out == {"m.duty": LeftOut.NO_ENDPOINT}
    assert not silent.is_covered
    nobody = found()
    assert (nobody.told, nobody.is_covered) == ((), False)


@pytest.mark.parametrize(
    ("left_out", "why"),
    [
        (person("a.drill", RoleGrant(Role.APPROVER), environment=Environment.EXERCISE), LeftOut.ENVIRONMENT),
        (person("a.gone", RoleGrant(Role.APPROVER), disabled=True), LeftOut.DISABLED),
        (person("a.reader", RoleGrant(Role.AUDITOR)), LeftOut.NO_ROLE),
        (person("a.operator", RoleGrant(Role.OPERATOR)), LeftOut.NO_ROLE),
        (approver("a.author"), LeftOut.AUTHOR),
        (approver("a.town", territory=(DUEREN,)), LeftOut.TERRITORY),
        (approver("a.new", since=NOW + HOUR), LeftOut.NOT_YET),
        (approver("a.former", until=NOW), LeftOut.ENDED),
        (person("a.later", RoleGrant(Role.ADMIN, until=NOW)), LeftOut.NO_ROLE),
    ],
    ids=lambda one: getattr(one, "id", ""),
)
def test_whoever_is_left_out_is_so_for_a_reason(left_out: Person, why: LeftOut) -> None:
    assert found(DUTY, left_out, level=DutyLevel.ADMIN).left_out == {left_out.id: why}


def test_a_territory_must_hold_wherever_it_concerns_somebody_and_everywhere_if_nobody_knows() -> None:
    district = approver("k.kreis", territory=("05358",))
    assert found(district).is_covered
    assert not found(district, matter=replace(MATTER, places=(DUEREN, ELSEWHERE))).is_covered
    assert not found(district, matter=replace(MATTER, places=())).is_covered


def test_of_an_exercise_approvers_of_the_exercise_are_told_and_whoever_minds_the_service() -> None:
    drill = replace(MATTER, environment=Environment.EXERCISE)
    trainee = person("t.drill", RoleGrant(Role.APPROVER), environment=Environment.EXERCISE)
    operator = person("o.live", RoleGrant(Role.OPERATOR))
    everybody = trainee, operator, DUTY, ADMIN
    one = found(*everybody, matter=drill, level=DutyLevel.ADMIN)
    assert [duty.person_id for duty in one.told] == ["t.drill", "z.admin"]
    assert one.left_out == {"o.live": LeftOut.ENVIRONMENT, "m.duty": LeftOut.ENVIRONMENT}
    held = found(*everybody, matter=replace(drill, asked=Role.OPERATOR))
    assert [duty.person_id for duty in held.told] == ["o.live"]


def test_an_author_who_is_an_admin_is_told_as_one() -> None:
    both = person("a.author", RoleGrant(Role.APPROVER), RoleGrant(Role.ADMIN))
    assert found(both).told == (OnDuty("a.author", DutyLevel.ADMIN),)


def test_of_what_is_held_else_operators_are_told_the_author_among_them() -> None:
    held = replace(MATTER, asked=Role.OPERATOR)
    operator = person("a.author", RoleGrant(Role.OPERATOR))
    assert found(DUTY, operator, matter=held).told == (OnDuty("a.author", DutyLevel.ON_DUTY),)


GRANTS = st.builds(
    RoleGrant,
    st.sampled_from(Role),
    st.sampled_from([(), (DUEREN,), ("05358",), (ELSEWHERE,)]),
    until=st.sampled_from([None, NOW, NOW + HOUR]),
    on_call=st.sampled_from([(), WEEKEND, WEEKDAYS]),
)
PERSONS = st.lists(
    st.builds(
        Person,
        st.sampled_from("abcdefgh"),
        st.sampled_from(Environment),
        st.lists(GRANTS, max_size=3, unique_by=lambda grant: grant.role).map(tuple),
        disabled=st.booleans(),
    ),
    max_size=8,
    unique_by=lambda person: person.id,
)


@given(PERSONS, st.sets(st.sampled_from("abcdefgh")), st.sampled_from(Role))
def test_nobody_is_forgotten_and_who_is_told_is_told_at_every_later_level(
    persons: list[Person], reachable: set[str], asked: Role
) -> None:
    matter = replace(MATTER, asked=asked, authors=("a",))
    before: set[str] = set()
    for level in DutyLevel:
        one = roster(matter, persons, reachable, level, NOW)
        told = {person.person_id for person in one.told}
        assert told | set(one.left_out) == {person.id for person in persons}
        assert not told & set(one.left_out)
        assert before <= told <= reachable
        by_id = {person.id: person for person in persons}
        for duty in one.told:
            known = by_id[duty.person_id]
            assert known.environment is Environment.LIVE
            assert not known.disabled
            if duty.level is DutyLevel.ON_DUTY:
                assert asked in {grant.role for grant in entitlement(known, NOW).held}
        before = told


def test_each_is_told_once_for_each_occasion() -> None:
    both = Roster((OnDuty("a", DutyLevel.ON_DUTY), OnDuty("b", DutyLevel.ADMIN)), {})
    assert wanted(both, is_reminded=False) == {("a", Occasion.DUE), ("b", Occasion.ESCALATION)}
    assert wanted(both, is_reminded=True) - wanted(both, is_reminded=False) == {("a", Occasion.REMINDER)}
    late = Roster((OnDuty("b", DutyLevel.ADMIN),), {})
    assert ("b", Occasion.REMINDER) in wanted(late, is_reminded=True), "there is nobody else"
    assert wanted(Roster((), {}), is_reminded=True) == frozenset()
