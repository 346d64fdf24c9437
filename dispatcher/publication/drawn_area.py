"""Find the municipalities that an area concerns which somebody has drawn: by the rule and the geometry that decide whom
an alert concerns. Pure.

Whoever asks is told what is wrong with his drawing, and nothing is mended: he can draw it again, and an answer about
another area than he meant would be worse than none.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from cap.model import Polygon
from dispatcher.publication.places import PlaceKind, PublicPlace
from dispatcher.targeting import shapes
from dispatcher.targeting.positions import seem_exchanged
from dispatcher.targeting.rule import MatchingRule, overlap
from dispatcher.targeting.shapes import Repair, Shape, ShapeProblem

if TYPE_CHECKING:
    from dispatcher.boundaries.municipalities import Boundaries

CORNERS_MAX: Final = 100
"""Of a drawing: what a finger draws has some dozens. Its cost grows with corners and municipalities."""
CHARACTERS_MAX: Final = 4_000
"""Of its text: a corner with six decimals has 20."""
AREA_MAX_KM2: Final = 10_000.0
"""Three large districts. Whoever asks for more reads districts, or everything."""
CORNERS_MIN: Final = 3
OUTSIDE_MAX: Final = 0.01
"""The share of a drawing that may lie in no municipality of the boundary data: borders of two sources differ by as
much."""
_RULE: Final = MatchingRule(max_area_km2=AREA_MAX_KM2)
_NUMBER: Final = r"-?[0-9]{1,3}(?:\.[0-9]{1,12})?"
_PAIR: Final = re.compile(rf"({_NUMBER}),({_NUMBER})")


class DrawingProblem(StrEnum):
    """Why a drawing is no area."""

    SYNTAX = "syntax"
    """It is not `lat,lon lat,lon …`."""
    CORNERS = "corners"
    """It has too few corners or too many."""
    RANGE = "range"
    """A corner is not on the earth."""
    CROSSES = "crosses"
    """Its edge crosses or touches itself."""
    EMPTY = "empty"
    """It encloses no area."""
    LARGE = "large"
    SWAPPED = "swapped"
    """It lies outside the boundary data, and would not if latitude and longitude were exchanged."""


_PROBLEMS: Final = {
    ShapeProblem.RANGE: DrawingProblem.RANGE,
    ShapeProblem.EMPTY: DrawingProblem.EMPTY,
    ShapeProblem.LARGE: DrawingProblem.LARGE,
    ShapeProblem.DETAILED: DrawingProblem.LARGE,
    ShapeProblem.TANGLED: DrawingProblem.CROSSES,
}
_MENDED: Final = {
    Repair.VALID: DrawingProblem.CROSSES,
    Repair.DOUBTFUL: DrawingProblem.CROSSES,
    Repair.HULL: DrawingProblem.CROSSES,
    Repair.COLLAPSED: DrawingProblem.EMPTY,
    Repair.POLE: DrawingProblem.LARGE,
}
"""What of an alert would be mended."""


def corners_of(text: str) -> tuple[tuple[float, float], ...] | DrawingProblem:
    """Return the corners (lat, lon) of a drawing that is written as CAP writes polygons: pairs with a comma, blanks
    between them. The first may be repeated at the end, and need not.
    """
    if len(text) > CHARACTERS_MAX:
        return DrawingProblem.CORNERS
    pairs = [_PAIR.fullmatch(one) for one in text.split(" ") if one]
    found = tuple((float(one[1]), float(one[2])) for one in pairs if one)
    if not found or len(found) < len(pairs):
        return DrawingProblem.SYNTAX
    ring = found[:-1] if len(found) > 1 and found[0] == found[-1] else found
    return ring if CORNERS_MIN <= len(ring) <= CORNERS_MAX else DrawingProblem.CORNERS


def place_of(
    corners: tuple[tuple[float, float], ...], boundaries: Boundaries
) -> PublicPlace | DrawingProblem | None:
    """Return the municipalities that the drawing concerns as a place; None where the boundary data has none. It takes
    milliseconds, tens of them for the largest.
    """
    drawn = Polygon(corners)
    shape = shapes.of(drawn, shapes.around(boundaries.window), boundaries.crs, _RULE)
    if isinstance(shape, ShapeProblem) and shape is not ShapeProblem.BEYOND:
        return _PROBLEMS[shape]
    if isinstance(shape, Shape):
        if mended := next((_MENDED[one] for one in shape.repairs if one in _MENDED), None):
            return mended
        found = overlap(shape.geometry, boundaries, _RULE)
        if kept := tuple(boundaries.units.ags[index] for index in found.indices[found.kept]):
            outside = 1.0 - float(np.sum(found.alert_share))
            is_cut = Repair.CUT in shape.repairs or outside > OUTSIDE_MAX
            return PublicPlace(PlaceKind.AREA, "", "", "", kept, reaches_beyond=is_cut)
    return DrawingProblem.SWAPPED if seem_exchanged(drawn, boundaries.window) else None
