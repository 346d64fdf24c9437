"""Fits a text into as few parts as it needs, leaving out what matters least.

Each part costs money and time: at 30 parts a second, 10,000 people have a text of one part after 5.5 minutes and one of
six after 33. So the first number of parts is taken in which everything stands that a warning needs (`Essential`), and
as much else as has room there beside it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from channels.base import Cut, Line
from channels.sms.gsm7 import Sms, encoding_of, room, split
from channels.sms.sentences import GAP, NUMBERS, first_words, numbers, sentences, shortened
from channels.sms.spelling import spelled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# What share of the room the line that is cut first may at least have, before other lines get their next shorter
# wording: with six parts two of them, so that what to do is still said beside a long list of places.
FLOORS: Final = (1 / 3, 1 / 4, 1 / 8)

ENOUGH: Final = 60
"""Characters of what to do that a text has at least, of a longer one: as many first sentences as that takes. "Ruhe
bewahren." alone helps nobody."""

LEAST: Final = 28
"""Characters of the headline that a text has at least before a line that stands at its end: with fewer, as in one part
of 70 letters, both ends of it are seen at once, and what it begins with says what it is."""
LONGEST: Final = 10_000
"""Characters of a line that are looked at: six times what the most parts that can be set hold. More costs time only."""


class Layout(NamedTuple):
    """A text that is too long, as it is being shortened."""

    lines: Sequence[Line]
    fits: Callable[[str], bool]
    room: int
    """Characters that fit at most."""
    enough: Callable[[str], bool]
    """Whether a text has all that is needed."""

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

    def least(self) -> str:
        return "".join(line.least for line in self.lines)

    def head(self) -> str:
        return "\n".join(line.text for line in self.lines if line.cut is Cut.WORDS)


class Essential(NamedTuple):
    """What a warning needs: what it is about, what to do first, where, until when, whom to call."""

    whole: tuple[str, ...]
    """What stands in it as it is: headline, place, first sentences, telephone numbers."""
    either: tuple[tuple[str, ...], ...]
    """Of each of these one: wordings that say the same."""
    end: str = ""
    """What it ends with."""

    def stands_in(self, text: str, language: str) -> bool:
        """Whether a text has all of it, as it is or as it is spelled."""
        said = _spaced(text)

        def has(one: str) -> bool:
            return _spaced(one) in said or _spaced(spelled(one, language)) in said

        if not said.endswith((_spaced(self.end), _spaced(spelled(self.end, language)))):
            return False
        return all(map(has, self.whole)) and all(any(map(has, wordings)) for wordings in self.either)


NOTHING: Final = Essential((), ())


def essential(lines: Sequence[Line]) -> Essential:
    """Return what of these lines a warning needs. A line that may be left out is not; the place is, with all its names,
    and the validity in any wording.
    """
    whole: list[str] = []
    either: list[tuple[str, ...]] = []
    end = "\n".join(line.text for line in lines if line.cut is Cut.END)
    for line in lines:
        if line.cut is Cut.SENTENCES:
            first = sentences(line.text)[:1] if line.said_before else _first(line.text)
            whole += [*first, *numbers(line.text)[:NUMBERS]]
        elif line.cut in (Cut.SPARE, Cut.END) or "" in line.shorter:
            continue
        elif line.same:
            either.append((line.text, *line.shorter))
        else:
            whole.append(line.text)
    return Essential(tuple(whole), tuple(either), end)


def _first(text: str) -> list[str]:
    """Return the first sentences that say enough together, all of a short text."""
    found: list[str] = []
    for sentence in sentences(text):
        if sum(map(len, found)) >= ENOUGH:
            break
        found.append(sentence)
    return found


def _spaced(text: str) -> str:
    return " ".join(text.split())


