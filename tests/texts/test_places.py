"""Places are shortened, never left out."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.texts.places import abridged, listed
from dispatcher.texts.words.english import ENGLISH
from dispatcher.texts.words.german import GERMAN

PLACES = ("Jülich", "Linnich", "Titz", "Aldenhoven")


@pytest.mark.parametrize(
    ("room", "said"),
    [
        (100, "Jülich, Linnich, Titz, Aldenhoven"),
        (33, "Jülich, Linnich, Titz, Aldenhoven"),
        (32, "Jülich, Linnich und 2 weitere"),
        (28, "Jülich und 3 weitere"),
        (19, "4 Gemeinden"),
        (0, "4 Gemeinden"),
    ],
)
def test_as_many_places_are_named_as_have_room(room: int, said: str) -> None:
    assert abridged(PLACES, GERMAN, room) == said


def test_the_words_are_the_languages() -> None:
    assert abridged(PLACES, ENGLISH, 25) == "Jülich and 3 more"
    assert abridged(PLACES, ENGLISH, 0) == "4 municipalities"


def test_a_single_place_keeps_its_name_and_no_place_is_nothing() -> None:
    assert abridged(("Jülich",), GERMAN, 0) == "Jülich"
    assert abridged((), GERMAN, 10) == ""
    assert listed(("Jülich",), 5, GERMAN) == "Jülich"


@given(st.lists(st.text("abc", min_size=1, max_size=20), min_size=2, max_size=300), st.integers(0, 500))
def test_it_fits_unless_only_the_number_is_left(places: Any, room: int) -> None:
    said = abridged(places, GERMAN, room)
    assert len(said) <= room or said == f"{len(places)} Gemeinden"
