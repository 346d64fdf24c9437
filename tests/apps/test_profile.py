"""What an instance becomes by what is named of it."""

from dataclasses import replace

import pytest

from dispatcher.apps.profile import NamedProfile, ProfileRefused, profile_of
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.model.principals import Branding, Instance
from tests.support.messages import DUEREN, JUELICH

APP = Instance(
    "dueren",
    "Düren",
    (DUEREN,),
    languages=("de", "uk"),
    branding=Branding("#00457c", "#ffffff"),
    contact="A. Muster",
    quota=7,
    shows=("stolberg",),
)


def never() -> Boundaries:
    raise AssertionError("no municipality was named")


def test_what_is_not_named_stays() -> None:
    assert profile_of(APP, NamedProfile(), never) == APP


def test_what_is_named_takes_the_place_of_what_was_there() -> None:
    named = NamedProfile(
        name=" Stadt ", languages=["en"], colour="#00457D", logo="", contact="", shows=["a", "b", "a"]
    )
    assert profile_of(APP, named, never) == replace(
        APP,
        name="Stadt",
        languages=("en",),
        branding=Branding("#00457d", "#ffffff"),
        contact="",
        shows=("a", "b"),
    )
    assert profile_of(APP, NamedProfile(shows=[]), never).shows == ()


def test_municipalities_are_named_by_their_own_or_by_a_prefix(boundaries: Boundaries) -> None:
    district = profile_of(APP, NamedProfile(territory=["05358"]), lambda: boundaries)
    assert (len(district.places), district.territory) == (15, ("05358",))
    both = profile_of(district, NamedProfile(["05334002"], ["05358"]), lambda: boundaries)
    assert (len(both.places), both.territory) == (16, ("05358", "05334002"))
    own = profile_of(district, NamedProfile([JUELICH, DUEREN, JUELICH]), lambda: boundaries)
    assert (own.places, own.territory) == ((JUELICH, DUEREN), ())


@pytest.mark.parametrize(
    ("named", "member", "why"),
    [
        (NamedProfile(["05358"]), "places", "not an AGS of 8 digits"),
        (NamedProfile(territory=["04"]), "territory", "begins with 04"),
        (NamedProfile(shows=["dueren"]), "shows", "no neighbour of its own"),
        (NamedProfile(colour="#777777"), "", "a contrast of"),
        (NamedProfile(languages=["Deutsch"]), "", "no language such as"),
        (NamedProfile(name="a\nb"), "", "a name is one line"),
    ],
)
def test_what_no_instance_can_be_is_refused_with_the_member(
    boundaries: Boundaries, named: NamedProfile, member: str, why: str
) -> None:
    with pytest.raises(ProfileRefused, match=why) as refused:
        profile_of(APP, named, lambda: boundaries)
    assert refused.value.member == member
