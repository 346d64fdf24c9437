"""The message that takes a warning back says what was wrong, in every language, and is valid CAP."""

from datetime import timedelta

import pytest

import cap
from cap import follow_up
from dispatcher.intake.correction.message import HEADLINE_CHARACTERS, correction
from dispatcher.intake.correction.prepared import PREPARED, Falsehood
from dispatcher.texts.words.catalogues import CATALOGUES
from tests.support.messages import DUEREN, JUELICH, NOW, InfoPart, Message, message


def taken_back(one: Message, *more: Message, what: Falsehood = Falsehood.FALSE_ALARM) -> cap.Alert:
    parts = [cap.parse(part.xml()).alerts[0] for part in (one, *more)]
    head = follow_up.Header(
        "korrektur-1", NOW + timedelta(minutes=5), tuple(map(follow_up.own_reference, parts))
    )
    return correction(parts, head, what)


def test_every_language_of_notices_has_prepared_words() -> None:
    assert set(CATALOGUES) <= set(PREPARED)
    for words in PREPARED.values():
        assert set(words) == set(Falsehood)
        for one in words.values():
            assert "{warning}" in one.headline
            assert "{warning}" in one.description
            assert "{" not in one.instruction


def test_no_words_say_that_there_is_no_danger_at_all_or_nothing_to_do_at_all() -> None:
    """Another warning may be in force where they are read."""
    whole = ("keine Gefahr", "no danger", "Tehlike yok.", "Небезпеки немає", "لا يوجد خطر")
    this = {"de": "dieser", "en": "this", "tr": "Bu", "uk": "це", "ar": "هذا"}
    for language, words in PREPARED.items():
        for what, one in words.items():
            assert not [text for text in whole if text in one.description]
            if what is not Falsehood.WRONG_AREA:
                assert this[language.partition("-")[0]] in one.instruction.split()


@pytest.mark.parametrize("what", Falsehood)
def test_it_is_a_valid_cancel_that_names_the_warning_first_in_its_own_language(what: Falsehood) -> None:
    made = taken_back(message(severity="Extreme"), what=what)
    assert made.msg_type is cap.MsgType.CANCEL
    assert cap.is_valid(cap.check(made, cap.STRICT))
    assert made.infos[0].language == "de-DE"
    assert {info.language for info in made.infos} == {"de-DE", *PREPARED} - {"de"}
    for info in made.infos:
        assert "Hochwasser an der Rur" in (info.headline or "")
        assert "Hochwasser an der Rur" in (info.description or "")
        assert (info.severity, info.urgency) == (cap.Severity.EXTREME, cap.Urgency.PAST)


def test_each_language_names_the_warning_as_it_was_read_in_it() -> None:
    english = InfoPart(language="en", headline="Flood on the Rur")
    made = taken_back(message(infos=(InfoPart(), english)))
    said = {info.language: info.headline for info in made.infos}
    assert said["de-DE"] == "Fehlalarm: Hochwasser an der Rur"
    assert said["en"] == "False alarm: Flood on the Rur"
    assert said["de-simple"] == "Das war ein falscher Alarm: Hochwasser an der Rur"
    french = taken_back(message(language="fr", headline="Crue de la Roer")).infos[0]
    assert (french.language, french.headline) == ("fr", "Fehlalarm: Crue de la Roer"), "better than nothing"


def test_what_holds_in_several_parts_is_taken_back_in_all_of_them() -> None:
    made = taken_back(message(DUEREN), message(JUELICH, identifier="hochwasser-2"))
    assert [reference.identifier for reference in made.references] == ["hochwasser-1", "hochwasser-2"]
    assert {code.value for area in made.areas() for code in area.geocodes} == {DUEREN, JUELICH}


def test_a_long_headline_is_cut() -> None:
    headline = taken_back(message(headline="Hochwasser " * 20)).infos[0].headline or ""
    assert len(headline) == HEADLINE_CHARACTERS
    assert headline.startswith("Fehlalarm: ")
    assert headline.endswith("…")
