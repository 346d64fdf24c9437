"""The sentences about messages that wait for a person."""

from dispatcher.console.held.words import HELD_WORDS
from dispatcher.console.words import WORDS


def test_they_are_a_part_of_all_and_replace_none() -> None:
    assert {name: WORDS[name] for name in HELD_WORDS} == dict(HELD_WORDS)
