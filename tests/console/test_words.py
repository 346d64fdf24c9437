"""The sentences of the console."""

import string

import pytest

from dispatcher.access.persons import Withheld
from dispatcher.access.roles import Role
from dispatcher.console.words import WORDS, language_of, words_of
from dispatcher.on_duty.matters import DutyChannel
from dispatcher.sign_in.sign_in import SignInRefusal
from dispatcher.store.persons.credentials import CredentialKind


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_twins_leave_room_for_the_same() -> None:
    for name, twin in WORDS.items():
        assert twin.de, name
        assert twin.en, name
        assert fields(twin.de) == fields(twin.en), name
    assert set(words_of("de")) == set(words_of("en"))
    assert words_of("de")["sign_in"] != words_of("en")["sign_in"]


def test_every_word_of_the_record_has_a_sentence() -> None:
    wanted = {f"role_{role}" for role in Role} | {f"withheld_{reason}" for reason in Withheld}
    wanted |= {f"kind_{kind}" for kind in CredentialKind} | {refusal.value for refusal in SignInRefusal}
    wanted |= {f"endpoint_{channel}" for channel in DutyChannel}
    assert wanted <= set(WORDS)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "de"),
        ("en", "en"),
        ("de,en", "de"),
        ("fr,en-GB;q=0.8,de", "en"),
        ("*", "de"),
        ("," * 1000, "de"),
        ("EN", "en"),
    ],
)
def test_the_language_is_the_first_that_there_is(accepted: str, language: str) -> None:
    assert language_of(accepted) == language
