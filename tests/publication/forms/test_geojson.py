"""GeoJSON, for maps."""

import json
from typing import Any

import pytest

from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.publication.forms.geojson import collection
from dispatcher.publication.in_force import PublicInForce
from dispatcher.publication.places import PublicPlaces
from tests.support.messages import DUEREN, JUELICH, InfoPart, Message
from tests.support.publication import found, warned

SQUARE = "<polygon>50.8,6.4 50.8,6.5 50.9,6.5 50.8,6.4</polygon>"


@pytest.fixture(scope="module")
def places(boundaries: Boundaries) -> PublicPlaces:
    return PublicPlaces(boundaries)


def shown(places: PublicPlaces, state: PublicInForce) -> Any:
    place = places.municipality(DUEREN)
    assert place
    return json.loads(collection(state, place))


def test_a_warning_is_a_feature_with_what_is_drawn(places: PublicPlaces) -> None:
    document = shown(places, found(warned("A", message=Message(infos=(InfoPart(areas=(), shapes=SQUARE),)))))
    assert (document["type"], document["current"], document["covered"]) == ("FeatureCollection", True, True)
    (feature,) = document["features"]
    assert (feature["type"], feature["id"]) == ("Feature", "A")
    assert feature["geometry"]["type"] == "MultiPolygon"
    assert feature["geometry"]["coordinates"][0][0][0] == [6.4, 50.8], "longitude first"
    assert feature["properties"]["headline"] == "Hochwasser an der Rur"
    assert feature["properties"]["details"] == "/v1/public/alerts/A"


def test_what_only_codes_name_has_no_geometry_and_its_municipalities(places: PublicPlaces) -> None:
    (feature,) = shown(places, found(warned("A", DUEREN, JUELICH)))["features"]
    assert feature["geometry"] is None
    assert feature["properties"]["municipalities"] == [DUEREN, JUELICH]
    assert shown(places, found())["features"] == []
