"""What is in force, as one value."""

from datetime import timedelta
from typing import Any

import pytest

from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.publication.coverage import Coverage
from dispatcher.publication.in_force import LANGUAGES, Telling, changes_at, in_force
from dispatcher.publication.messages import KeptMessages
from dispatcher.publication.places import PublicPlace, PublicPlaces
from tests.support.messages import DUEREN, HOUR, JUELICH, NOW, InfoPart, Message, stored
from tests.support.publication import OWN_COVERAGE, found, warned, warning_of


@pytest.fixture(scope="module")
def places(boundaries: Boundaries) -> PublicPlaces:
    return PublicPlaces(boundaries)


def place(places: PublicPlaces, key: str) -> PublicPlace:
    named = places.municipality(key) or places.district(key)
    assert named is not None
    return named


def ids(warnings: Any) -> str:
    return "".join(one.stored.id for one in warnings)


def test_the_gravest_comes_first_then_what_was_sent_last() -> None:
    sent = NOW - HOUR
    warnings = (
        warned("A", severity="Minor"),
        warned("B", severity="Severe", sent=sent),
        warned("C", severity="Severe"),
        warned("D", severity="Extreme", sent=sent),
        warned("E", severity="Kaputt"),
    )
    assert ids(found(*warnings).warnings) == "DCBAE"


def test_a_place_has_what_concerns_any_of_its_municipalities_once(places: PublicPlaces) -> None:
    state = found(
        warned("A", DUEREN), warned("B", DUEREN, JUELICH, severity="Extreme"), warned("C", "05334002")
    )
    assert [ids(state.at(place(places, key))) for key in (DUEREN, JUELICH, "05358016", "05358")] == [
        "BA",
        "B",
        "",
        "BA",
    ]
    assert ids(state.at(places.everywhere())) == "BAC"


def test_a_warning_names_those_of_its_municipalities_that_belong_to_the_place(places: PublicPlaces) -> None:
    warning = warned("A", DUEREN, "05334002")
    assert warning.within(place(places, "05358")) == ((DUEREN, "Düren"),)
    assert warning.within(places.everywhere()) == warning.municipalities


def test_what_is_over_is_found_and_not_listed() -> None:
    over = warned("A", stopped_by="B", stopped_at=NOW - HOUR)
    state = found(over, warned("B"), warned("C", expires=NOW))
    assert (ids(state.warnings), ids(state.over)) == ("B", "AC")
    assert state.find("A") is over
    assert state.find("Z") is None


def test_it_covers_where_somebody_would_warn(places: PublicPlaces) -> None:
    state = found()
    assert state.covers(place(places, DUEREN))
    assert not state.covers(place(places, "05334002"))
    assert state.covers(places.everywhere()), "somebody warns by it"
    assert not found(coverage=Coverage()).covers(places.everywhere())


def test_what_is_told_is_kept_until_it_changes_and_no_longer() -> None:
    soon = InfoPart(severity="Extreme", headline="Gewitter", lifetime=HOUR)
    warning = warned("A", message=Message(infos=(soon, InfoPart(headline="Regen"))))
    telling = Telling()

    def told(hours: float) -> Any:
        return telling.now(warning, "de", NOW + hours * HOUR)

    first = told(0)
    assert first.notice["headline"] == "Gewitter"
    assert told(0.5) is first
    assert told(1).notice["headline"] == "Regen"
    assert told(7) is None
    assert told(6) is None, "an end is remembered as well"
    assert told(5).notice["headline"] == "Regen", "and what was told before it"
    telling.keep([])
    assert told(0) is not first


def test_what_lists_tell_is_ready_without_any_message_and_one_that_fails_takes_no_other_with_it() -> None:
    messages = KeptMessages(parsed_again=lambda: parsed.append(1))
    parsed: list[int] = []
    place = ((DUEREN, "Düren"),)
    broken, whole = (warning_of(stored(id=one), Message().xml(), place, one, messages) for one in "AB")
    messages.keep([whole.kept])
    object.__setattr__(broken.kept, "_packed", b"no bytes of ours")
    telling = Telling()
    telling.prepare((broken, whole), NOW)
    parsed.clear()
    for language in LANGUAGES:
        assert telling.now(whole, language, NOW)
    messages.keep([])
    assert telling.now(whole, "de", NOW)
    assert not parsed, "it was told when it came"
    assert telling.now(whole, "fr", NOW), "what no list is in is told to each who asks"
    assert parsed == [1]


def test_it_says_when_something_of_it_changes_by_itself() -> None:
    short = warned("A", message=Message(infos=(InfoPart(lifetime=HOUR), InfoPart())))
    assert changes_at(found(short)) == NOW + HOUR
    assert changes_at(found(short, now=NOW + HOUR)) == NOW + 6 * HOUR
    assert changes_at(found()) is None


def test_texts_are_for_now_also_where_the_record_is_away() -> None:
    warning = warned("A", expires=NOW + HOUR)
    state = in_force(
        [warning], OWN_COVERAGE, Telling(), NOW, NOW + HOUR - timedelta(seconds=1), current=False
    )
    assert (ids(state.warnings), state.as_of, state.current) == ("A", NOW, False)
    assert ids(in_force([warning], OWN_COVERAGE, Telling(), NOW, NOW + HOUR, current=False).warnings) == ""
