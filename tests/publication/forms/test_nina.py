"""The documents of warnung.bund.de's clients: each rule was found by running them."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from cap.formats.nina import parse_nina
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.feeds.formats.nina import Nina
from dispatcher.publication.forms.nina import dashboard, detail, geometry, labels, map_data, nothing
from dispatcher.publication.in_force import PublicInForce, PublicWarning
from dispatcher.publication.places import NOWHERE, PublicPlaces
from tests.support.messages import DUEREN, HOUR, JUELICH, NOW, InfoPart, Message
from tests.support.publication import found, warned

URL = "https://warn.example/api31/dashboard/053580000000.json"
SQUARE = "<polygon>50.8,6.4 50.8,6.5 50.9,6.5 50.8,6.4</polygon>"
SHAPED = Message(infos=(InfoPart(shapes=SQUARE),))


@pytest.fixture(scope="module")
def places(boundaries: Boundaries) -> PublicPlaces:
    return PublicPlaces(boundaries)


def listed(places: PublicPlaces, state: PublicInForce, ars: str = "053580000000") -> Any:
    place = places.region(ars)
    assert place
    return json.loads(dashboard(state, place))


def shown(warning: PublicWarning, state: PublicInForce | None = None) -> Any:
    return json.loads(detail(state or found(warning), warning))


def test_an_entry_has_what_clients_cannot_do_without(places: PublicPlaces) -> None:
    (entry,) = listed(places, found(warned("A")))
    payload, data = entry["payload"], entry["payload"]["data"]
    assert (entry["id"], payload["id"], payload["version"]) == ("A", "A", 1)
    assert type(payload["version"]) is int
    assert data["severity"] == "Severe"
    assert data["headline"] == entry["i18nTitle"]["de"] == "Hochwasser an der Rur (Düren)"
    assert (payload["type"], data["msgType"], data["transKeys"]) == (
        "ALERT",
        "Alert",
        {"event": "Hochwasser"},
    )
    for name in ("sent", "onset", "expires"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", entry[name]), name
        assert datetime.fromisoformat(entry[name]).tzinfo
    assert "null" not in json.dumps(entry)
    assert "effective" not in entry, "pynina would take it before onset"


def test_only_what_is_in_force_is_listed_the_gravest_first(places: PublicPlaces) -> None:
    state = found(
        warned("A", severity="Minor"),
        warned("B", severity="Extreme"),
        warned("C", stopped_by="B", stopped_at=NOW),
        warned("D", expires=NOW),
        warned("E", "05334002"),
    )
    assert [entry["id"] for entry in listed(places, state)] == ["B", "A"]
    assert [entry["id"] for entry in json.loads(map_data(state, places.everywhere()))] == ["B", "E", "A"]


def test_regions_are_districts_and_municipalities_and_beyond_the_data_is_an_empty_list(
    places: PublicPlaces,
) -> None:
    state = found(warned("A", DUEREN, JUELICH))
    regions = ("053580000000", "053580008008", "053580024024", "053580016016", "091620000000")
    assert [len(listed(places, state, ars)) for ars in regions] == [1, 1, 1, 0, 0]
    assert json.loads(dashboard(state, NOWHERE)) == json.loads(nothing(state, NOWHERE)) == []


def test_a_headline_has_its_place_once(places: PublicPlaces) -> None:
    def headline(text: str, *areas: str) -> str:
        message = Message(infos=(InfoPart(headline=text, areas=areas or (DUEREN,)),))
        (entry,) = listed(places, found(warned("A", *areas, message=message)))
        return str(entry["payload"]["data"]["headline"])

    assert headline("Hochwasser in DÜREN") == "Hochwasser in DÜREN"
    assert headline("Hochwasser") == "Hochwasser (Düren)"
    assert headline("Hochwasser", DUEREN, JUELICH) == "Hochwasser (Düren, Jülich)"


def test_of_two_with_equal_headlines_and_ends_the_second_is_numbered(places: PublicPlaces) -> None:
    """Home Assistant drops it otherwise, whatever it is of."""
    twins = [warned(alert_id) for alert_id in "ABC"]
    later = warned("D", message=Message(infos=(InfoPart(lifetime=3 * HOUR),)), expires=NOW + 3 * HOUR)
    state = found(*twins, later)
    headline = "Hochwasser an der Rur (Düren)"
    expected = [headline, f"{headline} (2)", f"{headline} (3)", headline]
    for entries in (listed(places, state), json.loads(map_data(state, places.everywhere()))):
        assert [entry["i18nTitle"]["de"] for entry in entries] == expected
    assert [entry["payload"]["data"]["headline"] for entry in listed(places, state)] == expected
    pairs = {(entry["i18nTitle"]["de"], entry["expires"]) for entry in listed(places, state)}
    assert len(pairs) == 4


def test_an_onset_ahead_is_the_start_else_it_is_when_it_was_sent(places: PublicPlaces) -> None:
    (entry,) = listed(places, found(warned("A")))
    assert entry["onset"] == entry["sent"]


def test_the_first_info_is_the_one_that_speaks_german() -> None:
    infos = (
        InfoPart(language="en", headline="Flood"),
        InfoPart(severity="Minor"),
        InfoPart(severity="Extreme"),
    )
    document = shown(warned("A", message=Message(infos=infos)))
    assert [(info["language"], info["severity"]) for info in document["info"]] == [
        ("de-DE", "Extreme"),
        ("en", "Severe"),
        ("de-DE", "Minor"),
    ]


def test_no_info_lacks_what_clients_read_without_looking() -> None:
    bare = InfoPart(areas=(), instruction="", lifetime=None)
    for message in (Message(), Message(infos=()), Message(infos=(bare,))):
        document = shown(warned("A", message=message))
        assert document["info"]
        for info in document["info"]:
            assert {"senderName", "headline", "description", "instruction", "expires", "area"} <= set(info)
            assert {"language", "category"} <= set(info), "the parser of FPAS does not look either"
            assert all(info[name] for name in ("senderName", "headline", "description", "instruction"))
            assert all("areaDesc" in area for area in info["area"])
        assert "null" not in json.dumps(document)


def test_a_warning_that_is_over_is_still_answered_with_its_texts() -> None:
    over = warned("A", stopped_by="B", stopped_at=NOW + HOUR)
    state = found(over, now=NOW + 2 * HOUR)
    assert shown(over, state)["info"][0]["headline"] == "Hochwasser an der Rur"
    ran_out = warned("A", message=Message(infos=(InfoPart(lifetime=HOUR),)))
    assert shown(ran_out, found(ran_out, now=NOW + 2 * HOUR))["info"]


def test_labels_are_never_empty(places: PublicPlaces) -> None:
    found_labels = json.loads(labels(found(), places.everywhere()))
    assert found_labels
    assert all(isinstance(text, str) for text in found_labels.values())


def test_our_own_feed_reads_it_back(places: PublicPlaces) -> None:
    warning = warned("A", message=SHAPED)
    state = found(warning)
    region = places.region("053580000000")
    assert region
    (entry,) = Nina().listing(dashboard(state, region), URL).entries
    assert entry.links == (
        "https://warn.example/api31/warnings/A.json",
        "https://warn.example/api31/warnings/A.geojson",
    )
    (incoming,) = Nina().read(entry, (detail(state, warning), geometry(state, warning)))
    read, written = incoming.alert, warning.message
    assert (read.sender, read.identifier, read.sent) == (written.sender, written.identifier, written.sent)
    assert [area.polygons for area in read.areas()] == [area.polygons for area in written.areas()] != [()]
    assert [info.expires for info in read.infos] == [info.expires for info in written.infos]
    (on_map,) = (
        Nina()
        .listing(map_data(state, places.everywhere()), "https://warn.example/api31/mowas/mapData.json")
        .entries
    )
    assert on_map.links == entry.links


def test_shapes_stay_with_their_areas_although_the_german_info_comes_first(places: PublicPlaces) -> None:
    english, german = SQUARE.replace("50.9", "51.9"), SQUARE
    message = Message(infos=(InfoPart(language="en", shapes=english), InfoPart(shapes=german)))
    warning = warned("A", message=message)
    state = found(warning)
    (read,) = parse_nina(detail(state, warning), geometry(state, warning)).alerts
    assert [info.language for info in read.infos] == ["de-DE", "en"]
    by_language = {info.language: [area.polygons for area in info.areas] for info in read.infos}
    assert by_language == {
        info.language: [area.polygons for area in info.areas] for info in warning.message.infos
    }


def test_what_a_list_says_stands_in_for_a_message_that_is_missing(places: PublicPlaces) -> None:
    state = found(warned("A"), now=NOW + timedelta(minutes=1))
    region = places.region("053580000000")
    assert region
    (entry,) = Nina().listing(dashboard(state, region), URL).entries
    assert entry.summary
    assert entry.summary.sent == NOW
    assert entry.expires == NOW + 6 * HOUR
