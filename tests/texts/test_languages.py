"""Which of a reader's languages a text is in."""

import json
import unicodedata
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import cap
from channels.base import Notice
from channels.sms.fitting import compose
from dispatcher.delivery.render import render
from dispatcher.model.vocabulary import Kind
from dispatcher.texts.choice import preferred
from dispatcher.texts.content import RecordedMessage
from dispatcher.texts.languages import is_right_to_left, lookup, ranges
from dispatcher.texts.times import Present
from dispatcher.texts.words.catalogues import CATALOGUES, catalogue_of, words_for
from dispatcher.texts.words.german import SIMPLE_GERMAN
from tests.support.messages import NOW, Message, stored

TAGS = ("de-DE", "de-simple", "en-GB", "en-US", "uk", "zh-Hant")


@pytest.mark.parametrize(
    ("priority", "found"),
    [
        ("uk,ru,en", {"uk"}),
        ("ru,UK", {"uk"}),
        ("ru,en", {"en-GB", "en-US"}),
        ("en-US,uk", {"en-US"}),
        ("en-AU,uk", {"en-GB", "en-US"}),
        ("de", {"de-DE"}),
        ("de-AT", {"de-DE"}),
        ("de-simple", {"de-simple"}),
        ("de-simple-x-own", {"de-simple"}),
        ("zh-Hant-TW", {"zh-Hant"}),
        ("zh-Hans", {"zh-Hant"}),
        ("tr", set()),
        ("", set()),
        # A tag is not another one's beginning.
        ("d,e", set()),
    ],
)
def test_the_first_language_of_the_list_that_there_is(priority: str, found: set[str]) -> None:
    assert lookup(priority, TAGS) == found


def test_simple_language_is_for_those_who_want_it_where_there_is_another() -> None:
    assert lookup("de", ["de-simple"]) == {"de-simple"}
    assert lookup("de-simple", ["de", "en"]) == {"de"}
    assert ranges(" uk, RU ,,en") == ["uk", "ru", "en"]


def test_each_reader_gets_fixed_words_in_the_first_language_that_has_them() -> None:
    assert [catalogue_of(one) for one in ("uk,ru,en", "tr", "de-simple,en", "de-DE")] == [
        "en",
        "de",
        "de-simple",
        "de",
    ]
    assert words_for("de-simple") is SIMPLE_GERMAN
    assert set(CATALOGUES) == {"de", "de-simple", "en"}


GERMAN = cap.Info(
    language="de-DE",
    event="Hochwasser",
    headline="Hochwasser an der Rur",
    urgency=cap.Urgency.IMMEDIATE,
    severity=cap.Severity.SEVERE,
    instruction="Meiden Sie das Ufer.",
)
ENGLISH = replace(GERMAN, language="en", headline="Flood on the Rur", instruction="Keep away.")
SIMPLE = replace(GERMAN, language="de-simple", headline="Die Rur ist zu hoch", instruction="Gehen Sie weg.")
ARABIC = replace(
    GERMAN,
    language="ar",
    headline="فيضان على نهر الرور",
    instruction="ابتعدوا عن الضفة. اتصلوا بالرقم 112 حتى 14:00.",
)
PERSIAN = replace(
    GERMAN, language="fa-IR", headline="سیل در رود رور", instruction="تا ساعت 14:00 از ساحل دور بمانید."
)


def told(*infos: cap.Info, language: str, kind: Kind = Kind.ALERT, **changes: Any) -> Notice:
    alert = replace(cap.parse(Message().xml()).alerts[0], infos=infos)
    source = RecordedMessage(alert, stored(**changes), ("Düren", "Jülich"))
    found = render(
        source, kind, language, Present(NOW, ZoneInfo("Europe/Berlin")), "https://warnung.example/"
    )
    assert found is not None
    return found.notice


def test_a_message_is_read_in_the_first_language_of_the_list_that_it_has() -> None:
    assert preferred((GERMAN, ENGLISH), "uk,en") is ENGLISH
    assert preferred((GERMAN, ENGLISH), "uk,ru") is GERMAN
    assert preferred((GERMAN, SIMPLE), "de-simple,de") is SIMPLE
    assert preferred((SIMPLE, GERMAN), "de") is GERMAN


