"""Where a text is cut, and what of it is kept."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from channels.sms.sentences import GAP, NUMBER, first_words, sentences, shortened

TEXT = (
    "Schließen Sie die Fenster. Lüftungen abschalten! Gehen Sie nach oben. Auskunft unter 02421 22-100. "
    "Die Feuerwehr misst."
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Eins. Zwei! Drei?", ["Eins.", "Zwei!", "Drei?"]),
        ("Etwa z. B. Keller, ca. 3 m, Tel. 02421 1.", ["Etwa z. B. Keller, ca. 3 m, Tel. 02421 1."]),
        ("Am 3. Dezember um 5. Ende.", ["Am 3. Dezember um 5. Ende."]),
        ("- Eins\n- Zwei\n\n- Drei", ["- Eins", "- Zwei", "- Drei"]),
        (
            "Auskunft: 02421 220. Gehen Sie. Am 24. Mai 2026. Ende.",
            ["Auskunft: 02421 220.", "Gehen Sie.", "Am 24. Mai 2026.", "Ende."],
        ),
        ("um 14.30 Uhr, 3.5 m", ["um 14.30 Uhr, 3.5 m"]),
        (
            "Вул. Лісова, 5, тел. 02421 220. Ідіть! Там є 2 тис. осіб.",
            ["Вул. Лісова, 5, тел. 02421 220.", "Ідіть!", "Там є 2 тис. осіб."],
        ),
        ("Lise Cad. 5. katı boşaltın. Çıkın! İnin.", ["Lise Cad. 5. katı boşaltın.", "Çıkın!", "İnin."]),
        ("هل أنتم بخير؟ ابقوا في البيت. اتصلوا 112.", ["هل أنتم بخير؟", "ابقوا في البيت.", "اتصلوا 112."]),
        ("", []),
    ],
)
def test_a_sentence_ends_where_a_reader_ends_it(text: str, found: list[str]) -> None:
    assert sentences(text) == found


def test_a_text_of_initials_takes_no_longer_than_another() -> None:
    """Looking through all of it again at each of them took minutes."""
    text = "A. " * 12_000
    assert sentences(text) == [text.strip()]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "02421 123456",
            "+49 2421 22-0",
            "(02421) 123456",
            "02421/123456",
            "116117",
            "116 117",
            "0800 1110111",
        ),
        *("0049\xa02421\xa022\xa00", "116\xa0117"),
    ],
)
def test_a_telephone_number_is_one(text: str) -> None:
    assert NUMBER.search(f"Rufen Sie {text} an.")[0].strip() == text


@pytest.mark.parametrize(
    "text",
    [
        "01.12.2026",
        "52349 Düren",
        "112",
        "0,5 m",
        "2026-11-28",
        "05:30",
        "B 264",
        "08:00 - 10:00",
        "8:00 0 10",
    ],
)
def test_a_date_a_postcode_and_a_height_are_none(text: str) -> None:
    assert not NUMBER.search(f"Rufen Sie {text} an.")


@pytest.mark.parametrize(
    ("room", "kept"),
    [
        (500, TEXT),
        (
            110,
            "Schließen Sie die Fenster. Lüftungen abschalten! Gehen Sie nach oben. Auskunft unter 02421 22-100. ...",
        ),
        (100, "Schließen Sie die Fenster. Lüftungen abschalten! ... Auskunft unter 02421 22-100. ..."),
        (72, "Schließen Sie die Fenster. ... Auskunft unter 02421 22-100. ..."),
        (40, "Schließen Sie die... 02421 22-100"),
        (20, "Schl... 02421 22-100"),
        (14, "Schließen..."),
        (4, "S..."),
        (3, ""),
    ],
)
def test_the_beginning_is_kept_and_whom_to_call(room: int, kept: str) -> None:
    assert shortened(TEXT, lambda text: len(text) <= room) == kept


@example("0\n0", 3)
@given(st.text(st.sampled_from("Ab .!?\n0123+/-"), max_size=300), st.integers(0, 320))
def test_what_is_kept_fits_and_is_a_part(text: str, room: int) -> None:
    kept = shortened(text, lambda some: len(some) <= room)
    assert len(kept) <= max(room, 0) or not kept
    if len(" ".join(sentences(text))) <= room:
        assert kept == " ".join(sentences(text))
    for piece in filter(None, kept.split(GAP)):
        assert "".join(piece.split()) in "".join(text.split())


@pytest.mark.parametrize(
    "text",
    ["Gehen Sie. " * 9_000, "Gehen Sie " * 9_000, "Tel. 02421 123456\n" * 6_000, "0 " * 50_000, "x" * 99_999],
    ids=["sentences", "words", "numbers", "digits", "one word"],
)
def test_a_long_text_asks_seldom_whether_it_fits(text: str) -> None:
    """Fitting is done in the worker's one thread; strangers choose the length."""
    asked = []

    def fits(some: str) -> bool:
        asked.append(len(some))
        return len(some) <= 500

    assert 400 < len(shortened(text, fits)) <= 500
    assert len(asked) < 80


@pytest.mark.parametrize(("room", "words"), [(9, "Eins zwei"), (8, "Eins"), (4, "Eins"), (3, "Ein"), (0, "")])
def test_words_are_kept_whole_where_one_fits(room: int, words: str) -> None:
    assert first_words("Eins zwei", lambda text: len(text) <= room) == words
