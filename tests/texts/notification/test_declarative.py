"""What a phone shows of a notice by itself."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from channels.base import Cut, Line
from dispatcher.texts.notification.declarative import fitted, link_to
from dispatcher.texts.shortening import json_length

WHAT_TO_DO = Line("Meiden Sie das Ufer. " * 40, cut=Cut.SENTENCES)
WHERE = Line("Gebiet: Düren, Jülich, Linnich", ("Gebiet: Düren und 2 weitere", "Gebiet: 3 Gemeinden"))
UNTIL = Line("Gültig bis 22.11. 19:00 Uhr", ("bis 22.11. 19:00 Uhr",))
SENDER = Line("Leitstelle Düren", ("Leitstelle Düren", ""))


def test_what_fits_stands_there_whole() -> None:
    lines = (Line("Meiden Sie das Ufer.", cut=Cut.SENTENCES), WHERE, UNTIL, SENDER)
    assert fitted(lines, 500) == "\n".join(line.text for line in lines)


def test_what_to_do_gives_way_first_and_keeps_a_third() -> None:
    shown = fitted((WHAT_TO_DO, WHERE, UNTIL, SENDER), 300)
    assert shown.endswith("…\nGebiet: Düren, Jülich, Linnich\nGültig bis 22.11. 19:00 Uhr\nLeitstelle Düren")
    tight = fitted((WHAT_TO_DO, WHERE, UNTIL, SENDER), 75)
    assert tight.endswith("…\nGebiet: 3 Gemeinden\nbis 22.11. 19:00 Uhr")
    assert tight.startswith("Meiden Sie das Ufer.")


def test_where_nothing_more_can_give_way_the_last_lines_are_left_out() -> None:
    assert fitted((WHERE, UNTIL), 30) == "Gebiet: 3 Gemeinden"
    assert fitted((Line("Gebiet: " + "ä" * 90),), 30) == "Gebiet:…"
    assert fitted((), 30) == ""


LINES = st.builds(
    Line,
    st.text(max_size=120),
    st.lists(st.text(max_size=40), max_size=3).map(tuple),
    st.sampled_from(Cut),
)


@given(st.lists(LINES, max_size=6), st.integers(0, 400))
def test_it_never_takes_more_room_than_there_is(lines: Any, room: int) -> None:
    assert json_length(fitted(lines, room)) <= room


def test_a_page_is_told_which_alert_it_is() -> None:
    assert link_to("https://warnung.example/", "01K0") == "https://warnung.example/#01K0"
    assert link_to("", "01K0") == ""
