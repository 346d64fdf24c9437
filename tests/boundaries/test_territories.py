"""Keys that people type are judged, and the right one is named."""

import pytest

from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.boundaries.territories import (
    meant,
    size,
    widened,
    wrong_municipality,
    wrong_territory,
)


@pytest.mark.parametrize("right", [["05"], ["053"], ["05358"], ["05358008"], ["05358", "05334"]])
def test_keys_of_the_data_are_right(boundaries: Boundaries, right: list[str]) -> None:
    assert wrong_territory(right, boundaries) == ""


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("", "not an AGS or a prefix of one (2 to 8 digits): "),
        ("5", "not an AGS or a prefix of one (2 to 8 digits): 5"),
        ("99", "no municipality of the boundary data has an AGS that begins with 99; its keys begin with 05"),
        (
            "05385",
            "no municipality of the boundary data has an AGS that begins with 05385; the nearest is 05358",
        ),
        (
            "5358",
            "no municipality of the boundary data has an AGS that begins with 5358; with its zero it is 05358",
        ),
        ("053580008008", "this is an ARS, the AGS of Düren is 05358008"),
        ("Düren", "Düren is 05358008"),
        ("düren", "Düren is 05358008"),
        ("Duren", "Düren is 05358008"),
        ("०५३५८", "not an AGS"),
        ("Xyzzyburg", "not an AGS or a prefix of one (2 to 8 digits): Xyzzyburg"),
    ],
)
def test_a_key_that_nobody_has_is_answered_with_the_one_that_was_meant(
    boundaries: Boundaries, wrong: str, said: str
) -> None:
    assert said in wrong_territory(["05358", wrong], boundaries)


def test_a_municipality_has_eight_digits(boundaries: Boundaries) -> None:
    assert wrong_municipality(["05358008"], boundaries) == ""
    assert wrong_municipality(["05358"], boundaries).startswith("not an AGS of 8 digits: 05358")
    assert "begins with 05358999" in wrong_municipality(["05358008", "05358999"], boundaries)


def test_a_hint_never_repeats_what_was_typed(boundaries: Boundaries) -> None:
    assert meant("Xyzzyburg", boundaries) == ""
    assert "Dueren" not in meant("Dueren", boundaries)


@pytest.mark.parametrize(
    ("before", "after", "new"),
    [
        (("05358",), ("05358",), ()),
        (("05358",), ("05358008",), ()),
        (("05358",), ("053",), ("053",)),
        (("05358",), ("05358", "05334"), ("05334",)),
        ((), ("05358",), ("05358",)),
        (("05", "09"), ("05358", "09"), ()),
    ],
)
def test_what_was_no_part_of_a_territory_is_new(
    before: tuple[str, ...], after: tuple[str, ...], new: tuple[str, ...]
) -> None:
    assert widened(before, after) == new


def test_municipalities_count_once(boundaries: Boundaries) -> None:
    assert size(("05358", "05358008"), boundaries) == 15
    assert size((), boundaries) == 0
