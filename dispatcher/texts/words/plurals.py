"""Say how many there are of something, in the grammar of the language."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Plural(StrEnum):
    """The forms that languages have for numbers of things (CLDR, "Language Plural Rules")."""

    ZERO = "zero"
    ONE = "one"
    TWO = "two"
    FEW = "few"
    MANY = "many"
    OTHER = "other"


def invariable(_number: int) -> Plural:
    """Return one form for every number: of Turkish, and of German and English words that stand for one and for more."""
    return Plural.OTHER


def ukrainian(number: int) -> Plural:
    """Return the form of a whole number: 1, 21 and 101 have one, 2 to 4 and 22 another, 5, 11 to 14 and 25 a third."""
    last, two = number % 10, number % 100
    if last == 1 and two != 11:
        return Plural.ONE
    return Plural.FEW if 2 <= last <= 4 and not 12 <= two <= 14 else Plural.MANY


def arabic(number: int) -> Plural:
    """Return the form of a whole number: none, one and two have a form each, 3 to 10 and 103 to 110 another, 11 to 99
    and 111 a fifth, whole hundreds and one or two more the last.
    """
    if number <= 2:
        return (Plural.ZERO, Plural.ONE, Plural.TWO)[number]
    two = number % 100
    if two < 3:
        return Plural.OTHER
    return Plural.FEW if two <= 10 else Plural.MANY


@dataclass(frozen=True, slots=True)
class Counted:
    """What is said of a number of things, in each form that the language has for it."""

    rule: Callable[[int], Plural]
    forms: Mapping[Plural, str]
    """`{number}` stands for the number, which Arabic leaves out of one and two; other names for what is put in beside
    it."""

    def say(self, number: int, **others: str) -> str:
        """Return the words for so many, at least one."""
        return self.forms[self.rule(number)].format(number=number, **others)


def always(words: str) -> Counted:
    """Return what is said in the same words of every number."""
    return Counted(invariable, {Plural.OTHER: words})
