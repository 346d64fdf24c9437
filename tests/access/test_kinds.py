"""The kinds of principals."""

from dispatcher.access.kinds import PrincipalKind


def test_every_kind_says_who_it_is_and_what_it_shows() -> None:
    for kind in PrincipalKind:
        assert kind.party.endswith("."), kind
        assert kind.credential, kind


def test_a_kind_is_its_word() -> None:
    assert f"{PrincipalKind.SOURCE}" == "source"
    assert {str(kind) for kind in PrincipalKind} == {
        "source",
        "feed",
        "instance",
        "gateway",
        "subscriber",
        "remote-operator",
        "person",
        "operator",
    }
