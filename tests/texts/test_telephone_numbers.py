"""Telephone numbers in a text from right to left."""

import pytest

from channels.sms.sentences import numbers
from dispatcher.texts.telephone_numbers import in_one_piece
from tests.support.bidi import torn


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("02421 220", "02421\xa0220"),
        ("02421/22-0", "02421\xa022\xa00"),
        ("+49 (2421) 220", "0049\xa02421\xa0220"),
        ("116 117", "116\xa0117"),
        ("0800 111 0 111", "0800\xa0111\xa00\xa0111"),
        ("112", "112"),
    ],
)
def test_a_number_stays_in_one_piece_and_is_found_again(written: str, shown: str) -> None:
    before, text = f"اتصلوا بالرقم {written}.", in_one_piece(f"اتصلوا بالرقم {written}.")
    assert text == f"اتصلوا بالرقم {shown}."
    assert torn(text, [shown]) == []
    assert (torn(before, [written]) == []) is (written == "112"), "or nothing would have to be done"
    assert numbers(text) == ([shown] if written != "112" else [])


@pytest.mark.parametrize("text", ["من 08:00 - 10:00", "01-02-2026", "01/02/2026", "3 - 4 كم", "52349 Düren"])
def test_what_is_no_number_stays_as_it_is(text: str) -> None:
    assert in_one_piece(text) == text
