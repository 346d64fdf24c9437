"""Read the texts of a template into pieces, and put them together again with values. Nothing is ever evaluated: a value
is set in once, as it is, whatever it looks like. Pure.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from dispatcher.templates.template import FIELD_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TOKEN: Final = re.compile(rf"\{{(?P<field>{FIELD_NAME})\}}|(?P<mark>[][{{}}])|(?P<text>[^][{{}}]+)")

_BEHIND_BLANK: Final = frozenset("„‚«(+")
"""What begins a word without being a letter or number. All other signs close one, in whatever language."""


class MarkError(ValueError):
    """A brace or bracket that is no part of a field or of a passage; `at` counts characters from 1."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


class Piece(NamedTuple):
    """A bit of text, or the name of a field."""

    text: str
    is_field: bool


class Passage(NamedTuple):
    """Pieces that stand together; an optional one is left out where its field has no value."""

    pieces: tuple[Piece, ...]
    is_optional: bool

    def fields(self) -> list[str]:
        """Return the names of the fields in it."""
        return [piece.text for piece in self.pieces if piece.is_field]


def passages(text: str) -> tuple[Passage, ...]:
    """Return the passages of a text. Raises `MarkError`."""
    return tuple(_passages(text))


def _passages(text: str) -> Iterator[Passage]:
    pieces: list[Piece] = []
    opened = 0
    for found in _TOKEN.finditer(text):
        mark, at = found["mark"], found.start() + 1
        if mark is None:
            pieces.append(Piece(found["field"] or found["text"], is_field=found["field"] is not None))
        elif (mark, bool(opened)) in {("[", False), ("]", True)}:
            if pieces:
                yield Passage(tuple(pieces), is_optional=bool(opened))
            pieces, opened = [], at if mark == "[" else 0
        else:
            raise MarkError(at)
    if opened:
        raise MarkError(opened)
    if pieces:
        yield Passage(tuple(pieces), is_optional=False)


def put_together(parts: tuple[Passage, ...], values: Mapping[str, str]) -> str:
    """Return the text with these values. A passage that is left out leaves neither a blank nor an empty line behind,
    and the words around it stay apart.
    """
    said, is_left_out = "", False
    for part in parts:
        if part.is_optional and not all(name in values for name in part.fields()):
            is_left_out = True
            continue
        text = "".join(values[piece.text] if piece.is_field else piece.text for piece in part.pieces)
        if is_left_out:
            if not (text[:1].isalnum() or text[:1] in _BEHIND_BLANK):
                said = said.rstrip(" ")
            if said[-1:] in {"", "\n"}:
                text = text.lstrip(" ").removeprefix("\n")
        said, is_left_out = said + text, False
    return said.strip()
