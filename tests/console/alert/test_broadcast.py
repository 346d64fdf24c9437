"""The text to copy for a cell broadcast."""

import pytest

from channels.sms.gsm7 import GSM7
from dispatcher.console.alert.broadcast import BroadcastText, MissingMember, broadcast_text

TITLE, HEADLINE = ("title", "WARNUNG"), ("headline", "Hochwasser an der Rur")


def found(*members: tuple[str, str]) -> BroadcastText:
    text = broadcast_text([TITLE, HEADLINE, *members])
    assert text
    assert text.length <= text.most
    return text


def test_a_short_text_is_whole_and_in_the_order_of_reading() -> None:
    text = found(
        ("instruction", "Meiden Sie das Ufer."), ("areas", "Düren"), ("description", "Die Rur steigt.")
    )
    assert text.text == "WARNUNG: Hochwasser an der Rur\nDie Rur steigt.\nMeiden Sie das Ufer.\nDüren"
    assert (text.length, text.most, text.left_out) == (len(text.text), 1395, ())


def test_what_to_do_comes_before_why_and_both_end_with_a_sentence() -> None:
    why = " ".join(f"Der Pegel {number} steigt weiter an." for number in range(100))
    what = " ".join(f"Meiden Sie bitte das Ufer {number}." for number in range(20))
    text = found(("description", why), ("instruction", what), ("contact", "Telefon 02421 222"))
    headline, shown, done, contact = text.text.split("\n")
    assert done == what
    assert shown.endswith(" steigt weiter an.")
    assert why.startswith(shown)
    assert contact == "Telefon 02421 222"
    [left] = text.left_out
    assert (left.name, left.sentences) == ("description", 100 - shown.count("Pegel"))
    assert text.length > 1395 - 60
    assert headline == "WARNUNG: Hochwasser an der Rur"


def test_it_is_spelled_in_the_alphabet_of_cell_broadcasts_where_it_can_be() -> None:
    text = found(("instruction", "Schließen Sie „alle“ Fenster – sofort…"))
    assert GSM7.issuperset(text.text)
    assert "Schließen" in text.text
    assert (
        found(("instruction", "Kosten: 5 €.")).length == len(found(("instruction", "Kosten: 5 x.")).text) + 1
    )


def test_another_alphabet_has_less_room() -> None:
    text = found(("instruction", "Не виходьте. " * 100))
    assert text.most == 615
    assert text.left_out[0].name == "instruction"


@pytest.mark.parametrize("headline", ["Hochwasser " * 500, "x" * 5000, "€" * 5000])
def test_a_headline_that_is_too_long_is_cut_and_that_is_said(headline: str) -> None:
    text = broadcast_text([("headline", headline), ("instruction", "Weg vom Ufer. Sofort.")])
    assert text
    assert text.length <= text.most
    assert text.text.endswith("...")
    assert text.left_out == (MissingMember("headline", 0), MissingMember("instruction", 2))


def test_a_sentence_that_alone_is_too_long_is_left_out_whole() -> None:
    text = found(("instruction", "wort " * 400 + "."), ("areas", "Düren"))
    assert text.text.endswith("\nDüren")
    assert text.left_out == (MissingMember("instruction", 1),)


def test_there_is_no_text_of_nothing() -> None:
    assert broadcast_text([]) is None
    assert broadcast_text([TITLE]) is None
