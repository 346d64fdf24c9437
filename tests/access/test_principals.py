"""Principals as values."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.permissions import Permission, permissions_of, permissions_of_role
from dispatcher.access.persons import Person
from dispatcher.access.principals import (
    AS_A_SOURCE,
    Principal,
    actor_name,
    of_gateway,
    of_instance,
    of_operator,
    of_person,
    of_remote_operator,
    of_source,
    person_actor,
    submitted_by,
    submitter,
)
from dispatcher.access.roles import Role, RoleGrant
from dispatcher.model.principals import Source
from dispatcher.model.vocabulary import Environment

SENDER = "leitstelle@kreis-dueren.example"
LEITSTELLE = Source("leitstelle", "Leitstelle Düren", frozenset({SENDER}), ("05358",))
CENTRE = of_source(LEITSTELLE)
FEED = of_source(Source("feed-mowas", "mowas", frozenset(), ()))
APP = of_instance("dueren", ("05358008",))
NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
AUTHOR = Person(
    "m.keller", Environment.LIVE, (RoleGrant(Role.AUTHOR, ("05358008",)), RoleGrant(Role.APPROVER))
)
OTHERS = (APP, of_gateway("sms-1"), of_operator("anna"), of_remote_operator("anna"))


@pytest.mark.parametrize(
    ("principal", "kind"),
    [
        (CENTRE, PrincipalKind.SOURCE),
        (FEED, PrincipalKind.FEED),
        (APP, PrincipalKind.INSTANCE),
        (of_gateway("sms-1"), PrincipalKind.GATEWAY),
        (of_operator("anna"), PrincipalKind.OPERATOR),
        (of_remote_operator("anna"), PrincipalKind.REMOTE_OPERATOR),
    ],
)
def test_a_principal_holds_what_its_kind_does(principal: Principal, kind: PrincipalKind) -> None:
    assert principal.kind is kind
    assert {permission for permission in Permission if principal.may(permission)} == permissions_of(kind)


@pytest.mark.parametrize(("ags", "allowed"), [("05358008", True), ("05334002", False), ("", False)])
def test_a_centre_warns_its_territory(ags: str, allowed: bool) -> None:
    assert CENTRE.may_warn(ags) is allowed


def test_a_centre_sends_under_its_own_names_only() -> None:
    assert CENTRE.may_send_as(SENDER)
    assert not CENTRE.may_send_as("leitstelle@aachen.example")


@pytest.mark.parametrize("principal", [FEED, *OTHERS])
def test_nobody_else_sends_or_warns(principal: Principal) -> None:
    """Least of all an app, whose territory is what it shows."""
    assert not principal.may_send_as(SENDER)
    assert not principal.may_warn("05358008")


def test_a_feed_takes_from_its_own_source_only() -> None:
    assert FEED.may_push_into("mowas")
    assert not FEED.may_push_into("dwd")
    assert not any(one.may_push_into("mowas") for one in (CENTRE, *OTHERS))


def test_what_a_source_submitted_is_its_own() -> None:
    assert CENTRE.owns("leitstelle")
    assert not CENTRE.owns("nachbar")
    assert not of_instance("leitstelle", ()).owns("leitstelle"), "of another kind, by the same name"


def test_the_audit_trail_names_kind_and_name() -> None:
    assert [one.actor for one in (CENTRE, APP, of_operator("anna"))] == [
        "source:leitstelle", "instance:dueren", "operator:anna",
    ]  # fmt: skip
    assert of_person(AUTHOR, NOW).actor == "person:m.keller"
    assert submitter("feed-dwd") == "source:feed-dwd"
    assert of_remote_operator("anna").actor == "remote-operator:anna", "not whoever says so at the machine"


def test_the_trail_names_the_person_of_a_key_and_the_key_besides() -> None:
    """The control centre counts and logs its keys together, and logs have no person."""
    own = replace(of_source(LEITSTELLE, key_person="b.lang"), key="wk_leitstelle-2")
    assert (own.actor, own.actor.key, own.party) == ("person:b.lang", "wk_leitstelle-2", "source:leitstelle")
    nobodys = replace(of_source(LEITSTELLE), key="wk_leitstelle-1")
    assert (nobodys.actor, nobodys.actor.key) == ("source:leitstelle", "")


def test_the_author_is_the_person_or_whoever_has_the_key() -> None:
    assert of_person(AUTHOR, NOW, LEITSTELLE).author == "m.keller"
    assert of_source(LEITSTELLE, key_person="b.lang").author == "b.lang"
    assert of_source(LEITSTELLE).author == "", "nobody is named, which the record has to make up for"


def test_a_person_holds_what_its_roles_give_now() -> None:
    permissions = permissions_of_role(Role.AUTHOR) | permissions_of_role(Role.APPROVER)
    assert of_person(AUTHOR, NOW, LEITSTELLE).permissions == permissions
    over = Person("m.keller", Environment.LIVE, (RoleGrant(Role.AUTHOR, until=NOW),))
    assert of_person(over, NOW).permissions == frozenset()


@pytest.mark.parametrize(
    ("ags", "source", "allowed"),
    [
        ("05358008", LEITSTELLE, True),
        ("05358024", LEITSTELLE, False),  # of the control centre, not of the role
        ("05334002", LEITSTELLE, False),
        ("05358008", None, False),  # writes for nobody
    ],
)
def test_an_author_warns_where_both_role_and_centre_may(
    ags: str, source: Source | None, allowed: bool
) -> None:
    assert of_person(AUTHOR, NOW, source).may_warn(ags) is allowed


def test_territory_is_that_of_the_role_that_gives_the_permission() -> None:
    person = of_person(AUTHOR, NOW, LEITSTELLE)
    assert person.may_on(Permission.APPROVE_ALERTS, "05334002")
    assert not person.may_on(Permission.SUBMIT_ALERTS, "05334002")
    assert not person.may_on(Permission.DECIDE_HELD, "05358008")


def test_what_the_centre_submitted_is_its_persons_own() -> None:
    person = of_person(AUTHOR, NOW, LEITSTELLE)
    assert person.owns("leitstelle")
    assert person.may_send_as(SENDER)
    assert not of_person(AUTHOR, NOW).owns("leitstelle")


@pytest.mark.parametrize(
    ("role", "centre", "left"),
    [
        ((), ("05358",), ("05358",)),
        (("05358008",), ("05358",), ("05358008",)),
        (("05",), ("05358", "05334"), ("05334", "05358")),
        (("05334", "05358008"), ("05358",), ("05358008",)),
        (("05334",), ("05358",), None),
    ],
)
def test_a_person_submits_as_its_centre_on_what_the_role_leaves_of_it(
    role: tuple[str, ...], centre: tuple[str, ...], left: tuple[str, ...] | None
) -> None:
    """Never as a source without territory, which would be one without bounds; and by no other role."""
    grants = (RoleGrant(Role.AUTHOR, role), RoleGrant(Role.APPROVER))
    whole = of_person(
        Person("m.keller", Environment.LIVE, grants), NOW, replace(LEITSTELLE, territory=centre)
    )
    author = whole.acting_on(Permission.SUBMIT_ALERTS)
    assert (author.source.territory if author.source else None) == left
    assert author.may(Permission.SUBMIT_ALERTS) is (left is not None)
    assert author.submits_as == ("leitstelle" if left else "m.keller")
    assert author.is_bounded is bool(role)
    corrector = whole.acting_on(Permission.CORRECT_ALERTS)
    assert corrector.source.territory == centre
    assert not corrector.is_bounded
    assert corrector.may(Permission.CORRECT_ALERTS)


def test_who_writes_for_no_centre_does_nothing_as_one() -> None:
    person = of_person(AUTHOR, NOW)
    for permission in AS_A_SOURCE:
        assert not person.acting_on(permission).may(permission)
    assert person.acting_on(Permission.APPROVE_ALERTS).may(Permission.APPROVE_ALERTS)
    assert CENTRE.acting_on(Permission.SUBMIT_ALERTS) is CENTRE


def test_who_may_read_any_alert_follows_that_of_any_source() -> None:
    auditor = Person("a.pruefer", Environment.LIVE, (RoleGrant(Role.AUDITOR),))
    assert of_person(auditor, NOW).may_follow("nachbar")
    assert not CENTRE.may_follow("nachbar")
    assert CENTRE.may_follow("leitstelle")
    assert person_actor("m.keller") == of_person(AUTHOR, NOW).actor


def test_people_read_the_name_of_a_person_and_of_anything_else_what_it_is() -> None:
    assert actor_name(person_actor("m.keller")) == "m.keller"
    assert actor_name(submitter("leitstelle")) == "source:leitstelle"
    assert actor_name(None) == ""
    assert submitted_by(person_actor("m.keller"), "leitstelle") == person_actor("m.keller")
    assert submitted_by(submitter("leitstelle"), "leitstelle") == "leitstelle"
