"""GeoJSON shapes: turned round, counted where unreadable, bounded."""

from typing import Any

import pytest

from cap.errors import LimitExceeded, NotJson
from cap.formats.geojson import Shapes, read_features
from cap.limits import Limits
from cap.model import Polygon

SQUARE = [[6.0, 50.0], [7.0, 50.0], [7.0, 51.0], [6.0, 50.0]]  # lon, lat
RING = Polygon(((50.0, 6.0), (50.0, 7.0), (51.0, 7.0), (50.0, 6.0)))


def feature(kind: str, coordinates: object, **properties: object) -> dict[str, Any]:
    return {"properties": properties, "geometry": {"type": kind, "coordinates": coordinates}}


def read(*features: object) -> list[Shapes]:
    return list(read_features({"features": list(features)}, Limits()))


@pytest.mark.parametrize(
    ("shape", "shapes"),
    [
        (feature("Polygon", [SQUARE], areaId=7), Shapes("7", (RING,), (), 0)),
        (feature("Polygon", [SQUARE]), Shapes("", (RING,), (), 0)),
        (feature("Polygon", [SQUARE, SQUARE]), Shapes("", (RING,), (RING,), 0)),
        (feature("Polygon", [SQUARE, [[6]]]), Shapes("", (RING,), (), 0)),
        (feature("Polygon", [[[6]], SQUARE]), Shapes("", (), (), 1)),
        (feature("Polygon", [SQUARE[:-1]]), Shapes("", (RING,), (), 0)),
        (feature("Polygon", [[[*position, 250.0] for position in SQUARE]]), Shapes("", (RING,), (), 0)),
        (feature("MultiPolygon", [[SQUARE], [SQUARE], "x", []]), Shapes("", (RING, RING), (), 2)),
        (feature("MultiPolygon", []), Shapes("", (), (), 0)),
        (feature("LineString", SQUARE), Shapes("", (), (), 1)),
        (feature("Polygon", [[[6.0, 91.0], *SQUARE[1:]]]), Shapes("", (), (), 1)),
        (feature("Polygon", [[[True, 50.0], *SQUARE[1:]]]), Shapes("", (), (), 1)),
        (feature("Polygon", [[[1e300, 50.0], *SQUARE[1:]]]), Shapes("", (), (), 1)),
        (feature("Polygon", None), Shapes("", (), (), 1)),
        (None, Shapes("", (), (), 1)),
        ({"geometry": {}, "properties": []}, Shapes("", (), (), 1)),
    ],
)
def test_one_feature(shape: object, shapes: Shapes) -> None:
    assert read(shape) == [shapes]


def test_a_long_number_of_an_area_is_cut() -> None:
    (shapes,) = read(feature("Polygon", [SQUARE], areaId="9" * 99))
    assert shapes.area_id == "9" * 60


@pytest.mark.parametrize("collection", [None, [], {}, {"features": {}}])
def test_what_is_no_collection_is_refused(collection: object) -> None:
    with pytest.raises(NotJson):
        list(read_features(collection, Limits()))


def test_vertices_are_bounded_over_all_features() -> None:
    collection = {"features": [feature("Polygon", [SQUARE, SQUARE]), feature("Polygon", [SQUARE])]}
    assert len(list(read_features(collection, Limits(max_vertices=12)))) == 2
    with pytest.raises(LimitExceeded):
        list(read_features(collection, Limits(max_vertices=11)))
