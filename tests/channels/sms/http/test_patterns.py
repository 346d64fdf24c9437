"""Patterns recognise what an operator wrote, in time that grows with the text alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms.http.patterns import PATTERN_MAX, Pattern, captured


@pytest.mark.parametrize(
    ("pattern", "subject", "fits"),
    [
        ("ERROR:14", "ERROR:14", True),
        ("ERROR:14", "error:14", True),
        ("ERROR:14", "ERROR:142", False),
        ("ERROR:14*", "ERROR:14 Invalid number", True),
        ("ERROR:14*", "ERROR:14", True),
        ("*field misformed, rejected*", "Priority field misformed, rejected", True),
        ("a*b*c", "a--b--c", True),
        ("a*b*c", "a--c--b", False),
        ("ab*ba", "aba", False),
        ("a*a*a", "aa", False),
        ("a**b", "ab", True),
        ("ß*", "ß1", True),
        ("", "", True),
    ],
)
def test_a_star_stands_for_anything(pattern: str, subject: str, fits: bool) -> None:
    one = Pattern.parse(pattern) if pattern else Pattern("", ("",))
    assert one.matches(subject) is fits


@pytest.mark.parametrize("wrong", ["", "*", "***", "x" * (PATTERN_MAX + 1)])
def test_what_recognises_nothing_or_everything_is_none(wrong: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        Pattern.parse(wrong)


@given(st.lists(st.text("ab", max_size=3), min_size=1, max_size=6), st.text("ab", max_size=4))
def test_whatever_the_stars_stand_for_fits(pieces: list[str], filling: str) -> None:
    if pattern := "*".join(pieces).strip("*"):
        assert Pattern.parse(pattern).matches(pattern.replace("*", filling))


def test_many_stars_take_no_more_steps_than_the_text_has_characters() -> None:
    """What takes a regular expression with as many groups longer than anybody waits."""
    pattern = Pattern.parse("a*" * 90 + "b")
    assert not pattern.matches("a" * 4096)


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("ERROR:14*", "ERROR_14"),
        ("9", "9"),
        ("0x0216", "0x0216"),
        ("Ünzulässig", "nzul_ssig"),
        ("***!", ""),
        ("4915100000001", ""),
    ],
)
def test_a_pattern_has_a_code_that_may_stand_in_a_log(pattern: str, code: str) -> None:
    assert Pattern(pattern, (pattern,)).code == code


@pytest.mark.parametrize(
    ("pattern", "subject", "found"),
    [
        ("ID: *", "ID: 0A1b ok", "0A1b"),
        ("ID: *", "ID: ", ""),
        ("ID: *", "id: 7", ""),
        ("OK(*)", "OK(77)", "77"),
        ("OK(*)", "OK(77", ""),
        ("*", "77 more", "77"),
    ],
)
def test_a_star_can_be_what_is_looked_for(pattern: str, subject: str, found: str) -> None:
    assert captured(pattern, subject) == found


@pytest.mark.parametrize(
    ("pattern", "other", "covers"),
    [
        ("a", "A", True),
        ("a", "b", False),
        ("a*", "ab*c", True),
        ("ab*", "a*", False),
        ("*b*", "a*b", True),
        ("a*a", "a", False),
        ("a*b*c", "a*c", False),
        ("a", "a*", False),
    ],
)
def test_a_pattern_covers_what_matches_less(pattern: str, other: str, *, covers: bool) -> None:
    assert Pattern.parse(pattern).covers(Pattern.parse(other)) is covers
