"""What an Update changes, as values."""

from dataclasses import replace
from datetime import timedelta

import cap
from dispatcher.console.differences import READ, ComparedMessage, changes
from dispatcher.console.words import WORDS
from dispatcher.model.alerts import AffectedMunicipality
from tests.support.messages import DUEREN, HOUR, JUELICH, NOW, message

PLACES = [
    AffectedMunicipality(DUEREN, "Düren", "geocode", 1.0),
    AffectedMunicipality(JUELICH, "Jülich", "both", 0.5),
]


def version(*places: AffectedMunicipality, **said: str) -> ComparedMessage:
    return ComparedMessage(cap.parse(message(DUEREN, **said).xml()).alerts[0], NOW + HOUR, places)


def test_what_is_the_same_is_no_change() -> None:
    same = version(*PLACES)
    assert changes(same, same).are_none


def test_words_severity_and_time_are_told_apart() -> None:
    before, after = version(headline="Hochwasser"), version(headline="Hochwasser steigt", severity="Extreme")
    found = changes(before, after._replace(expires=NOW + 2 * HOUR))
    assert [tuple(one) for one in found.texts] == [("headline", "Hochwasser", "Hochwasser steigt")]
    assert found.severity == ("severity", "Severe", "Extreme")
    assert found.expires == (NOW + HOUR, NOW + 2 * HOUR)
    assert not found.are_none
    assert set(READ) <= set(WORDS)


def test_an_end_that_reads_the_same_is_no_change() -> None:
    same = version(*PLACES)
    minute = same.expires.replace(second=0)
    found = changes(same._replace(expires=minute + timedelta(seconds=42)), same._replace(expires=minute))
    assert found.are_none


def test_places_are_added_and_left() -> None:
    found = changes(version(PLACES[0]), version(PLACES[1]))
    assert (found.added, found.left) == (["Jülich"], ["Düren"])


def test_a_message_without_a_text_has_none() -> None:
    bare = version()
    found = changes(bare._replace(alert=replace(bare.alert, infos=())), bare)
    assert [one.before for one in found.texts] == ["", "", ""]
