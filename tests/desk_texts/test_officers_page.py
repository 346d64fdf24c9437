"""The words that a duty officer reads on the screen are explained on the duty officers' page."""

import dataclasses

from dispatcher.desk_texts.german import GERMAN
from dispatcher.desk_texts.words import DeskTexts
from dispatcher.model.vocabulary import State
from tests.support import documents

COLUMNS = ("accepted", "waiting", "failed", "gone", "quiet_past_end", "received")
CATALOGUES = ("alert_states", "recipient_states", "reasons", "failures", "kinds", "lanes")


def on_the_screen(texts: DeskTexts) -> set[str]:
    """The words for states, outcomes and reasons that `submit`, `preview` and `status` print."""
    found = {texts.columns[name] for name in COLUMNS}
    for name in CATALOGUES:
        found |= set(getattr(texts, name).values())
    return found


def explained() -> list[str]:
    section = documents.section(documents.page("for-officers.md"), "## Was die Wörter bedeuten")
    return [word for row in documents.rows(section) for word in row[0].split(" / ")]


def test_every_word_of_the_screen_is_explained() -> None:
    assert on_the_screen(GERMAN) - set(explained()) == set()


def test_no_word_is_explained_twice_or_never_shown() -> None:
    assert sorted(explained()) == sorted(set(explained()))
    assert set(explained()) - on_the_screen(GERMAN) == set()


def test_a_word_that_nobody_explains_is_noticed() -> None:
    states = {**GERMAN.recipient_states, State.ACCEPTED: "abgegeben"}
    assert on_the_screen(dataclasses.replace(GERMAN, recipient_states=states)) - set(explained()) == {
        "abgegeben"
    }
