"""Warnings as NINA's JSON and GeoJSON, and read back from there."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import cap
from cap.formats.nina import AREA_ID, parse_nina
from cap.formats.nina_rendering import render_nina

SQUARE = cap.Polygon(((50.8, 6.4), (50.8, 6.5), (50.9, 6.5), (50.8, 6.4)))
OTHER = cap.Polygon(((51.8, 6.4), (51.8, 6.5), (51.9, 6.5), (51.8, 6.4)))
HOLE = cap.Polygon(((50.81, 6.45), (50.81, 6.46), (50.82, 6.46), (50.81, 6.45)))
TINY = cap.Polygon(((1e-7, 6.4), (50.8, 6.5), (50.9, 6.5), (1e-7, 6.4)))


def message(*areas: cap.Area, **changes: Any) -> cap.Alert:
    sent = cap.parse(XML).alerts[0].sent
    info = cap.Info(language="de-DE", categories=(cap.Category.MET,), event="Hochwasser", areas=areas)
    alert = cap.Alert(
        "a@b.example", "nr-1", sent, cap.Status.ACTUAL, cap.MsgType.ALERT, cap.Scope.PUBLIC, infos=(info,)
    )
    return replace(alert, **changes)


XML = b"""<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>x</identifier><sender>y</sender>
<sent>2026-11-28T03:00:00+01:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope></alert>"""


def read_back(alert: cap.Alert) -> cap.Alert:
    documents = render_nina(alert)
    detail, geometry = (json.dumps(one).encode() for one in documents)
    (found,) = parse_nina(detail, geometry).alerts
    return found


def comparable(alert: cap.Alert, circles_as: cap.Alert | None = None) -> cap.Alert:
    """The alert without the names of shapes. `circles_as` is what was read back, in which circles are polygons."""

    def area(one: cap.Area, other: cap.Area) -> cap.Area:
        around = other.polygons[len(one.polygons) :] if one.circles else ()
        assert len(around) == len(one.circles)
        codes = tuple(code for code in one.geocodes if code.name != AREA_ID)
        return replace(one, geocodes=codes, polygons=(*one.polygons, *around), circles=())

    infos = []
    for info, other in zip(alert.infos, (circles_as or alert).infos, strict=True):
        infos.append(replace(info, areas=tuple(map(area, info.areas, other.areas))))
    return replace(alert, infos=tuple(infos))


@pytest.mark.parametrize(
    "areas",
    [
        (),
        (cap.Area("Düren"),),
        (cap.Area("Düren", polygons=(SQUARE,)), cap.Area("ohne Form")),
        (
            cap.Area("a", polygons=(SQUARE, OTHER)),
            cap.Area("b", polygons=(OTHER,)),
            cap.Area("a", polygons=(SQUARE, OTHER)),
        ),
        (cap.Area("a", polygons=(SQUARE,), excluded=(HOLE,)),),
        (cap.Area("a", polygons=(SQUARE, OTHER), excluded=(HOLE,), unreadable=2),),
        (cap.Area("a", geocodes=(cap.NamedValue("AGS", "05358008"),), altitude_ft=100.5, ceiling_ft=900.0),),
        (cap.Area("a", excluded=(TINY,), altitude_ft=1e-9),),  # CAP knows no exponents
    ],
)
def test_areas_come_back_as_they_were(areas: tuple[cap.Area, ...]) -> None:
    alert = message(*areas)
    assert comparable(read_back(alert)) == alert


def test_a_circle_comes_back_as_a_polygon_around_it() -> None:
    alert = message(cap.Area("a", circles=(cap.Circle(50.8, 6.5, 3.0), cap.Circle(90.0, 0.0, 1.0))))
    (area,) = read_back(alert).areas()
    assert (len(area.polygons), area.circles, area.unreadable) == (2, (), 0)
    for lat, lon in area.polygons[0].lat_lon:
        north, east = (lat - 50.8) * 111.195, (lon - 6.5) * 111.195 * math.cos(math.radians(50.8))
        assert 3.0 <= math.hypot(north, east) < 3.05
    assert all(abs(lat) <= 90 and abs(lon) <= 180 for lat, lon in area.polygons[1].lat_lon)


def test_what_is_not_there_is_left_out_and_nothing_is_null() -> None:
    detail, geometry = render_nina(message(cap.Area("a", polygons=(SQUARE,))), "address")
    assert "null" not in json.dumps(detail)
    assert set(detail) == {"identifier", "sender", "sent", "status", "msgType", "scope", "info"}
    assert set(detail["info"][0]) == {
        "language",
        "category",
        "event",
        "urgency",
        "severity",
        "certainty",
        "area",
    }
    assert detail["sent"] == "2026-11-28T03:00:00+01:00"
    (feature,) = geometry["features"]
    assert feature["properties"] == {"warnId": "nr-1", "areaId": "0", "id": "address"}
    assert feature["geometry"]["coordinates"][0][0][0] == [6.4, 50.8], "longitude first"


def test_all_members_come_back() -> None:
    alert = message(
        note="Übung <nicht>",
        source="Leitstelle",
        codes=("DVN:1", "x"),
        references=(cap.Reference("a@b.example", "nr-0", message().sent),),
        incidents=("eins", "zwei drei"),
    )
    resource = cap.Resource("Bild", "image/png", size=4711, uri="https://x.example/a.png", digest="0f")
    info = replace(
        alert.infos[0],
        response_types=(cap.ResponseType.SHELTER,),
        event_codes=(cap.NamedValue("profile:x", "1"),),
        parameters=(cap.NamedValue("p", "q"), cap.NamedValue("p", "r")),
        resources=(resource,),
        effective=alert.sent,
        onset=alert.sent,
        expires=alert.sent,
        sender_name="Leitstelle",
        headline="Titel",
        description="Zeile eins\nZeile zwei",
        instruction="Tun & lassen",
        web="https://x.example/",
        contact="hier",
        audience="alle",
    )
    alert = replace(alert, infos=(info, replace(info, language="en")))
    assert comparable(read_back(alert)) == alert


def test_real_messages_come_back_with_their_geometry_and_instants(corpus: Path) -> None:
    count = 0
    for path in sorted(corpus.rglob("*")):
        if path.suffix not in {".atom", ".cap", ".edxlde", ".xml"} or path.stat().st_size > 300_000:
            continue
        try:
            alerts = cap.parse(path.read_bytes()).alerts
        except cap.CapError:
            continue
        for alert in alerts[:3]:
            if alert.identifier:
                count += 1
                found = read_back(alert)
                assert comparable(found) == comparable(alert, circles_as=found), path
    assert count >= 20
