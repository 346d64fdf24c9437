"""An area that is drawn concerns the municipalities that an alert for it would concern, or is refused by name."""

from typing import Any

import pytest

from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.publication.drawn_area import (
    CHARACTERS_MAX,
    CORNERS_MAX,
    DrawingProblem,
    corners_of,
    place_of,
)
from dispatcher.publication.places import PlaceKind, PublicPlace
from tests.support.messages import DUEREN, JUELICH

IN_DUEREN = "50.79,6.46 50.79,6.50 50.82,6.48"


def drawn(text: str, boundaries: Boundaries) -> Any:
    """What a drawing is."""
    corners = corners_of(text)
    return corners if isinstance(corners, DrawingProblem) else place_of(corners, boundaries)


def test_an_area_concerns_what_an_alert_for_it_would(boundaries: Boundaries) -> None:
    place = drawn(IN_DUEREN, boundaries)
    assert isinstance(place, PublicPlace)
    assert (place.kind, place.key, place.municipalities) == (PlaceKind.AREA, "", (DUEREN,))
    assert not place.reaches_beyond
    assert drawn(f"{IN_DUEREN} 50.79,6.46", boundaries) == place, "closed or not"
    assert drawn(" ".join(reversed(IN_DUEREN.split())), boundaries) == place, "either way round"
    district = drawn("50.6,6.3 50.6,6.6 50.95,6.6 50.95,6.3", boundaries)
    assert {DUEREN, JUELICH} < set(district.municipalities)


REFUSED = {
    "": DrawingProblem.SYNTAX,
    "x": DrawingProblem.SYNTAX,
    "50.79;6.46 50.79;6.50 50.82;6.48": DrawingProblem.SYNTAX,
    "50.79,6.46,3 50.79,6.50 50.82,6.48": DrawingProblem.SYNTAX,
    "nan,6.46 50.79,6.50 50.82,6.48": DrawingProblem.SYNTAX,
    "1e1,6.46 50.79,6.50 50.82,6.48": DrawingProblem.SYNTAX,
    "５０,6.46 50.79,6.50 50.82,6.48": DrawingProblem.SYNTAX,
    "50.79,6.46": DrawingProblem.CORNERS,
    "50.79,6.46 50.79,6.50 50.79,6.46": DrawingProblem.CORNERS,
    "91,6.46 50.79,6.50 50.82,6.48": DrawingProblem.RANGE,
    "50.79,6.46 50.82,6.50 50.79,6.50 50.82,6.46": DrawingProblem.CROSSES,
    "50.79,6.46 50.79,6.50 50.82,6.50 50.79,6.48": DrawingProblem.CROSSES,
    "50.79,6.46 50.79,6.50 50.79,6.54": DrawingProblem.EMPTY,
    "50.79,6.46 50.79,6.46 50.79,6.46 50.79,6.46": DrawingProblem.EMPTY,
    "49,5 49,9 52,9 52,5": DrawingProblem.LARGE,
    "-80,0 -80,90 -80,180 -80,-90": DrawingProblem.LARGE,
    "6.46,50.79 6.50,50.79 6.48,50.82": DrawingProblem.SWAPPED,
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_area_is_refused_by_name(boundaries: Boundaries, text: str) -> None:
    assert drawn(text, boundaries) == REFUSED[text]


def test_the_text_is_bounded_before_it_is_parsed() -> None:
    many = " ".join(f"50.{number:03},6.4" for number in range(CORNERS_MAX + 1))
    assert corners_of(many) is DrawingProblem.CORNERS
    assert len(corners_of(" ".join(many.split()[:CORNERS_MAX]))) == CORNERS_MAX
    assert corners_of("x" * (CHARACTERS_MAX + 1)) is DrawingProblem.CORNERS


def test_where_the_boundary_data_has_nothing_there_is_no_place(boundaries: Boundaries) -> None:
    assert drawn("48.1,11.5 48.1,11.6 48.2,11.6", boundaries) is None
    assert drawn("-33,151 -33,151.1 -33.1,151.1", boundaries) is None


def test_what_reaches_beyond_the_boundary_data_is_known_to(boundaries: Boundaries) -> None:
    west, _, _, north = boundaries.window
    units = [unit for unit in boundaries.municipalities if unit.ags]
    assert units
    place = drawn(f"50.7,{west - 0.3:.4f} 50.7,6.4 50.9,6.4 50.9,{west - 0.3:.4f}", boundaries)
    assert isinstance(place, PublicPlace)
    assert place.reaches_beyond
    assert north
