"""Principals as values."""

import pytest

from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.permissions import Permission, permissions_of
from dispatcher.access.principals import (
    Principal,
    of_gateway,
    of_instance,
    of_operator,
    of_remote_operator,
    of_source,
    submitter,
)
from dispatcher.model.principals import Source

SENDER = "leitstelle@kreis-dueren.example"
CENTRE = of_source(Source("leitstelle", "Leitstelle Düren", frozenset({SENDER}), ("05358",)))
FEED = of_source(Source("feed-mowas", "mowas", frozenset(), ()))
APP = of_instance("dueren", ("05358008",))
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
    assert submitter("feed-dwd") == "source:feed-dwd"
    assert of_remote_operator("anna").actor == "remote-operator:anna", "not whoever says so at the machine"
