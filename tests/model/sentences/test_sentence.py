"""Every sentence exists in both languages, with the same gaps to fill."""

from datetime import UTC, datetime
from string import Formatter
from zoneinfo import ZoneInfo

import pytest

from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import CATALOGUES, Said, said

BERLIN = ZoneInfo("Europe/Berlin")


def gaps(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


@pytest.mark.parametrize("phrase", Phrase)
def test_a_phrase_has_words_in_both_languages_and_they_want_the_same_values(phrase: Phrase) -> None:
    assert gaps("{a} of {b}") == {"a", "b"}
    texts = {language: catalogue[phrase] for language, catalogue in CATALOGUES.items()}
    assert all(text.strip() for text in texts.values())
    assert gaps(texts["de"]) == gaps(texts["en"])


def test_no_catalogue_has_more() -> None:
    assert all(set(catalogue) == set(Phrase) for catalogue in CATALOGUES.values())


def test_values_stand_in_their_language_and_times_in_the_desks_zone() -> None:
    sentence = said(Phrase.MESSAGE_UNREADABLE, why=Said("kaputt.", "broken."))
    assert sentence == ("Die Meldung ist nicht lesbar: kaputt.", "The message cannot be read: broken.")
    moment = datetime(2026, 11, 28, 5, 25, tzinfo=UTC)
    timed = said(Phrase.INFO_EXPIRES_TOO_LATE, BERLIN, expires=moment, latest=moment)
    assert "28.11.2026 06:25 MEZ" in timed.de
    assert "2026-11-28 06:25 CET" in timed.en
    assert (timed.in_language("de"), timed.in_language("en")) == timed
    with pytest.raises(TypeError):
        said(Phrase.INFO_EXPIRES_TOO_LATE, expires=moment, latest=moment)


def test_what_somebody_else_wrote_fills_a_gap_and_opens_none() -> None:
    assert "{quota}" in said(Phrase.FOREIGN_REFERENCE, senders="{quota}").de
