"""The map of an alert's area."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shapely

from dispatcher.boundaries.base_map import BaseMap
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.boundaries.projection import EUROPE_EQUAL_AREA, project
from dispatcher.console.alert import area_map as module
from dispatcher.console.alert.area_map import AreaMap, area_map
from tests.support.messages import DUEREN, JUELICH

BOUNDARIES = Boundaries.default()
DISTRICT = [one.ags for one in BOUNDARIES.by_prefix("05358")]
NAMES = {one.ags: one.name for one in BOUNDARIES.municipalities}


def drawn(path: str) -> Any:
    """What a browser fills."""
    whole: Any = shapely.Polygon()
    for ring in re.findall(r"M([^Mz]+)z", path):
        numbers = [int(one) for one in re.findall(r"-?\d+", ring)]
        corners = np.cumsum(np.reshape(numbers, (-1, 2)), axis=0)
        whole = shapely.symmetric_difference(whole, shapely.make_valid(shapely.Polygon(corners)))
    return whole


def found(warned: list[str], shape: bytes = b"") -> AreaMap:
    made = area_map(BOUNDARIES, warned, shape)
    assert made
    return made


def test_the_warned_municipalities_lie_on_top_among_their_neighbours() -> None:
    made = found([DUEREN, JUELICH, "99999999"])
    assert [one.name for one in made.municipalities if one.is_warned] == ["Düren", "Jülich"]
    assert [one.is_warned for one in made.municipalities][-2:] == [True, True]
    assert len(made.municipalities) > 8
    assert max(made.width, made.height) == pytest.approx(module.SIDE, abs=2)
    for one in made.municipalities:
        x, y, right, low = shapely.total_bounds(drawn(one.path))
        assert 0 <= x < right <= made.width, one.name
        assert 0 <= y < low <= made.height, one.name


def test_what_lies_north_is_above_and_what_lies_apart_does_not_overlap() -> None:
    places = {one.ags: drawn(one.path) for one in found(DISTRICT).municipalities}
    assert places[JUELICH].centroid.y < places[DUEREN].centroid.y
    whole = shapely.union_all([*places.values()])
    assert sum(one.area for one in places.values()) < 1.01 * whole.area
    real = [BOUNDARIES.border[BOUNDARIES.index_by_ags[ags]].area for ags in (DUEREN, JUELICH)]
    shown = [places[ags].area for ags in (DUEREN, JUELICH)]
    assert shown[0] / shown[1] == pytest.approx(real[0] / real[1], rel=0.02)


def test_the_shape_of_the_message_is_where_it_is() -> None:
    square = BOUNDARIES.border[BOUNDARIES.index_by_ags[DUEREN]].centroid.buffer(1000, cap_style="square")
    made = found([DUEREN], shapely.to_wkb(project(square, EUROPE_EQUAL_AREA, BOUNDARIES.crs)))
    [duren] = [drawn(one.path) for one in made.municipalities if one.is_warned]
    assert drawn(made.shape).within(duren.buffer(2))
    assert drawn(made.shape).centroid.distance(duren.centroid) < 5
    assert found([DUEREN]).shape == ""


def test_a_map_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    fine = found(DISTRICT)
    assert fine.characters <= module.PATHS_MAX
    monkeypatch.setattr(module, "PATHS_MAX", fine.characters // 2)
    assert found(DISTRICT).characters <= module.PATHS_MAX
    monkeypatch.setattr(module, "PATHS_MAX", 10)
    assert area_map(BOUNDARIES, DISTRICT) is None


def test_where_neighbours_are_too_many_the_warned_are_shown_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    assert [one.ags for one in found([DUEREN, JUELICH]).municipalities] == [DUEREN, JUELICH]


def test_a_base_map_covers_the_map_without_a_seam_and_only_where_there_is_one() -> None:
    assert found([DUEREN]).tiles == ()
    made = area_map(BOUNDARIES, [DUEREN], b"", BaseMap("https://karten.example/{z}/{x}/{y}.png", "©"))
    assert made
    assert min(one.x for one in made.tiles) <= 0
    assert min(one.y for one in made.tiles) <= 0
    assert max(one.x + one.width for one in made.tiles) >= made.width
    assert max(one.y + one.height for one in made.tiles) >= made.height
    across = sorted({(one.x, one.width) for one in made.tiles})
    assert [x + width - 1 for x, width in across[:-1]] == [x for x, _ in across[1:]]
    assert replace(made, tiles=()) == found([DUEREN])


def test_there_is_no_map_of_nothing() -> None:
    assert area_map(BOUNDARIES, []) is None
    assert area_map(BOUNDARIES, ["99999999"], b"") is None
