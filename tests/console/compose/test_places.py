"""Municipalities as people write them."""

from dataclasses import replace
from typing import Any

import pytest

from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.console.compose.places import (
    GUESSED_MAX,
    LINE_MAX,
    LINES_MAX,
    PARTS_MAX,
    UNRESOLVED_MAX,
    read_places,
)
from tests.support.messages import DUEREN, HEIMBACH, JUELICH

PILOT = Boundaries.default()


def two_called(name: str) -> Boundaries:
    """The boundary data with a second municipality of that name."""
    places = tuple(replace(one, name=name) if one.ags == HEIMBACH else one for one in PILOT.municipalities)
    return replace(PILOT, municipalities=places)


@pytest.mark.parametrize(
    ("typed", "ags"),
    [
        ("Düren", [DUEREN]),
        ("dueren; JÜLICH", [DUEREN, JUELICH]),
        ("Stadt Düren\n\nJülich", [DUEREN, JUELICH]),
        (f"{DUEREN}\tDüren, Stadt\t93000", [DUEREN]),
        (f"{DUEREN} Düren", [DUEREN]),
        ("5358008", [DUEREN]),
        ("05 3 58 008", [DUEREN]),
        ("AGS: 05358008", [DUEREN]),
        ("053580008008", [DUEREN]),
        ("53580008008", [DUEREN]),
        ("Düren\nDüren", [DUEREN]),
    ],
)
def test_names_and_keys_are_understood_as_sheets_and_people_write_them(typed: str, ags: list[str]) -> None:
    read = read_places(typed, PILOT)
    assert (list(read.ags), read.unresolved) == (ags, ())


def test_five_digits_stand_for_a_district() -> None:
    assert len(read_places("05358", PILOT).ags) == 15
    assert set(read_places("05358", PILOT).ags) == set(read_places("AGS 5358", PILOT).ags)


@pytest.mark.parametrize(
    ("typed", "candidates"),
    [("Kreuzao", ["Kreuzau"]), ("Stolberg", ["Stolberg (Rhld.)"]), ("Atlantis", []), ("99999999", [])],
)
def test_what_is_not_understood_is_said_with_its_line_and_what_may_be_meant(
    typed: str, candidates: list[str]
) -> None:
    read = read_places(f"Düren\n{typed}", PILOT)
    (line,) = read.unresolved
    assert read.ags == (DUEREN,)
    assert (line.number, line.text, line.is_ambiguous) == (2, typed, False)
    assert [one.name for one in line.candidates] == candidates
    if line.candidates:
        assert read_places(f"Düren\n{typed}", PILOT, [line.candidates[0].ags]).unresolved == ()


def test_a_name_that_two_have_is_no_ones_until_somebody_picks() -> None:
    boundaries = two_called("Jülich")
    (line,) = read_places("Jülich", boundaries).unresolved
    assert line.is_ambiguous
    assert {one.ags for one in line.candidates} == {JUELICH, HEIMBACH}
    assert read_places("Jülich", boundaries, [HEIMBACH]) == read_places("", boundaries)


def test_a_list_without_end_is_read_to_a_bound(monkeypatch: Any) -> None:
    guesses: list[str] = []

    def guess(word: str, *_: Any, **__: Any) -> list[str]:
        guesses.append(word)
        return []

    monkeypatch.setattr("dispatcher.console.compose.places.get_close_matches", guess)
    read = read_places("x y z\n" * (UNRESOLVED_MAX + 5), PILOT)
    assert len(guesses) == GUESSED_MAX
    assert [one.number for one in read.unresolved] == [*range(1, UNRESOLVED_MAX + 2)]
    (beyond,) = read_places("Düren\n" * (LINES_MAX + 5), PILOT).unresolved
    assert beyond.number == LINES_MAX + 1
    assert len(read_places("x" * 100_000, PILOT).unresolved[0].text) == 100


def test_lines_of_many_parts_have_the_same_bounds() -> None:
    """A form of 768 kB had a page of 14 MB, for which the service stood still for 3 s."""
    one_line = read_places("x," * 100_000, PILOT)
    assert len(one_line.unresolved) <= LINE_MAX * 10 / 2
    many = read_places(("x," * 90 + "\n") * 1_000, PILOT)
    assert len(many.unresolved) <= UNRESOLVED_MAX + LINE_MAX * 10 / 2
    sheet = f"{DUEREN}" + ";x" * 99 + "\n"
    (beyond,) = read_places(sheet * 1_000, PILOT).unresolved
    assert beyond.number == PARTS_MAX // 100 + 1
