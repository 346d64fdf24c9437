"""Texts are read into pieces once, and put together without being read again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.templates.wording import MarkError, passages, put_together

PLAIN = st.text(st.characters(exclude_characters="[]{}"), max_size=20)


def said(text: str, **values: str) -> str:
    return put_together(passages(text), values)


def test_a_value_is_set_in_wherever_its_field_is_named() -> None:
    assert said("{a} und {b}, {a}", a="x", b="y") == "x und y, x"


@pytest.mark.parametrize("value", ["{b}", "{0}", "{a.__class__}", "%(a)s", "$a", "[x]", "\\g<0>", "{{a}}"])
def test_a_value_is_never_read_as_a_text(value: str) -> None:
    assert said("<{a}|{b}>", a=value, b="y") == f"<{value}|y>"


@pytest.mark.parametrize(
    ("text", "with_it", "without"),
    [
        ("Eins. [Zwei {a}.] Drei.", "Eins. Zwei x. Drei.", "Eins. Drei."),
        ("Eins. [Zwei {a}.]", "Eins. Zwei x.", "Eins."),
        ("[Zwei {a}.] Drei.", "Zwei x. Drei.", "Drei."),
        ("Eins.\n[Zwei {a}.]\nDrei.", "Eins.\nZwei x.\nDrei.", "Eins.\nDrei."),
        ("Eins.\n[Zwei {a}.] Drei.", "Eins.\nZwei x. Drei.", "Eins.\nDrei."),
        ("in [{a}, ]Jülich", "in x, Jülich", "in Jülich"),
        ("Eins [{a} ][und {a} ]zwei", "Eins x und x zwei", "Eins zwei"),
        ("Eins [({a})], zwei", "Eins (x), zwei", "Eins, zwei"),
        ("واحد [{a}]، اثنان", "واحد x، اثنان", "واحد، اثنان"),
        ("in [{a}, ]„Jülich“", "in x, „Jülich“", "in „Jülich“"),
        ("Eins [{a}]\nzwei", "Eins x\nzwei", "Eins\nzwei"),
    ],
)
def test_a_passage_without_its_value_leaves_nothing_behind(text: str, with_it: str, without: str) -> None:
    assert (said(text, a="x"), said(text)) == (with_it, without)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("a}", 2),
        ("{a", 1),
        ("{A}", 1),
        ("{a b}", 1),
        ("{}", 1),
        ("x [{a}", 3),
        ("]", 1),
        ("[[{a}]]", 2),
        ("{{a}}", 1),
    ],
)
def test_a_mark_that_belongs_to_nothing_is_named_by_its_place(text: str, at: int) -> None:
    with pytest.raises(MarkError) as caught:
        passages(text)
    assert caught.value.at == at


@given(PLAIN, PLAIN, st.text(max_size=30), st.text(max_size=30))
def test_whatever_the_values_are_the_text_is_what_was_written_around_them(
    before: str, between: str, a: str, b: str
) -> None:
    text = f"|{before}{{a}}{between}{{b}}|"
    assert said(text, a=a, b=b) == f"|{before}{a}{between}{b}|"
