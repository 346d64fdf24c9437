"""Recognises texts by patterns in which `*` stands for anything: what an operator writes about an answer.

There are no regular expressions: some take time that grows without bound with what strangers send. This takes time that
grows with the text alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

from channels.sms.contract import GatewayRefused
from channels.sms.http.json_path import CODE

PATTERN_MAX: Final = 200
"""Characters of a pattern: more than any provider's code or sentence that is worth recognising."""
_NO_LETTER: Final = "\uffff"
_NO_CODE: Final = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text of which each `*` stands for any characters, or none. Upper and lower case are the same."""

    text: str
    pieces: tuple[str, ...]
    """What stands between the stars, in lower case."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raise `ValueError` for what recognises nothing or everything."""
        if not 1 <= len(text) <= PATTERN_MAX:
            raise GatewayRefused(f"a pattern has 1 to {PATTERN_MAX} characters")
        if not text.strip("*"):
            raise GatewayRefused("a pattern of stars alone says nothing; leave it out")
        return cls(text, tuple(text.lower().split("*")))

    def matches(self, subject: str) -> bool:
        """Return whether the pattern is all of `subject`. Each piece is looked for once, from left to right."""
        subject, (first, *others) = subject.lower(), self.pieces
        if not others:
            return subject == first
        *inner, last = others
        at, end = len(first), len(subject) - len(last)
        if at > end or not (subject.startswith(first) and subject.endswith(last)):
            return False
        for piece in inner:
            at = subject.find(piece, at, end)
            if at < 0:
                return False
            at += len(piece)
        return True

    def covers(self, other: Pattern) -> bool:
        """Return whether it matches all that `other` does. For a star of `other` stands a letter that no pattern has:
        only a star of ours matches it, and then whatever else may stand there.
        """
        return self.matches(other.text.replace("*", _NO_LETTER))

    @property
    def code(self) -> str:
        """The pattern as an error code, which may stand in a log: `ERROR:14*` is `ERROR_14`. Empty where it is none."""
        code = _NO_CODE.sub("_", self.text).strip("_")
        return code if CODE.fullmatch(code) else ""


def captured(pattern: str, subject: str) -> str:
    """Return what the only star of `pattern` stands for, as far as it is one word: `ID: *` of `ID: 7 ok` is `7`. Empty
    where the pattern does not begin `subject`.
    """
    before, _, after = pattern.partition("*")
    if not subject.startswith(before):
        return ""
    word = (subject[len(before) :].split(maxsplit=1) or [""])[0]
    if after.strip():
        word, found, _ = word.partition(after.strip())
        return word if found else ""
    return word
