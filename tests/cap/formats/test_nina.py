"""Warnings in NINA's JSON and GeoJSON."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

import cap
from cap.formats.nina import parse_nina
from cap.profiles import normalise

SQUARE = [[6.4, 50.8], [6.5, 50.8], [6.5, 50.9], [6.4, 50.8]]  # lon, lat
SQUARE_LAT_LON = ((50.8, 6.4), (50.8, 6.5), (50.9, 6.5), (50.8, 6.4))
HOLE = [[6.45, 50.81], [6.46, 50.81], [6.46, 50.82], [6.45, 50.81]]


def detail(**changes: Any) -> bytes:
    area = {
        "areaDesc": "Düren",
        "geocode": [{"valueName": "AreaId", "value": "0"}],
        **changes.pop("area", {}),
    }
    info = {
        "language": "DE",
        "category": ["Fire"],
        "event": "Gefahrendurchsage",
        "urgency": "Immediate",
        "severity": "Severe",
        "certainty": "Observed",
        "headline": "Probe",
        "description": "a<br/>b",
        "parameter": [{"valueName": "warnVerwaltungsbereiche", "value": "053580008008"}],
        "area": [area],
        **changes.pop("info", {}),
    }
    return json.dumps(
        {
            "identifier": "mow.DE-NW-DN-SE070-20261122-70-000",
            "sender": "DE-NW-DN-SE070",
            "sent": "2026-11-22T10:00:00+01:00",
            "status": "Actual",
            "msgType": "Alert",
            "scope": "Public",
            "code": ["DVN:1"],
            "version": 3,
            "info": [info],
            **changes,
        }
    ).encode()


def shapes(*features: Any) -> bytes:
    return json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": {"areaId": number},
                    "geometry": {"type": kind, "coordinates": rings},
                }
                for number, kind, rings in features
            ],
        }
    ).encode()


def area_of(*arguments: Any) -> Any:
    (alert,) = parse_nina(*arguments).alerts
    return alert.infos[0].areas[0]


def test_the_json_is_the_same_alert_as_xml_would_be() -> None:
    document = parse_nina(detail())
    (alert,) = document.alerts
    assert document.kind == "nina"
    assert alert.identity == cap.Identity(
        "DE-NW-DN-SE070", "mow.DE-NW-DN-SE070-20261122-70-000", datetime(2026, 11, 22, 9, tzinfo=UTC)
    )
    assert alert.infos[0].description == "a\nb"
    assert alert.codes == ("DVN:1",)
    assert cap.is_valid(cap.check(alert))
    assert {finding.line for finding in cap.check(alert)} == {None}
    assert cap.parse(cap.render(alert)).alerts == (alert,)


def test_polygons_are_turned_round_and_filler_dropped() -> None:
    text = "6.4,50.8 6.5,50.8 6.5,50.9 -1.0,-1.0 6.4,50.8"
    assert area_of(detail(area={"polygon": [text]})).polygons == (cap.Polygon(SQUARE_LAT_LON),)


def test_a_pair_that_is_none_makes_the_ring_unreadable() -> None:
    area = area_of(detail(area={"polygon": ["6.4,50.8 6.5 6.5,50.9 6.4,50.8"]}))
    assert (area.polygons, area.unreadable) == ((), 1)


def test_problems_are_the_same_as_in_xml() -> None:
    (alert,) = parse_nina(detail(status="Aktuell", info={"severity": None, "event": True})).alerts
    assert [finding.code for finding in cap.check(alert) if finding.severity == "error"] == [
        "status-unusable",
        "element-missing",
        "text-empty",
    ]


def test_shapes_go_to_the_area_of_their_number() -> None:
    area = area_of(detail(), shapes((0, "Polygon", [SQUARE]), (7, "Polygon", [HOLE])))
    assert area.polygons == (cap.Polygon(SQUARE_LAT_LON),)


def test_an_area_without_a_number_gets_all_shapes() -> None:
    area = area_of(detail(area={"geocode": None}), shapes((0, "Polygon", [SQUARE]), (7, "Polygon", [HOLE])))
    assert len(area.polygons) == 2


def test_a_hole_of_the_only_polygon_is_left_out() -> None:
    area = area_of(detail(), shapes((0, "Polygon", [SQUARE, HOLE])))
    assert len(area.excluded) == 1


def test_a_hole_that_another_polygon_may_fill_is_not_left_out() -> None:
    area = area_of(detail(), shapes((0, "Polygon", [SQUARE, HOLE]), (0, "Polygon", [HOLE])))
    assert (len(area.polygons), area.excluded) == (2, ())


def test_an_unreadable_hole_is_not_left_out() -> None:
    area = area_of(detail(), shapes((0, "Polygon", [SQUARE, [[1]]])))
    assert (len(area.polygons), area.excluded, area.unreadable) == (1, (), 0)


def test_many_polygons_in_one_feature() -> None:
    area = area_of(detail(), shapes((0, "MultiPolygon", [[SQUARE], [HOLE], None])))
    assert (len(area.polygons), area.unreadable) == (2, 1)


@pytest.mark.parametrize(
    ("kind", "rings"),
    [
        ("Polygon", []),
        ("Polygon", None),
        ("Point", [6.4, 50.8]),
        ("Polygon", [[[6.4, "50.8"], [6.5, 50.8], [6.5, 50.9], [6.4, 50.8]]]),
        ("Polygon", [[[6.4, True], [6.5, 50.8], [6.5, 50.9], [6.4, 50.8]]]),
        ("Polygon", [[[6.4, 1e999], [6.5, 50.8], [6.5, 50.9], [6.4, 1e300]]]),
        ("Polygon", [[6.4, 50.8]]),
        ("Polygon", ["abc"]),
        ("Polygon", [[]]),
    ],
)
def test_shapes_that_nobody_can_read_are_counted(kind: str, rings: list[Any] | None) -> None:
    data = shapes((0, kind, rings)).replace(b"Infinity", b"1e300")
    area = area_of(detail(), data)
    assert (area.polygons, area.unreadable) == ((), 1)
    (alert,) = parse_nina(detail(), data).alerts
    assert normalise(alert).infos[0].areas[0].geocodes == (cap.NamedValue("ARS", "053580008008"),)


@pytest.mark.parametrize("feature", [None, {}, {"geometry": None}, {"properties": 1, "geometry": 2}])
def test_features_without_a_shape_are_counted(feature: dict[Any, Any] | None) -> None:
    data = json.dumps({"features": [feature]}).encode()
    assert area_of(detail(area={"geocode": None}), data).unreadable == 1


@pytest.mark.parametrize("data", [b"[]", b"{}", b'{"features": 1}'])
def test_what_is_no_collection_is_refused(data: bytes) -> None:
    with pytest.raises(cap.NotJson):
        parse_nina(detail(), data)


def test_shapes_have_the_limit_of_vertices() -> None:
    with pytest.raises(cap.LimitExceeded):
        parse_nina(detail(), shapes((0, "Polygon", [SQUARE])), cap.Limits(max_vertices=3))


def test_shapes_that_areas_share_are_bounded_over_all_areas() -> None:
    """Areas that name no shape are given all: a million corners in a message of 2 MB."""
    ring = {"type": "Polygon", "coordinates": [SQUARE]}
    features = [{"type": "Feature", "properties": {}, "geometry": ring}] * 5_000
    many = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    few = detail(info={"area": [{"areaDesc": "x"}] * 2})
    assert len(parse_nina(few, many).alerts[0].infos[0].areas[1].polygons) == 5_000
    with pytest.raises(cap.LimitExceeded):
        parse_nina(detail(info={"area": [{"areaDesc": "x"}] * 100}), many)
