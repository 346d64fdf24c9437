"""Telephone numbers: in whichever form they are written, and which are sent no SMS that anybody can ask for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.audience.phone_numbers import (
    NumberReason,
    NumberRefused,
    NumberRules,
    block_of,
    is_dear,
)

NUMBER = "+4915112345678"
RULES = NumberRules()


def refused(written: str, rules: NumberRules = RULES) -> NumberReason:
    with pytest.raises(NumberRefused) as error:
        rules.read(written)
    assert not any(digits in str(error.value) for digits in written.split() if digits.isdigit())
    return error.value.reason


def reason_of(written: str, rules: NumberRules) -> NumberReason | None:
    try:
        rules.read(written)
    except NumberRefused as error:
        return error.reason
    return None


@pytest.mark.parametrize(
    "written",
    ["+4915112345678", "004915112345678", "015112345678", "0151 123 456 78", " (0151) 1234-5678 ", "+49 (0)151/12345678"],
)  # fmt: skip
def test_a_number_is_the_same_in_every_form(written: str) -> None:
    assert RULES.read(written) == NUMBER


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("0900 1234567", NumberReason.NOT_MOBILE),  # premium
        ("0180 5 123456", NumberReason.NOT_MOBILE),  # shared cost
        ("0800 1234567", NumberReason.NOT_MOBILE),  # free of charge
        ("032 221234567", NumberReason.NOT_MOBILE),  # VoIP
        ("0700 12345678", NumberReason.NOT_MOBILE),  # personal
        ("0241 432 7666", NumberReason.NOT_MOBILE),  # a line in Aachen
        ("0164 1234567", NumberReason.NOT_MOBILE),  # pager
        ("+31 6 12345678", NumberReason.FOREIGN),
        ("+44 7400 123456", NumberReason.FOREIGN),
        ("+881 6 12345678", NumberReason.FOREIGN),  # satellite
        ("110", NumberReason.INVALID),
        ("0151 1", NumberReason.INVALID),
        ("+49", NumberReason.INVALID),
        ("", NumberReason.INVALID),
        ("0800-REIBACH", NumberReason.INVALID),
        ("+4915112345678;ext=1", NumberReason.INVALID),
        ("tel:+4915112345678", NumberReason.INVALID),
        ("0151" + "1" * 40, NumberReason.INVALID),
    ],
)
def test_what_is_dear_abroad_or_nothing_is_refused(written: str, reason: NumberReason) -> None:
    assert refused(written) == reason


def test_an_operator_at_the_border_takes_two_countries() -> None:
    rules = NumberRules(("DE", "NL"))
    assert rules.read("+31 6 12345678") == "+31612345678"
    assert rules.read("0151 12345678") == NUMBER
    assert refused("+32 470 123456", rules) == NumberReason.FOREIGN


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("4915112345678", NUMBER),
        ("+4915112345678", NUMBER),
        (" 4915112345678", NUMBER),  # a "+" that a query made a blank
        ("004915112345678", NUMBER),
        ("015112345678", NUMBER),
        ("31612345678", "+31612345678"),
        ("WARNUNG", None),
        ("110", None),
        ("", None),
        ("+49151123456789012", None),
    ],
)
def test_a_sender_is_found_as_gateways_write_it(written: str, number: str | None) -> None:
    assert RULES.sender(written) == number


@given(st.text(max_size=60))
def test_whatever_is_written_ends_in_a_number_or_a_reason(written: str) -> None:
    RULES.sender(written)
    try:
        number = RULES.read(written)
    except NumberRefused:
        return
    assert RULES.read(number) == number


def test_a_block_has_ten_thousand_numbers() -> None:
    assert block_of(NUMBER) == block_of("+4915112349999") != block_of("+4915112355678")


@pytest.mark.parametrize(
    ("number", "dear"),
    [
        ("+499001234567", True),
        ("+49900123456", True),  # too short
        ("+4990012345678", True),  # too long
        ("+491805123456", True),  # shared cost
        ("+491371234567", True),
        ("+881612345678", True),  # satellite
        ("+870773123456", True),
        ("+88213123456", True),  # a network of the world
        ("+979123456789", True),
        ("+19005550123", True),
        (NUMBER, False),
        ("+4921131234", False),
        ("+4900000000001", False),
        ("+31612345678", False),
        ("+99912345678", False),
    ],
)
def test_what_is_dear_is_dear_in_any_length(number: str, dear: bool) -> None:
    assert is_dear(number) == dear


@given(st.from_regex(r"\+(49[0-9]{6,12}|49(15|16|17)[0-9]{6,10}|1[0-9]{10}|31[0-9]{9})", fullmatch=True))
def test_a_number_is_in_doubt_where_it_would_be_refused(number: str) -> None:
    for rules in (RULES, NumberRules(("NL", "US"))):
        assert rules.doubt(number) == reason_of(number, rules)
