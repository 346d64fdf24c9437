"""The texts that a second person is shown are those that people get."""

import json

import cap
from dispatcher.intake.four_eyes.texts import HeldTexts
from dispatcher.model.alerts import AffectedMunicipality
from tests.support.approval_world import ZONE
from tests.support.messages import DUEREN, HOUR, NOW, InfoPart, message, stored

PLACES = (AffectedMunicipality(DUEREN, "Düren", "geocode", 1.0),)
INFOS = (InfoPart(), InfoPart(language="uk", headline="Повінь", instruction="Уникайте берега."))


def test_every_language_of_the_message_and_of_our_own_words_has_its_texts() -> None:
    alert = cap.parse(message(infos=INFOS).xml()).alerts[0]
    texts = HeldTexts(ZONE).of(alert, stored(), PLACES, NOW)
    assert {name.partition("/")[2] for name in texts} == {"ar", "de", "de-simple", "de-DE", "en", "tr", "uk"}
    assert {name.partition("/")[0] for name in texts} == {"text", "push", "app"}
    assert str(texts["text/de"]).startswith("WARNUNG: Hochwasser an der Rur\nMeiden Sie das Ufer.")
    assert "Уникайте берега." in str(texts["text/uk"])
    assert json.loads(texts["app/de"])["headline"] == "Hochwasser an der Rur"


def test_they_are_the_same_whenever_they_are_written_for_one_instant() -> None:
    alert = cap.parse(message().xml()).alerts[0]
    held = HeldTexts(ZONE)
    assert held.of(alert, stored(), PLACES, NOW) == held.of(alert, stored(), PLACES, NOW)


def test_of_what_has_run_out_there_is_no_text() -> None:
    alert = cap.parse(message().xml()).alerts[0]
    assert HeldTexts(ZONE).of(alert, stored(), PLACES, NOW + 7 * HOUR) == {}
