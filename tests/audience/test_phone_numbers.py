"""Telephone numbers: in whichever form they are written, and which are sent no SMS that anybody can ask for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.audience.phone_numbers import NumberReason, NumberRefused, NumberRules, block_of

NUMBER = "+4915112345678"
RULES = NumberRules()


def refused(written: str, rules: NumberRules = RULES) -> NumberReason:
    with pytest.raises(NumberRefused) as error:
        rules.read(written)
    assert not any(digits in str(error.value) for digits in written.split() if digits.isdigit())
    return error.value.reason


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
