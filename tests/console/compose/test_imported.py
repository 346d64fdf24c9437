"""An area out of GeoJSON or CAP."""

import json
from typing import Any

import pytest

from cap import Area
from dispatcher.console.compose.draft import read_draft
from dispatcher.console.compose.imported import IMPORT_BYTES, NotImported, imported_areas, with_texts
from tests.support.messages import DUEREN, InfoPart, Message

RING = [[6.4, 50.8], [6.5, 50.8], [6.5, 50.9], [6.4, 50.8]]
HOLE = [[6.45, 50.81], [6.46, 50.81], [6.46, 50.82], [6.45, 50.81]]
POLYGON: dict[str, Any] = {"type": "Polygon", "coordinates": [RING, HOLE]}
FEATURE = {"type": "Feature", "properties": None, "geometry": POLYGON}


@pytest.mark.parametrize(
    "document",
    [
        POLYGON,
        FEATURE,
        {"type": "FeatureCollection", "features": [FEATURE]},
        {"type": "MultiPolygon", "coordinates": [[RING, HOLE]]},
    ],
)
def test_every_form_of_geojson_becomes_one_area_with_its_holes(document: Any) -> None:
    (area,) = imported_areas(f"\ufeff {json.dumps(document)}", "Wolke")
    assert area.area_desc == "Wolke"
    assert [ring.lat_lon[0] for ring in area.polygons] == [(50.8, 6.4)]
    assert [ring.lat_lon[0] for ring in area.excluded] == [(50.81, 6.45)]


def test_a_message_gives_its_areas_once_for_all_languages() -> None:
    message = Message()
    twice = Message(infos=(message.infos[0], message.infos[0]))
    (area,) = imported_areas(twice.xml().decode(), "")
    assert area.geocodes[0].value == DUEREN
    assert isinstance(area, Area)


def test_texts_are_taken_in_each_language_where_nothing_is_written() -> None:
    message = Message(
        infos=(
            InfoPart(headline="Keller\u202e räumen", instruction="Nach oben."),
            InfoPart(language="en-GB", headline="Clear cellars"),
            InfoPart(language="pl", headline="Opuścić piwnice"),
        )
    )
    fields = {"imported": message.xml().decode(), "headline-de": "Selbst geschrieben", "event-de": " "}
    assert with_texts(fields) == fields, "nobody wanted them"
    found = with_texts(fields | {"take_texts": "on"})
    assert "take_texts" not in found, "what is taken away then stays away"
    texts = read_draft(found).texts
    assert set(texts) == {"de", "en", "pl"}
    assert (texts["de"].headline, texts["de"].event) == ("Selbst geschrieben", "Hochwasser")
    assert texts["de"].instruction == "Nach oben."
    assert (texts["en"].headline, texts["en"].description) == ("Clear cellars", "")
    assert (
        "\u202e"
        not in read_draft(with_texts({**fields, "headline-de": "", "take_texts": "on"})).texts["de"].headline
    )


@pytest.mark.parametrize("text", ["", "{}", "x", "<alert>", f"<a>{'x' * IMPORT_BYTES}</a>"])
def test_what_is_no_message_has_no_texts(text: str) -> None:
    assert with_texts({"imported": text, "take_texts": "on"}) == {"imported": text}


def test_a_blank_text_is_no_area() -> None:
    assert imported_areas(" \n", "") == ()


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "{",
        "{}",
        "[]",
        '{"type": "Point", "coordinates": [6.4, 50.8]}',
        '{"type": "FeatureCollection", "features": []}',
        '{"features": "x"}',
        json.dumps(POLYGON | {"coordinates": [[[6.4, 50.8], [1e999, 2]]]}),
        "{" * 100_000,
        "[" * 100_000,
        '{"a":' * 50_000,
        "<alert/>",
        "<alert",
        "<!DOCTYPE x><alert/>",
        " " + "x" * (IMPORT_BYTES + 1),
        json.dumps(POLYGON | {"coordinates": [[[6.4, 50.8]] * 20_000]})[:IMPORT_BYTES],
        Message(infos=()).xml().decode(),
    ],
)
def test_what_has_no_area_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(NotImported) as refused:
        imported_areas(text, "x")
    assert refused.value.said.de
    assert refused.value.said.en
