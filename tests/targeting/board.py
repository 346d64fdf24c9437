"""A board of squares 4 km wide, with an exclave: drawings small enough to reason about."""

from typing import TYPE_CHECKING, Any

import pytest
import shapely

from dispatcher.boundaries.build import BoundaryRow, build
from dispatcher.boundaries.bundle import Provenance
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.boundaries.projection import EUROPE_EQUAL_AREA
from dispatcher.targeting.match import match
from dispatcher.targeting.rule import MatchingRule, overlap
from tests.targeting.drawing import drawn

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

SIDE = 4_000.0
ORIGIN = (4.05e6, 3.05e6)
RULE = MatchingRule()


def square(column: Any, row: Any) -> shapely.Polygon:
    x, y = ORIGIN[0] + column * SIDE, ORIGIN[1] + row * SIDE
    box: shapely.Polygon = shapely.box(x, y, x + SIDE, y + SIDE)
    return box


EXCLAVE = shapely.Point(ORIGIN[0] + 2.5 * SIDE, ORIGIN[1] + 2.5 * SIDE).buffer(180, quad_segs=3)


@pytest.fixture(scope="module")
def board() -> Boundaries:
    """Units `0100CR00` in column C and row R; `01000000` has an exclave in the middle of `01002200`."""
    rows = []
    for column in range(5):
        for row in range(5):
            shape: BaseGeometry = square(column, row)
            if (column, row) == (0, 0):
                shape = shapely.union(shape, EXCLAVE)
            if (column, row) == (2, 2):
                shape = shapely.difference(shape, EXCLAVE)
            rows.append(BoundaryRow(f"010{column}{row}000", "", f"{column}{row}", shape))
    provenance = Provenance("test", "", "CC0", "nobody", "2020-01-01", "")
    return Boundaries.of(build(rows, provenance, source_crs=EUROPE_EQUAL_AREA).bundle)


def kept(board: Boundaries, shape: Any, rule: Any = RULE) -> set[str]:
    found = overlap(shape, board, rule)
    return {board.municipalities[index].name for index in found.indices[found.kept]}


def reached(board: Boundaries, *shapes: Any, rule: Any = RULE) -> set[str]:
    return {
        affected.name
        for affected in match([drawn(shapely.MultiPolygon(list(shapes)))], board, rule=rule).affected
    }


def centre(column: Any, row: Any) -> tuple[float, float]:
    return ORIGIN[0] + (column + 0.5) * SIDE, ORIGIN[1] + (row + 0.5) * SIDE


_BOARDS: list[Boundaries] = []


def plain_board() -> Boundaries:
    if not _BOARDS:
        rows = [BoundaryRow(f"010{c}{r}000", "", f"{c}{r}", square(c, r)) for c in range(5) for r in range(5)]
        provenance = Provenance("test", "", "CC0", "nobody", "2020-01-01", "")
        _BOARDS.append(Boundaries.of(build(rows, provenance, source_crs=EUROPE_EQUAL_AREA).bundle))
    return _BOARDS[0]
