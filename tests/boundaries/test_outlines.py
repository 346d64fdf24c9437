"""The outlines of municipalities as a phone draws them."""

import json
from typing import Any

import numpy as np
import pytest
import shapely

from dispatcher.boundaries import outlines as module
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.boundaries.outlines import has_map, outlines
from dispatcher.boundaries.projection import project
from tests.support.messages import DUEREN, JUELICH

BOUNDARIES = Boundaries.default()
DISTRICT = [one.ags for one in BOUNDARIES.by_prefix("05358")]


def drawn(rings: list[list[float]]) -> Any:
    """What a browser fills by the rule of even and odd, in metres."""
    whole: Any = shapely.Polygon()
    for ring in rings:
        whole = shapely.symmetric_difference(whole, shapely.Polygon(np.reshape(ring, (-1, 2))))
    return project(whole, BOUNDARIES.crs)


def test_each_municipality_is_where_it_is() -> None:
    found = outlines(BOUNDARIES, DISTRICT)
    assert found
    assert list(found["places"]) == DISTRICT
    for ags, rings in found["places"].items():
        real = BOUNDARIES.border[BOUNDARIES.index_by_ags[ags]]
        wrong = shapely.symmetric_difference(real, drawn(rings)).area
        assert wrong < 0.03 * real.area, ags


def test_neighbours_share_their_line_and_the_map_is_small() -> None:
    found = outlines(BOUNDARIES, DISTRICT)
    assert found
    shapes = [drawn(rings) for rings in found["places"].values()]
    whole = shapely.union_all(shapes)
    overlaps = sum(one.area for one in shapes) - whole.area
    assert overlaps < 0.001 * whole.area
    assert len(json.dumps(found, separators=(",", ":"))) < 40_000
    west, south, east, north = found["bounds"]
    assert 6 < west < east < 7
    assert 50 < south < north < 52


def test_what_the_boundary_data_does_not_have_is_left_out() -> None:
    found = outlines(BOUNDARIES, [DUEREN, "99999999", JUELICH])
    assert found
    assert list(found["places"]) == [DUEREN, JUELICH]


def test_there_is_no_map_of_nothing_nor_of_a_land(monkeypatch: pytest.MonkeyPatch) -> None:
    assert outlines(BOUNDARIES, []) is None
    assert outlines(BOUNDARIES, ["99999999"]) is None
    assert has_map(BOUNDARIES, DISTRICT)
    monkeypatch.setattr(module, "MOST", 14)
    assert outlines(BOUNDARIES, DISTRICT) is None
    assert not has_map(BOUNDARIES, DISTRICT)
    assert not has_map(BOUNDARIES, ["99999999"])
