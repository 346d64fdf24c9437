"""Which of a reader's languages a text is in."""

import json
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
from dispatcher.texts.words.catalogues import catalogue_of, words_for
from dispatcher.texts.words.german import SIMPLE_GERMAN
from tests.support.bidi import base, torn
from tests.support.messages import HOUR, NOW, Message, stored

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


def test_of_a_tag_without_end_its_beginning_counts() -> None:
    """Each of its parts would cost as much as all before it: in the header of a stranger some twenty thousand."""
    endless = "uk" + "-aa" * 20_000
    assert [len(wanted) for wanted in ranges(f"{endless},tr")] == [35, 2]
    assert lookup(f"{endless},tr", ["tr", "uk"]) == {"uk"}


def test_simple_language_is_for_those_who_want_it_where_there_is_another() -> None:
    assert lookup("de", ["de-simple"]) == {"de-simple"}
    assert lookup("de-simple", ["de", "en"]) == {"de"}
    assert ranges(" uk, RU ,,en") == ["uk", "ru", "en"]


def test_each_reader_gets_fixed_words_in_the_first_language_that_has_them() -> None:
    wanted = {
        "uk,ru,en": "uk",
        "tr-TR": "tr",
        "ar-SY,en": "ar",
        "fr,en": "en",
        "fr": "de",
        "de-simple,en": "de-simple",
        "de-DE": "de",
    }
    assert {one: catalogue_of(one) for one in wanted} == wanted
    assert words_for("de-simple") is SIMPLE_GERMAN


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
    instruction="ابتعدوا عن الضفة. اتصلوا بالرقم 112 حتى 14:00. للاستفسار +49 2421 22-0.",
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
    assert json.loads(told(language="fr,ru").payload)["lang"] == "de"
    assert json.loads(told(language="fr,en").payload)["lang"] == "en"


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


UNITS = (
    "22.11.",
    "22.11",
    "19:00",
    "14:00",
    "13:00",
    "2026-11-22",
    "0049\xa02421\xa0220",
    "Düren, Jülich",
    "Hochwasser an der Rur",
)
"""What a screen may not tear apart."""


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("language", ["ar", "fa,en", "ar,de", "ar,fa"])
def test_from_right_to_left_every_channel_has_the_text_whole_and_no_number_torn(
    language: str, kind: Kind
) -> None:
    info = PERSIAN if language.startswith("fa") else ARABIC
    info = replace(info, onset=NOW + HOUR)
    notice = told(GERMAN, info, language=language, kind=kind)
    payload, document = json.loads(notice.payload), json.loads(notice.document)
    sms = compose(notice.lines, 6, notice.language)
    for text in (notice.text, payload["notification"]["body"], document["notification"]["body"], sms.text):
        assert torn(text, UNITS) == []
    assert payload["notification"]["dir"] == document["notification"]["dir"] == "rtl"
    assert payload["lang"] == info.language
    assert info.headline in payload["headline"]
    if kind in {Kind.ALERT, Kind.UPDATE}:
        instruction = str(info.instruction).replace("+49 2421 22-0", "0049\xa02421\xa022\xa00")
        assert payload["instruction"] == document["instruction"] == instruction
        assert instruction in sms.text


@pytest.mark.parametrize("kind", Kind)
def test_arabic_words_around_a_german_text_leave_both_as_they_are_read(kind: Kind) -> None:
    """Wherever a device looks for the direction: at each line, at the first of them, or at what we say."""
    info = replace(GERMAN, instruction="Auskunft: +49 2421 220 (Kreis Düren).", onset=NOW + HOUR)
    notice = told(info, language="ar", kind=kind)
    shown = json.loads(notice.payload)["notification"]
    for text in (notice.text, shown["title"], shown["body"], compose(notice.lines, 6, notice.language).text):
        assert torn(text, UNITS) == torn(text, UNITS, 1) == []
    assert base(notice.title) == base(shown["title"]) == 1
    assert "dir" not in shown, "the German lines run from left to right"


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("صالح حتى 2026-11-22", "2026-11-22"),
        ("اتصلوا 02421 220", "02421 220"),
        ("اتصلوا 02421-220", "02421-220"),
        ("اتصلوا +4924", "+4924"),
    ],
)
def test_what_a_screen_tears_apart_is_noticed(text: str, unit: str) -> None:
    assert torn(text, [unit]) == [unit]
    assert torn(f"bis {unit}", [unit]) == []


def test_from_left_to_right_nothing_is_said_of_the_direction() -> None:
    assert "dir" not in json.loads(told(GERMAN, ARABIC, language="de").payload)["notification"]


def test_a_text_in_a_foreign_language_is_preceded_by_what_to_do_in_the_readers_own() -> None:
    wanted = (cap.ResponseType.EVACUATE, cap.ResponseType.MONITOR, cap.ResponseType.AVOID)
    info = replace(GERMAN, response_types=wanted, instruction="Meiden Sie das Ufer. Sofort weg! " * 5)
    own = "Залиште цю територію. Стежте за подальшими повідомленнями."
    notice = told(info, language="uk,ru")
    body = json.loads(notice.payload)["notification"]["body"]
    sms = compose(notice.lines, 6, notice.language)
    for text in (notice.text.split("\n", 1)[1], body, sms.text.split("\n", 1)[1]):
        assert text.startswith(f"{own}\nMeiden Sie das Ufer.")
    assert len(sms.parts) <= 3, "the foreign text gets the room that is left"
    assert own not in told(info, language="uk,ru", kind=Kind.CANCEL).text
    assert "Verlassen Sie das Gebiet." not in told(info, language="de").text
    assert "Leave the area." not in told(replace(info, language="en"), language="en").text
    assert "[de-DE]" in notice.text
    assert told(replace(info, response_types=()), language="uk").text.split("\n")[1].startswith("Meiden Sie")
