"""Read phone numbers as people and gateways write them, and judge which may get an SMS that anybody can ask for:
what is dear to reach, or abroad, is where toll fraud earns.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Final, TypeAlias

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

_WRITTEN: Final = re.compile(r"\(?\+?[0-9][0-9 \u00a0()/.-]{2,38}")
"""What is handed to the library: digits, with what people put between them. It would take letters and extensions."""
_SEPARATORS: Final = re.compile(r"[ \u00a0()/.-]")
_E164: Final = re.compile(r"\+[1-9][0-9]{7,14}")
_REACHED: Final = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})
_DEAR: Final = frozenset({PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST})
_NO_COUNTRY: Final = "001"
"""The region of codes that no country has: satellites, and networks of the world."""
_LENGTHS: Final = range(6, 13)
"""Digits after the country's code of numbers that are judged by how they begin."""
_IsMobile: TypeAlias = Callable[[str], Any]
BLOCK_DIGITS: Final = 4
"""The last digits, in which the numbers of one block differ."""


class NumberReason(StrEnum):
    """Why a number is not sent an SMS that somebody asked for."""

    INVALID = "number_invalid"
    """No number, or none that anybody has."""
    FOREIGN = "number_foreign"
    """A number of a country that is not among those allowed."""
    NOT_MOBILE = "number_not_mobile"
    """Premium, shared cost, VoIP, pager, free of charge, a company's or an association's, or a line in a house."""


class NumberRefused(Exception):
    """A number that is not sent an SMS. What was written is not in it."""

    def __init__(self, reason: NumberReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class NumberRules:
    """Which numbers are taken: those of mobile phones in these countries (ISO 3166). A number without a country code is
    one of the first.
    """

    regions: tuple[str, ...] = ("DE",)

    def read(self, written: str) -> str:
        """Return a number in E.164, in whichever of its forms it was written. Raises `NumberRefused`."""
        try:
            number = phonenumbers.parse(_digits(written), self.regions[0])
        except NumberParseException:
            raise NumberRefused(NumberReason.INVALID) from None
        if not phonenumbers.is_valid_number(number):
            raise NumberRefused(NumberReason.INVALID)
        if phonenumbers.region_code_for_number(number) not in self.regions:
            raise NumberRefused(NumberReason.FOREIGN)
        if phonenumbers.number_type(number) not in _REACHED:
            raise NumberRefused(NumberReason.NOT_MOBILE)
        return phonenumbers.format_number(number, PhoneNumberFormat.E164)

    def doubt(self, number: str) -> NumberReason | None:
        """Return why a number (E.164) that an operator vouches for would get no code; None for a mobile phone's, which
        `read` takes.
        """
        for code, is_mobile in _mobiles(self.regions):
            if number.startswith(code) and is_mobile(number[len(code) :]):
                return None  # in a hundredth of the time
        try:
            self.read(number)
        except NumberRefused as refused:
            return refused.reason
        return None

    def sender(self, written: str) -> str | None:
        """Return the number in E.164 from which a gateway says that a text came; None for what is none, such as a
        name. Gateways write it with `+`, with `00`, with neither, or as it is dialled within the first country.
        """
        digits = _SEPARATORS.sub("", written.strip())
        if digits.startswith("00"):
            found = f"+{digits[2:]}"
        elif digits.startswith("0"):
            found = f"+{phonenumbers.country_code_for_region(self.regions[0])}{digits[1:]}"
        else:
            found = f"+{digits.removeprefix('+')}"
        return found if _E164.fullmatch(found) else None


DEFAULT_RULES: Final = NumberRules()


@cache
def _mobiles(regions: tuple[str, ...]) -> tuple[tuple[str, _IsMobile], ...]:
    """Return codes that are one country's alone, each with what matches mobile numbers after it."""
    found: list[tuple[str, _IsMobile]] = []
    for region in regions:
        code = phonenumbers.country_code_for_region(region)
        metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
        if metadata is None or not metadata.mobile or not metadata.mobile.national_number_pattern:
            continue
        if phonenumbers.region_codes_for_country_code(code) == (region,):
            is_mobile = re.compile(metadata.mobile.national_number_pattern, re.ASCII).fullmatch
            found.append((f"+{code}", is_mobile))
    return tuple(found)


def is_dear(number: str) -> bool:
    """Return whether a number (E.164) is of a premium or shared-cost range, or of a satellite or another network that
    is no country's: also one with too few or too many digits, as it is what it begins like.
    """
    try:
        parsed = phonenumbers.parse(number, None)
    except NumberParseException:
        return False
    code = parsed.country_code or 0
    if phonenumbers.region_code_for_country_code(code) == _NO_COUNTRY:
        return True
    if phonenumbers.is_valid_number(parsed):
        return phonenumbers.number_type(parsed) in _DEAR
    if number.startswith(f"+{code}0"):
        return False  # no national number begins so; the library would leave the zeros out
    digits = phonenumbers.national_significant_number(parsed)
    alike = (int(digits[:length].ljust(length, "0")) for length in _LENGTHS)
    return any(phonenumbers.number_type(phonenumbers.PhoneNumber(code, one)) in _DEAR for one in alike)


def block_of(number: str) -> str:
    """Return what all numbers (E.164) of one block have in common."""
    return number[:-BLOCK_DIGITS]


def _digits(written: str) -> str:
    if not _WRITTEN.fullmatch(stripped := written.strip()):
        raise NumberRefused(NumberReason.INVALID)
    return stripped
