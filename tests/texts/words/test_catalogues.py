"""The languages beside each other."""

import dataclasses
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from dispatcher.model.vocabulary import Kind
from dispatcher.pages.assets import LANGUAGES, assets
from dispatcher.texts.words.catalogues import CATALOGUES, words_for
from dispatcher.texts.words.german import GERMAN
from dispatcher.texts.words.plurals import Counted, Plural, always
from dispatcher.texts.words.ukrainian import UKRAINIAN
from dispatcher.texts.words.words import Words
from tests.support import documents

FIELDS = [field.name for field in dataclasses.fields(Words)]
NUMBERS = range(1, 321)
SCRIPTS = {"ar": "ARABIC", "uk": "CYRILLIC"}


def put_in(text: str) -> list[str]:
    """What is put into a text, in any order."""
    return sorted(re.findall(r"{(\w*)}", text))


def uncounted(one: Counted, other: Counted) -> bool:
    """Whether some number has no form, a form leaves the number open, or lacks what the other language puts in."""
    forms: dict[Plural, set[int]] = {}
    for number in NUMBERS:
        forms.setdefault(one.rule(number), set()).add(number)
    wanted = {name for text in other.forms.values() for name in put_in(text)} - {"number"}
    return any(
        form not in one.forms
        or set(put_in(one.forms[form])) - {"number"} != wanted
        or ("number" not in put_in(one.forms[form]) and len(meant) > 1)
        for form, meant in forms.items()
    )


def missing(first: Words, second: Words) -> list[str]:
    """What one catalogue has and the other has not: keys, places for what is put in, forms of numbers."""
    found = []
    for name in FIELDS:
        one, other = getattr(first, name), getattr(second, name)
        if isinstance(one, dict) and name != "zones" and one.keys() != other.keys():
            found.append(name)
        if isinstance(one, str) and put_in(one) != put_in(other):
            found.append(name)
        if isinstance(one, Counted) and uncounted(other, one):
            found.append(name)
    return found


def texts(words: Words) -> Iterator[tuple[str, str]]:
    """All texts of a catalogue, with their names, but patterns for times."""
    for name in FIELDS:
        if name.startswith("clock") or name == "denial":
            continue
        value = getattr(words, name)
        if isinstance(value, Counted):
            value = dict(value.forms)
        for one in value.values() if isinstance(value, dict) else [value]:
            yield from ((name, text) for text in ([one] if isinstance(one, str) else one))


def borrowed(words: Words, script: str) -> list[str]:
    """The names of texts with a letter of another script, but for what is put in and for "SMS"."""
    found = []
    for name, text in texts(words):
        letters = [sign for sign in re.sub(r"{\w*}|SMS", "", text) if sign.isalpha()]
        if any(not unicodedata.name(letter).startswith(script) for letter in letters):
            found.append(name)
    return found


@pytest.mark.parametrize("language", CATALOGUES)
def test_all_languages_have_the_same_keys(language: str) -> None:
    words = CATALOGUES[language]
    assert missing(GERMAN, words) == []
    assert set(words.prefix) == set(words.said) == set(words.nameless) == set(Kind)
    assert all(getattr(words, name) for name in FIELDS if name != "zones")
    assert all(text.strip() == text != "" for _, text in texts(words))
    assert len({*words.prefix.values(), words.withdrawn}) == len(Kind) + 1, (
        "each kind is told by its first words"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"prefix": {}},
        {"area": "Gebiet"},
        {"nameless": {Kind.ALERT: "x"}},
        {"until": "{} {}"},
        {"sms_leave": "{app}"},
        {"responses": {}},
        {"and_more": always("und weitere")},
        {"others_gravest": always("{number} andere")},
        {
            "others_many": Counted(
                UKRAINIAN.others_many.rule, {Plural.ONE: "{number}", Plural.FEW: "{number}"}
            )
        },
    ],
)
def test_a_key_that_is_missing_is_noticed(changes: Any) -> None:
    assert missing(GERMAN, replace(GERMAN, **changes)) == [*changes]


@pytest.mark.parametrize("words", CATALOGUES.values())
def test_a_short_wording_is_shorter(words: Words) -> None:
    assert len(words.until_short) < len(words.until)
    assert len(words.begins_short) < len(words.begins)
    assert len(words.since_short) < len(words.since)
    assert re.search("%H:%M", words.clock)


@pytest.mark.parametrize("language", SCRIPTS)
def test_no_word_is_borrowed_from_another_language(language: str) -> None:
    assert borrowed(CATALOGUES[language], SCRIPTS[language]) == []
    german = replace(CATALOGUES[language], until=GERMAN.until, and_more=GERMAN.and_more)
    assert borrowed(german, SCRIPTS[language]) == ["and_more", "until"]


def test_turkish_and_german_have_no_words_in_common() -> None:
    common = {text for _, text in texts(CATALOGUES["tr"])} & {text for _, text in texts(GERMAN)}
    assert common == set()


@pytest.mark.parametrize("language", CATALOGUES)
def test_what_to_do_is_said_as_the_citizens_page_says_it(language: str) -> None:
    page = assets().words[language]
    said = {f"response_{one}": text for one, text in CATALOGUES[language].responses.items()}
    assert said.items() <= page.items()
    assert {name for name in page if name.startswith("response_")} == {*said, "response_AllClear"}


def test_notices_have_words_in_each_language_of_the_page() -> None:
    assert set(CATALOGUES) == set(LANGUAGES)


def test_a_language_without_words_of_its_own_gets_the_german_ones() -> None:
    assert words_for("fr") is words_for("de") is GERMAN
    assert words_for("en") is not GERMAN
    assert words_for("fr,uk") is UKRAINIAN


@pytest.mark.parametrize(
    ("language", "number", "said"),
    [
        ("uk", 1, "і ще 1 громада"),
        ("uk", 3, "і ще 3 громади"),
        ("uk", 12, "і ще 12 громад"),
        ("ar", 1, "وبلدية أخرى"),
        ("ar", 2, "وبلديتان أخريان"),
        ("ar", 7, "و7 بلديات أخرى"),
        ("ar", 13, "و13 بلدية أخرى"),
        ("tr", 1, "ve 1 yer daha"),
        ("tr", 13, "ve 13 yer daha"),
    ],
)
def test_places_are_counted_as_people_count(language: str, number: int, said: str) -> None:
    assert words_for(language).and_more.say(number) == said


def test_the_documents_say_how_a_test_is_marked_in_languages_that_need_not_be_german() -> None:
    page = documents.page("api.md")
    assert {words_for(language).test for language in ("de", "en", "de-simple")} <= {
        GERMAN.test,
        *documents.quoted(page),
    }
    assert f"`{words_for('en').test}`" in documents.page("apps.md")
