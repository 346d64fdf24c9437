"""What is left out of a text that is too long, and what never is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.base import Cut, Line
from channels.sms.fitting import compose, essential
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
UNTIL = Line(
    "Gültig bis 28.11. 18:00 Uhr", ("Gültig bis 28.11. 18:00 Uhr", "bis 28.11. 18:00 Uhr"), same=True
)
LINK = Line("https://juelich.example/wasser", ("",))
WHOLE = (HEAD, DO, PLACE, UNTIL, LINK)

GSM = st.text(alphabet=sorted(BASIC | EXTENSION), max_size=1000)
ANY = st.text(alphabet=st.characters(codec="utf-8"), max_size=600)


def test_a_text_with_room_is_sent_as_it_is() -> None:
    sms = compose((HEAD, PLACE, UNTIL), 6)
    assert sms.text == f"{HEAD.text}\n{PLACE.text}\n{UNTIL.text}"
    assert not sms.clipped


IN_TWO = (
    "WARNUNG: Trinkwasser abkochen in Jülich\nKochen Sie Leitungswasser fünf Minuten ab. Das gilt auch für Tee. "
    "Fragen beantwortet das Gesundheitsamt unter 02461 99-100. Wassertransporter stehen am Markt. ...\n"
    "Gebiet: Aldenhoven, Jülich, Linnich, Titz\nGültig bis 28.11. 18:00 Uhr\nhttps://juelich.example/wasser"
)
IN_ONE = (
    "WARNUNG: Trinkwasser abkochen in Jülich\nKochen Sie Leitungswasser fünf Minuten ab. ... 02461 99-100\n"
    "Gebiet: Aldenhoven und 3 weitere\nGültig bis 28.11. 18:00 Uhr"
)


@pytest.mark.parametrize(("at_most", "parts", "text"), [(6, 2, IN_TWO), (2, 2, IN_TWO), (1, 1, IN_ONE)])
def test_no_more_parts_are_taken_than_a_warning_needs(at_most: int, parts: int, text: str) -> None:
    """In one part the names of the places have no room: that is taken only where there may be no more."""
    sms = compose(WHOLE, at_most, "de")
    assert sms.text == text
    assert (len(sms.parts), sms.encoding, sms.clipped) == (parts, Encoding.GSM7, True)


ONE_PLACE = Line("Gebiet: Jülich", ("Gebiet: Jülich",) * 3)
SHORT_HEAD = Line("WARNUNG: Wasser abkochen", cut=Cut.WORDS)


def test_one_part_is_enough_where_all_that_is_needed_has_room() -> None:
    sms = compose(
        (SHORT_HEAD, DO._replace(text=DO.text.replace("99-100", "99100")), ONE_PLACE, UNTIL, LINK), 6
    )
    assert sms.text == (
        "WARNUNG: Wasser abkochen\nKochen Sie Leitungswasser fünf Minuten ab. Das gilt auch für Tee. ... 02461 99100\n"
        "Gebiet: Jülich\nGültig bis 28.11. 18:00 Uhr"
    )
    assert len(sms.parts) == 1


@pytest.mark.parametrize(
    "one_more",
    [
        SHORT_HEAD._replace(text="WARNUNG: Leitungswasser in allen Ortsteilen bitte abkochen"),
        DO._replace(
            text="Kochen Sie alles Leitungswasser, auch aus Brunnen und Zisternen, fünf Minuten sprudelnd ab. "
            + DO.text
        ),
        DO._replace(text=DO.text + " Auskunft auch unter 02421 654321 und 02421 654322."),
        ONE_PLACE._replace(text="Gebiet: Jülich, Linnich und Titz mit allen Ortsteilen"),
        UNTIL._replace(text="Gültig bis Samstag, dem 28. November, 18:00 Uhr", shorter=()),
    ],
)
def test_whatever_is_needed_gets_its_part(one_more: Line) -> None:
    lines = [SHORT_HEAD, DO, ONE_PLACE, UNTIL]
    at = [line.cut for line in lines].index(one_more.cut)
    if one_more.text.startswith(("Gebiet", "Gültig")):
        at = 2 + one_more.text.startswith("Gültig")
    lines[at] = one_more
    sms = compose(tuple(lines), 6, "de")
    assert len(sms.parts) == 2
    assert essential(lines).stands_in(sms.text, "de")
    assert not essential(lines).stands_in(compose(tuple(lines), 1, "de").text, "de")


def test_of_a_text_whose_gist_was_said_before_one_sentence_and_whom_to_call_are_worth_a_part() -> None:
    gist = Line("Trinken Sie kein Wasser.")
    lines = (SHORT_HEAD, gist, DO._replace(said_before=True), ONE_PLACE, UNTIL)
    sms = compose(lines, 6, "de")
    assert (len(sms.parts), gist.text in sms.text) == (1, True)
    assert "Kochen Sie Leitungswasser fünf Minuten ab. ... 02461 99-100" in sms.text
    assert len(compose((SHORT_HEAD, gist, DO, ONE_PLACE, UNTIL), 6, "de").parts) == 2


def test_that_it_is_a_warning_comes_before_when_it_begins_and_until_when_before_both() -> None:
    head = SHORT_HEAD._replace(text="ПОПЕРЕДЖЕННЯ: буря", least="ПОПЕРЕДЖЕННЯ")
    begins, until = (
        UNTIL._replace(text="з 28.11, 14:00", shorter=()),
        UNTIL._replace(text="до 28.11, 18:00", shorter=()),
    )
    lines = (head, Line("Де: Düren, Jülich, Linnich"), begins, until)
    assert compose(lines, 1).text == "ПОПЕРЕДЖЕННЯ: буря...\nДе: Düren, Jülich, Linnich\nдо 28.11, 18:00"
    assert begins.text in compose((head._replace(least=""), *lines[1:]), 1).text
    assert compose(lines, 2).text == "\n".join(line.text for line in lines)


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
    assert (with_sign.encoding, len(with_sign.parts)) == (Encoding.GSM7, 2)
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


SENTENCE = st.text("abc ", min_size=5, max_size=70).map(lambda text: f"{text.strip() or 'a'}.".capitalize())


@given(
    head=st.text("abc ", min_size=1, max_size=80),
    body=st.lists(SENTENCE, min_size=1, max_size=12),  # a line of nothing but a sign keeps it
    calls=st.lists(st.from_regex(r"024[0-9]{2} [0-9]{4,6}", fullmatch=True), max_size=3),
    places=st.lists(st.sampled_from(["Jülich", "Linnich", "Titz", "Łódź", "Kreuzau"]), max_size=15),
    sign=st.sampled_from(["", " °C", " γ", "–", "…", "🌊", "❶"]),
)
def test_what_is_needed_is_in_it_and_one_part_less_would_not_do(
    head: str, body: list[str], calls: list[str], places: list[str], sign: str
) -> None:
    said = " ".join([*body, *(f"Ruf {call} an." for call in calls), sign])
    lines = (
        Line(f"WARNUNG: {head}", cut=Cut.WORDS),
        Line(said, cut=Cut.SENTENCES),
        Line(", ".join(places), (f"{len(places)} Orte",)),
        UNTIL,
        Line("Kreis Düren", ("",)),
    )
    sms, needed = compose(lines, 10, "de"), essential(lines)
    assert sms.encoding is Encoding.GSM7
    assert needed.stands_in(sms.text, "de")
    assert ", ".join(places).replace("Łódź", "Lodz") in sms.text
    assert all(call in sms.text for call in calls)
    assert "bis 28.11. 18:00 Uhr" in sms.text
    if len(sms.parts) > 1:
        shorter = compose(lines, len(sms.parts) - 1, "de")
        assert shorter.clipped
        assert not needed.stands_in(shorter.text, "de")


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