@lru_cache(maxsize=64)
def compose(message: str | tuple[Line, ...], max_parts: int, language: str = "") -> Sms:
    """Return the message in as few parts as hold what a warning needs, at most `max_parts`, inside the GSM alphabet if
    it can be spelled there. A mere text, of which nobody knows what it needs, gets all parts that it fills.
    """
    if isinstance(message, str):
        return _fitted((Line(message, cut=Cut.WORDS),), max_parts, language, NOTHING)
    needed = essential(message)
    for parts in range(1, max_parts):
        sms = _fitted(message, parts, language, needed)
        if not sms.clipped or needed.stands_in(sms.text, language):
            return sms
    return _fitted(message, max_parts, language, needed)


def _fitted(given: tuple[Line, ...], max_parts: int, language: str, needed: Essential) -> Sms:
    """Return the message in at most `max_parts` parts.

    If it is too long, the lines that are cut at sentences are cut first, the others take shorter wordings, and only
    then those that are cut at words are cut; a text that has all that is needed goes before one that has not. A line
    that is never cut stays in its shortest wording at least. A line that has to do with spare room gets what the others
    leave of the parts that they need.
    """
    lines = tuple(line._replace(text=line.text[:LONGEST]) for line in given)

    def made(text: str) -> Sms:
        ready = spelled(text, language)
        encoding = encoding_of(ready)
        return Sms(ready, encoding, split(ready, encoding))

    if any(line.cut is Cut.SPARE for line in lines):
        return _with_spare(lines, max_parts, language, made, needed)
    whole = made("\n".join(line.text for line in lines if line.text))
    if len(whole.parts) <= max_parts:
        return replace(whole, clipped=lines != given)
    layout = Layout(
        lines,
        lambda text: len(text) <= LONGEST and len(made(text).parts) <= max_parts,
        room(whole.encoding, max_parts),
        lambda text: needed != NOTHING and needed.stands_in(made(text).text, language),
    )
    return replace(made(_shorter(layout)), clipped=True)


def _with_spare(
    lines: tuple[Line, ...], max_parts: int, language: str, made: Callable[[str], Sms], needed: Essential
) -> Sms:
    """Return the text with as much of its spare line as fits into the parts that it has anyway."""
    others = tuple(line for line in lines if line.cut is not Cut.SPARE)
    without = _fitted(others, max_parts, language, needed)
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
    """Return the first text that fits and has all that is needed; if there is none, the first that leaves enough of
    what is cut at sentences.
    """
    body, found = layout.body(), ""
    for level in range(layout.levels + 1):
        rest = _body_that_fits(layout, level, body)
        if not layout.fits(text := layout.joined(level, rest)):
            continue
        if layout.enough(text):
            return text
        floor = layout.room * FLOORS[min(level, len(FLOORS) - 1)]
        if not found and (len(rest) >= min(len(body), floor) or level == layout.levels):
            found = text
    return found or _headless(layout)


def _body_that_fits(layout: Layout, level: int, body: str) -> str:
    return shortened(body, lambda text: layout.fits(layout.joined(level, text)))


def _without_beginnings(lines: Sequence[Line]) -> list[Line]:
    """Return the lines without those of the same in other wordings, but for the last one: until when."""
    last = max((at for at, line in enumerate(lines) if line.same), default=0)
    return [line for at, line in enumerate(lines) if not line.same or at == last]


def _headless(layout: Layout) -> str:
    """Return the text with a shortened headline, or if that does not help either, only its beginning."""

    def beginning(words: str) -> str:
        return layout.joined(layout.levels, "", f"{words}{GAP}")

    head = layout.head()
    end = "".join(f"\n{line.text}" for line in layout.lines if line.cut is Cut.END)
    words = first_words(head, lambda words: layout.fits(beginning(words)))
    fewer = _without_beginnings(layout.lines)
    if not words.startswith(layout.least()) and len(fewer) < len(layout.lines):
        return _headless(layout._replace(lines=fewer))
    if end and len(words) < min(len(head), LEAST):
        others = tuple(line for line in layout.lines if line.cut is not Cut.END)
        return _headless(layout._replace(lines=others))
    if layout.fits(text := beginning(words)):
        return text
    rest = layout.joined(layout.levels, "", head).removesuffix(end)
    return f"{first_words(rest, lambda words: layout.fits(f'{words}{GAP}{end}'))}{GAP}{end}"
