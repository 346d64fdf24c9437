"""Fits a text into as many parts as a message may have, leaving out what matters least."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from channels.base import Cut, Line
from channels.sms.gsm7 import Sms, encoding_of, room, split
from channels.sms.sentences import GAP, first_words, shortened
from channels.sms.spelling import spelled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# What share of the room the line that is cut first may at least have, before other lines get their next shorter
# wording: with six parts two of them, so that what to do is still said beside a long list of places.
FLOORS: Final = (1 / 3, 1 / 4, 1 / 8)

LONGEST: Final = 10_000
"""Characters of a line that are looked at: six times what the most parts that can be set hold. More costs time only."""


class Layout(NamedTuple):
    """A text that is too long, as it is being shortened."""

    lines: Sequence[Line]
    fits: Callable[[str], bool]
    room: int
    """Characters that fit at most."""

    @property
    def levels(self) -> int:
        """How many wordings shorter than the full one some line has."""
        return max(len(line.shorter) for line in self.lines)

    def joined(self, level: int, body: str, head: str | None = None) -> str:
        """Return the text with every line in its wording of this level, 0 for the full one. `body` and `head` stand in
        for the lines that are cut.
        """
        texts = []
        for line in self.lines:
            if line.cut is Cut.SENTENCES:
                texts.append(body)
            elif line.cut is Cut.WORDS and head is not None:
                texts.append(head)
            else:
                texts.append((line.text, *line.shorter)[min(level, len(line.shorter))])
        return "\n".join(text for text in texts if text)

    def body(self) -> str:
        return "\n".join(line.text for line in self.lines if line.cut is Cut.SENTENCES)

    def head(self) -> str:
        return "\n".join(line.text for line in self.lines if line.cut is Cut.WORDS)


@lru_cache(maxsize=64)
def compose(message: str | tuple[Line, ...], max_parts: int, language: str = "") -> Sms:
    """Return the message in at most `max_parts` parts, inside the GSM alphabet if they can be spelled there.

    If they are too long, the lines that are cut at sentences are cut first, the others take shorter wordings, and only
    then those that are cut at words are cut; so is a mere text. A line that is never cut stays in its shortest wording
    at least. A line that has to do with spare room gets what the others leave of the parts that they need.
    """
    given = (Line(message, cut=Cut.WORDS),) if isinstance(message, str) else message
    lines = tuple(line._replace(text=line.text[:LONGEST]) for line in given)

    def made(text: str) -> Sms:
        ready = spelled(text, language)
        encoding = encoding_of(ready)
        return Sms(ready, encoding, split(ready, encoding))

    if any(line.cut is Cut.SPARE for line in lines):
        return _with_spare(lines, max_parts, language, made)
    whole = made("\n".join(line.text for line in lines if line.text))
    if len(whole.parts) <= max_parts:
        return replace(whole, clipped=lines != given)
    layout = Layout(
        lines,
        lambda text: len(text) <= LONGEST and len(made(text).parts) <= max_parts,
        room(whole.encoding, max_parts),
    )
    return replace(made(_shorter(layout)), clipped=True)


def _with_spare(lines: tuple[Line, ...], max_parts: int, language: str, made: Callable[[str], Sms]) -> Sms:
    """Return the text with as much of its spare line as fits into the parts that it has anyway."""
    without = compose(tuple(line for line in lines if line.cut is not Cut.SPARE), max_parts, language)
    if without.clipped:
        return without
    spare = "\n".join(line.text for line in lines if line.cut is Cut.SPARE)

    def joined(text: str) -> str:
        said = [text if line.cut is Cut.SPARE else line.text for line in lines]
        return "\n".join(line for line in said if line)

    def fits(text: str) -> bool:
        return len(made(joined(text)).parts) <= len(without.parts)

    some = spare if fits(spare) else shortened(spare, fits)
    return replace(made(joined(some)), clipped=some != spare)


def _shorter(layout: Layout) -> str:
    """Return the first text that fits and leaves enough of what is cut at sentences."""
    body = layout.body()
    for level in range(layout.levels + 1):
        rest = _body_that_fits(layout, level, body)
        floor = layout.room * FLOORS[min(level, len(FLOORS) - 1)]
        enough = len(rest) >= min(len(body), floor) or level == layout.levels
        if enough and layout.fits(text := layout.joined(level, rest)):
            return text
    return _headless(layout)


def _body_that_fits(layout: Layout, level: int, body: str) -> str:
    return shortened(body, lambda text: layout.fits(layout.joined(level, text)))


def _headless(layout: Layout) -> str:
    """Return the text with a shortened headline, or if that does not help either, only its beginning."""

    def beginning(words: str) -> str:
        return layout.joined(layout.levels, "", f"{words}{GAP}")

    head = layout.head()
    words = first_words(head, lambda words: layout.fits(beginning(words)))
    if layout.fits(text := beginning(words)):
        return text
    rest = layout.joined(layout.levels, "", head)
    return f"{first_words(rest, lambda words: layout.fits(f'{words}{GAP}'))}{GAP}"