def test_what_is_in_none_of_the_readers_languages_is_told_in_german_and_says_so() -> None:
    notice = told(GERMAN, language="uk,ru")
    document = json.loads(notice.payload)
    assert (document["lang"], document["notification"]["lang"], notice.language) == ("de-DE", "de-DE", "de")
    assert notice.text.endswith("\n[de-DE]")
    assert document["notification"]["body"].endswith("\n[de-DE]")
    for own in ("de", "uk,de", "de-simple", "de-AT"):
        assert "[de-DE]" not in told(GERMAN, language=own).text
    assert "[" not in told(replace(GERMAN, language=None), language="de").text


def test_what_names_no_language_is_german_whatever_its_reader_wants() -> None:
    assert json.loads(told(replace(GERMAN, language=None), language="uk,ru").payload)["lang"] == "de"
    assert json.loads(told(language="uk,ru").payload)["lang"] == "de"
    assert json.loads(told(language="uk,en").payload)["lang"] == "en"


def test_simple_language_has_words_of_its_own_and_falls_back_to_german() -> None:
    assert told(GERMAN, SIMPLE, language="de-simple").text.startswith(
        "WARNUNG: Die Rur ist zu hoch\nGehen Sie weg."
    )
    fallen_back = told(GERMAN, language="de-simple")
    assert "Hochwasser an der Rur" in fallen_back.text
    assert "Die Warnung gilt bis: 22.11. 19:00 Uhr" in fallen_back.text


@pytest.mark.parametrize(
    ("tag", "is_so"),
    [
        ("ar", True),
        ("fa-IR", True),
        ("AR-EG", True),
        ("ur", True),
        ("az", False),
        ("ar-Latn", False),
        ("de", False),
    ],
)
def test_languages_that_are_written_from_right_to_left(tag: str, *, is_so: bool) -> None:
    assert is_right_to_left(tag) is is_so


def broken_times(text: str) -> list[str]:
    """Times of ours that a screen may tear apart: what a line from right to left has before their digits decides in
    which direction these run (Unicode Standard Annex 9, W2 and W7).
    """
    found = []
    for line in text.splitlines():
        for time in ("22.11.", "19:00", "2026-11-22"):
            before = line[: line.index(time)] if time in line else "L"
            strong = [letter for letter in before if unicodedata.bidirectional(letter) in {"L", "R", "AL"}]
            if not strong or unicodedata.bidirectional(strong[-1]) != "L":
                found.append(line)
    return found


@pytest.mark.parametrize("kind", [Kind.ALERT, Kind.UPDATE, Kind.CANCEL])
@pytest.mark.parametrize("language", ["ar", "fa,en", "ar,de"])
def test_from_right_to_left_every_channel_has_the_text_whole_and_its_times_unbroken(
    language: str, kind: Kind
) -> None:
    info = PERSIAN if language.startswith("fa") else ARABIC
    notice = told(GERMAN, info, language=language, kind=kind)
    payload, document = json.loads(notice.payload), json.loads(notice.document)
    sms = compose(notice.lines, 6, notice.language)
    for text in (notice.text, payload["notification"]["body"], document["notification"]["body"], sms.text):
        assert broken_times(text) == []
        assert not [
            one for one in text if unicodedata.bidirectional(one) in {"RLE", "RLO", "LRE", "LRO", "PDF"}
        ]
    assert payload["notification"]["dir"] == document["notification"]["dir"] == "rtl"
    assert payload["lang"] == info.language
    assert info.headline in payload["headline"]
    if kind is not Kind.CANCEL:
        assert payload["instruction"] == document["instruction"] == info.instruction
        assert str(info.instruction) in sms.text


def test_a_time_behind_a_word_from_right_to_left_is_noticed() -> None:
    assert broken_times("صالح حتى 22.11. 19:00")
    assert broken_times("22.11. 19:00")


def test_from_left_to_right_nothing_is_said_of_the_direction() -> None:
    assert "dir" not in json.loads(told(GERMAN, ARABIC, language="de").payload)["notification"]
