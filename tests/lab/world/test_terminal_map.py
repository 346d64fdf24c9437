"""The map of the district for a terminal."""

from typing import Any

import pytest

from ops.lab.world.messages import CONCERNED
from ops.lab.world.population import INHABITANTS
from ops.lab.world.records import Kind
from ops.lab.world.terminal_map import ROWS, SPARED, draw

DUEREN, KREUZAU, TITZ = "05358008", "05358028", "05358056"


@pytest.mark.parametrize("warned", [(), (DUEREN,), CONCERNED[Kind.UPDATE], INHABITANTS])
def test_it_fits_a_terminal_of_eighty_columns_and_twenty_four_lines(warned: Any) -> None:
    lines = draw(warned)
    assert len(lines) < 24
    assert max(map(len, lines)) <= 76


def test_every_municipality_that_is_warned_has_a_letter_and_a_name() -> None:
    lines = draw(INHABITANTS)
    picture, legend = lines[:ROWS], " ".join(lines[ROWS:])
    assert set("".join(picture)) == {*"ABCDEFGHIJKLMNO", " "}
    assert "B Düren" in legend
    assert "O Vettweiß" in legend


def test_north_is_up_and_the_rest_is_not_warned() -> None:
    lines = draw([TITZ, KREUZAU])
    rows = {letter: [number for number, line in enumerate(lines[:ROWS]) if letter in line] for letter in "AB"}
    assert (lines[ROWS], SPARED in lines[0]) == ("A Kreuzau   B Titz   · not warned", False)
    assert max(rows["B"]) < min(rows["A"])
