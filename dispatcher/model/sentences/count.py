"""Say a number together with the words that go with it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Count:
    """A number in a sentence: `{count}` writes it, `{count:Gemeinde|Gemeinden}` the first words of one, else the
    second. German and English have no third form.
    """

    number: int
    written: str = ""
    """How it is written, where that is not by its digits alone."""

    def __format__(self, spec: str) -> str:
        one, forms, others = spec.partition("|")
        if forms:
            return one if self.number == 1 else others
        return self.written or format(self.number, spec)


def how_many(number: int, one: str, others: str = "") -> str:
    """Return a number with the noun that goes with it, as operators read it in English: `1 code`, `1,200 codes`. Of
    several it is the noun with an `s`, unless it is named.
    """
    return f"{number:,} {Count(number):{one}|{others or f'{one}s'}}"


def counted(value: object) -> object:
    """Return a whole number as a `Count`, anything else as it is."""
    return Count(value) if isinstance(value, int) else value
