"""What is left out of a text that is too long, and what never is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.base import Cut, Line
from channels.sms.fitting import compose
from channels.sms.gsm7 import BASIC, EXTENSION, Encoding, encoding_of, units
from channels.sms.spelling import spelled

HEAD = Line("WARNUNG: Trinkwasser abkochen in Jülich", cut=Cut.WORDS)
DO = Line(
    "Kochen Sie Leitungswasser fünf Minuten ab. Das gilt auch für Tee. Fragen beantwortet das Gesundheitsamt unter "
    "02461 99-100. Wassertransporter stehen am Markt. Das Ende wird bekannt gegeben. "
    + "Helfen Sie einander. "
    * 30,
    cut=Cut.SENTENCES,
)
PLACE = Line(
    "Gebiet: Aldenhoven, Jülich, Linnich, Titz", ("Gebiet: Aldenhoven und 3 weitere", "Gebiet: 4 Gemeinden")
)
UNTIL = Line("Gültig bis 28.11. 18:00 Uhr", ("Gültig bis 28.11. 18:00 Uhr", "bis 28.11. 18:00 Uhr"))
LINK = Line("https://juelich.example/wasser", ("",))
WHOLE = (HEAD, DO, PLACE, UNTIL, LINK)

GSM = st.text(alphabet=sorted(BASIC | EXTENSION), max_size=1000)
ANY = st.text(alphabet=st.characters(codec="utf-8"), max_size=600)


def test_a_text_with_room_is_sent_as_it_is() -> None:
    sms = compose((HEAD, PLACE, UNTIL), 6)
    assert sms.text == f"{HEAD.text}\n{PLACE.text}\n{UNTIL.text}"
    assert not sms.clipped


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (
            3,
            "WARNUNG: Trinkwasser abkochen in Jülich\nKochen Sie Leitungswasser fünf Minuten ab. Das gilt auch für Tee. "
            "Fragen beantwortet das Gesundheitsamt unter 02461 99-100. Wassertransporter stehen am Markt. Das Ende wird "
            "bekannt gegeben. " + "Helfen Sie einander. " * 5 + "...\n"
            "Gebiet: Aldenhoven, Jülich, Linnich, Titz\nGültig bis 28.11. 18:00 Uhr\nhttps://juelich.example/wasser",
        ),
        (
            2,
            (
                "WARNUNG: Trinkwasser abkochen in Jülich\nKochen Sie Leitungswasser fünf Minuten ab. Das gilt auch für Tee. "
                "Fragen beantwortet das Gesundheitsamt unter 02461 99-100. Wassertransporter stehen am Markt. ...\n"
                "Gebiet: Aldenhoven, Jülich, Linnich, Titz\nGültig bis 28.11. 18:00 Uhr\nhttps://juelich.example/wasser"
            ),
        ),
        (
            1,
            (
                "WARNUNG: Trinkwasser abkochen in Jülich\nKochen Sie Leitungswasser fünf Minuten ab. ... 02461 99-100\n"
                "Gebiet: Aldenhoven und 3 weitere\nGültig bis 28.11. 18:00 Uhr"
            ),
        ),
    ],
)
def test_what_to_do_gives_way_first_but_for_whom_to_call(parts: int, text: str) -> None:
    sms = compose(WHOLE, parts, "de")
    assert sms.text == text
    assert (len(sms.parts), sms.encoding, sms.clipped) == (parts, Encoding.GSM7, True)


def test_a_headline_gives_way_last_and_leaves_place_and_end() -> None:
    long = HEAD._replace(text="WARNUNG: " + "Sehr lang " * 40)
    assert compose((long, DO, PLACE, UNTIL), 1).text.endswith(
        "Sehr...\nGebiet: 4 Gemeinden\nbis 28.11. 18:00 Uhr"
    )


def test_one_degree_more_is_one_word_more_and_nothing_less() -> None:
    """The same text but for the sign, long enough that it would not fit twice as wide letters."""
    said = DO.text.replace("fünf Minuten ab", "fünf Minuten bei 100{} ab")
    with_sign, without = (
        compose((HEAD, DO._replace(text=said.format(sign)), PLACE, UNTIL), 6, "de")
        for sign in (" °C", " Grad")
    )
    assert with_sign == without
    assert with_sign.encoding is Encoding.GSM7
    assert "02461 99-100" in with_sign.text
    assert with_sign.text.endswith(f"{PLACE.text}\n{UNTIL.text}")


@given(
    head=GSM | ANY,
    body=GSM | ANY,
    more=st.lists(st.text("ab ", max_size=300), max_size=3),
    parts=st.integers(1, 6),
    language=st.sampled_from(["de", "en"]),
)
def test_place_and_end_are_in_it_whatever_else_is(
    head: Any, body: Any, more: Any, parts: int, language: str
) -> None:
    lines = (
        Line(head, cut=Cut.WORDS),
        Line(body, cut=Cut.SENTENCES),
        Line("Gebiet: Jülich und Linnich", ("Gebiet: 2 Gemeinden",)),
        Line("Gültig bis 28.11. 18:00", ("bis 28.11. 18:00",)),
        *(Line(text, ("",)) for text in more),
    )
    sms = compose(lines, parts, language)
    assert len(sms.parts) <= parts
    assert "".join(sms.parts) == sms.text
    limit = {Encoding.GSM7: (160, 153), Encoding.UCS2: (70, 67)}[sms.encoding][len(sms.parts) > 1]
    assert all(units(part, sms.encoding) <= limit for part in sms.parts)
    assert "Gebiet: Jülich und Linnich" in sms.text or "Gebiet: 2 Gemeinden" in sms.text
    assert "bis 28.11. 18:00" in sms.text
    assert sms.encoding is encoding_of(sms.text)


@given(GSM | ANY, st.integers(1, 4))
def test_a_mere_text_fits_and_says_when_it_is_cut(text: Any, max_parts: Any) -> None:
    sms = compose(text, max_parts)
    assert len(sms.parts) <= max_parts
    assert "".join(sms.parts) == sms.text
    assert sms.clipped or sms.text == spelled(text)
    assert not sms.clipped or sms.text.endswith("...")


def test_a_long_text_is_cut_at_a_blank_and_a_long_word_anywhere() -> None:
    assert compose("Wort " * 40, 1).text == "Wort " * 30 + "Wort..."
    assert compose("x" * 200, 1).text == "x" * 157 + "..."


def test_pairs_at_the_ends_of_parts_leave_no_part_too_many() -> None:
    """457 pairs are 914 septets, less than six times 153, but six parts hold 76 pairs each."""
    sms = compose("€" * 457, 6)
    assert (len(sms.parts), sms.text) == (6, "€" * 455 + "...")
