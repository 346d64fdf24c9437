"""The languages beside each other."""

import dataclasses
import re
from typing import Any

import pytest

from dispatcher.model.vocabulary import Kind
from dispatcher.texts.words.catalogues import CATALOGUES, words_for
from dispatcher.texts.words.german import GERMAN
from dispatcher.texts.words.words import Words

FIELDS = [field.name for field in dataclasses.fields(Words)]


def missing(first: Words, second: Words) -> list[str]:
    """What one catalogue has and the other has not: keys, and places for what is put in."""
    found = []
    for name in FIELDS:
        one, other = getattr(first, name), getattr(second, name)
        if isinstance(one, dict) and name != "zones" and one.keys() != other.keys():
            found.append(name)
        if isinstance(one, str) and one.count("{}") != other.count("{}"):
            found.append(name)
    return found


@pytest.mark.parametrize("language", CATALOGUES)
def test_all_languages_have_the_same_keys(language: str) -> None:
    words = CATALOGUES[language]
    assert missing(GERMAN, words) == []
    assert set(words.prefix) == set(words.said) == set(words.nameless) == set(Kind)
    assert all(getattr(words, name) for name in FIELDS if name != "zones")
    assert all(words.prefix.values())
    assert all(words.nameless.values())


@pytest.mark.parametrize(
    "changes", [{"prefix": {}}, {"area": "Gebiet"}, {"nameless": {Kind.ALERT: "x"}}, {"until": "{} {}"}]
)
def test_a_key_that_is_missing_is_noticed(changes: Any) -> None:
    assert missing(GERMAN, dataclasses.replace(GERMAN, **changes)) == [*changes]


@pytest.mark.parametrize("words", CATALOGUES.values())
def test_a_short_wording_is_shorter(words: Words) -> None:
    assert len(words.until_short) < len(words.until)
    assert len(words.begins_short) < len(words.begins)
    assert re.search("%H:%M", words.clock)


def test_a_language_without_words_of_its_own_gets_the_german_ones() -> None:
    assert words_for("tr") is words_for("de") is GERMAN
    assert words_for("en") is not GERMAN
