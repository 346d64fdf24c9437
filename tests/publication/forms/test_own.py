"""Our own JSON."""

import json
from typing import Any

import pytest

from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.publication.coverage import Coverage, SilentFeed, UncertainFeed
from dispatcher.publication.forms.own import detail, listed
from dispatcher.publication.in_force import PublicInForce
from dispatcher.publication.places import PublicPlaces
from tests.support.messages import DUEREN, HOUR, JUELICH, NOW, InfoPart, Message
from tests.support.publication import found, warned

AACHEN = "05334002"


@pytest.fixture(scope="module")
def places(boundaries: Boundaries) -> PublicPlaces:
    return PublicPlaces(boundaries)


def at(places: PublicPlaces, state: PublicInForce, key: str, language: str = "de") -> Any:
    place = (places.municipality(key) or places.district(key)) if key else places.everywhere()
    assert place
    return json.loads(listed(state, place, language))


def test_nothing_in_force_is_an_empty_list_where_somebody_would_warn(places: PublicPlaces) -> None:
    assert at(places, found(), DUEREN) == {
        "place": {"kind": "municipality", "key": DUEREN, "ars": "053580008008", "name": "Düren"},
        "as_of": "2026-11-22T12:00:00.000+00:00",
        "current": True,
        "stale_feeds": [],
        "unread_feeds": [],
        "covered": True,
        "alerts": [],
    }


def test_where_nobody_would_warn_it_is_not_known(places: PublicPlaces) -> None:
    elsewhere = at(places, found(), AACHEN)
    assert (elsewhere["covered"], elsewhere["alerts"]) == (False, None)
    # What is known is said all the same, and that it may not be all.
    known = at(places, found(warned("A", DUEREN, AACHEN)), AACHEN)
    assert (known["covered"], [one["alert"] for one in known["alerts"]]) == (False, ["A"])


def test_it_says_that_it_is_old_and_which_feeds_are_stale(places: PublicPlaces) -> None:
    state = found(coverage=Coverage(("",), (SilentFeed("dwd", NOW - HOUR),)), current=False)
    answer = at(places, state, DUEREN)
    assert not answer["current"]
    assert answer["stale_feeds"] == [{"name": "dwd", "since": "2026-11-22T11:00:00.000+00:00"}]


def test_what_nobody_has_read_is_said_where_it_may_be_about_and_nothing_of_what_it_says(
    places: PublicPlaces,
) -> None:
    unread = (UncertainFeed("aachen", NOW - HOUR, ("05334",)), UncertainFeed("dwd", NOW, (DUEREN,)))
    state = found(warned("A", JUELICH), coverage=Coverage(("",), (), unread))
    aachen = {"name": "aachen", "since": "2026-11-22T11:00:00.000+00:00"}
    assert at(places, state, AACHEN)["unread_feeds"] == [aachen]
    assert at(places, state, JUELICH)["unread_feeds"] == []
    for key, names in ((DUEREN, ["dwd"]), ("05358", ["dwd"]), ("", ["aachen", "dwd"])):
        assert [one["name"] for one in at(places, state, key)["unread_feeds"]] == names
    shown = json.loads(detail(state, state.warnings[0]))
    assert [one["name"] for one in shown["unread_feeds"]] == ["aachen", "dwd"]


def test_a_notice_is_what_apps_get_with_the_addresses_that_take_no_key(places: PublicPlaces) -> None:
    state = found(warned("A", DUEREN, JUELICH))
    (notice,) = at(places, state, DUEREN)["alerts"]
    told = state.told(state.warnings[0], "de")
    assert told is not None
    own = {"cap", "cap_sender", "cap_signed", "details", "identifier", "municipalities"}
    assert {name: value for name, value in notice.items() if name not in own} == {
        name: value for name, value in told.notice.items() if name != "cap"
    }
    assert notice["cap"] == "/v1/public/alerts/A/cap"
    assert notice["cap_signed"] == "/v1/public/alerts/A/cap/signed"
    assert notice["details"] == "/v1/public/alerts/A"
    assert notice["municipalities"] == [{"ags": DUEREN, "name": "Düren"}]
    (in_district,) = at(places, state, "05358")["alerts"]
    assert [one["ags"] for one in in_district["municipalities"]] == [DUEREN, JUELICH]
    (anywhere,) = at(places, state, "")["alerts"]
    assert "municipalities" not in anywhere
    assert not any("/v1/instance" in str(value) for value in notice.values())


def test_the_language_asked_for_speaks(places: PublicPlaces) -> None:
    both = Message(infos=(InfoPart(), InfoPart(language="en", headline="Flood on the Rur")))
    state = found(warned("A", message=both))
    (german,), (english,) = (at(places, state, DUEREN, language)["alerts"] for language in ("de", "en"))
    assert (german["headline"], english["headline"]) == ("Hochwasser an der Rur", "Flood on the Rur")
    assert (german["title"], english["title"]) == ("WARNUNG", "WARNING")


def test_a_warning_of_which_every_info_has_run_out_is_not_listed(places: PublicPlaces) -> None:
    short = warned("A", message=Message(infos=(InfoPart(lifetime=HOUR),)))
    assert at(places, found(short, now=NOW + 2 * HOUR), DUEREN)["alerts"] == []


def test_a_warning_is_shown_in_all_its_languages_german_first() -> None:
    tags = ("en", "uk", "de-DE")
    message = Message(infos=tuple(InfoPart(language=tag, headline=tag) for tag in tags))
    state = found(warned("A", DUEREN, JUELICH, message=message))
    shown = json.loads(detail(state, state.warnings[0]))
    assert [(one["lang"], one["headline"]) for one in shown["notices"]] == [
        ("de-DE", "de-DE"),
        ("en", "en"),
        ("uk", "uk"),
    ]
    assert [one["ags"] for one in shown["municipalities"]] == [DUEREN, JUELICH]
    assert (shown["in_force"], shown["ended_at"], shown["superseded_by"]) == (True, None, None)


def test_a_warning_that_is_over_is_shown_as_it_was_told_last_and_says_so() -> None:
    stopped = warned("A", received_at=NOW, stopped_by="B", stopped_at=NOW + HOUR)
    state = found(stopped, now=NOW + 2 * HOUR)
    shown = json.loads(detail(state, stopped))
    assert (shown["in_force"], shown["superseded_by"]) == (False, "B")
    assert shown["ended_at"] == "2026-11-22T13:00:00.000+00:00"
    assert [one["headline"] for one in shown["notices"]] == ["Hochwasser an der Rur"]
    expired = warned("C", expires=NOW + HOUR)
    shown = json.loads(detail(found(expired, now=NOW + 2 * HOUR), expired))
    assert (shown["in_force"], shown["ended_at"]) == (False, "2026-11-22T13:00:00.000+00:00")
    assert shown["notices"]


def test_nothing_of_how_it_was_sent_is_said() -> None:
    warning = warned("A", audience=4711)
    shown = detail(found(warning), warning).decode()
    assert "4711" not in shown
    assert not {"audience", "lane", "state", "planned_at", "reason"} & set(json.loads(shown))
