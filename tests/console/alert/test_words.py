"""The sentences of an alert's page."""

from dispatcher.console.alert.words import ALERT_WORDS
from dispatcher.console.words import WORDS


def test_they_are_a_part_of_all_and_replace_none() -> None:
    assert {name: WORDS[name] for name in ALERT_WORDS} == dict(ALERT_WORDS)
