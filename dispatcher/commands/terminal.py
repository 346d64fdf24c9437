"""Shows texts of messages at a terminal: they come from strangers, and must not control it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_BLANKS: Final = re.compile("[\u00a0\u2000-\u200a\u202f\u205f\u3000]|\\s")
"""Blanks of every width, and line breaks: a text in a line of ours begins no line of its own."""


def shown(text: object) -> str:
    """Return `text` in one line, with a replacement for each character that is not seen.

    The line of Python that `cap.formats.report` has for this would load all of `cap`: half of the time that
    `dispatcher --help` takes.
    """
    line = _BLANKS.sub(" ", str(text))
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in line)


def json_line(value: Any, *, indent: int | None = None) -> str:
    """Return `value` as JSON in which all that is not seen is escaped."""
    return escaped(json.dumps(value, ensure_ascii=False, default=str, indent=indent))


def escaped(document: str) -> str:
    """Return a JSON document with all that is not seen escaped; the line breaks between its members stay."""
    return "".join(
        character if character.isprintable() or character == "\n" else json.dumps(character)[1:-1]
        for character in document
    )


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of texts as a table for the eye, each in one line."""
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(shown(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
