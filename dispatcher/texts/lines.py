"""Write a notice as lines of text, each with what may become of it where there is little room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from channels.base import Cut, Line
from dispatcher.model.vocabulary import Kind
from dispatcher.texts.headline import ENDINGS, titled
from dispatcher.texts.places import abridged
from dispatcher.texts.shortening import before, json_length, shorten
from dispatcher.texts.times import clock_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatcher.texts.content import Content
    from dispatcher.texts.times import Present

PLACES_CHARACTERS = (120, 40, 16)
"""How long a list of places may be that has to be shortened, then shortened again: most of an SMS, a line, a number."""
NAME_BYTES = 200
"""Bytes of the event's and of the sender's name each; a longer one is cut at a word, to leave room for what to do."""
CREDIT_BYTES = 200
"""Bytes of the attribution that a feed's licence demands beside its text; they count against the same payload."""
WEB_BYTES = 500
"""Bytes of a link; a longer one is left out, as half of it leads nowhere."""


def lines(said: Content, present: Present) -> tuple[Line, ...]:
    """Return the lines of a notice, the first its title. Where and until when are never cut; the sender, the link and
    the credit give way before them.
    """
    return (
        Line(title(said), cut=Cut.WORDS, least=f"{said.mark}{said.prefix}"),
        *(_ended(said, present) if said.kind in ENDINGS else _in_force(said, present)),
        *_rest(said),
        *_foreign(said),
        *_marked_end(said),
    )


def title(said: Content) -> str:
    """Return what kind of notice it is and what it is about; before that, whether it is an exercise or a test."""
    return f"{before(said.mark)}{titled(said.kind, said.what, said.words, said.prefix)}"


def beneath_title(said: Content, present: Present) -> tuple[Line, ...]:
    """Return the lines that stand below the title where a tap on them leads further: with what else is in force, and
    without a link.
    """
    if said.kind in ENDINGS:
        return (*_ended(said, present), *_credit(said), *_foreign(said), *_marked_end(said))
    return (*_in_force(said, present), *_others(said), *_credit(said), *_foreign(said), *_marked_end(said))


def _in_force(said: Content, present: Present) -> Iterator[Line]:
    """Yield what to do, where, from when and until when."""
    words = said.words
    if said.responses:
        yield Line(" ".join(said.responses))
    if said.instruction:
        yield Line(said.instruction, cut=Cut.SENTENCES, said_before=bool(said.responses))
    yield from _where(said)
    if said.begins:
        yield _time(words.begins, words.begins_short, clock_time(said.begins, present, words))
    if said.lasts:
        yield _time(words.lasts, "", clock_time(said.lasts, present, words))
    yield _time(words.until, words.until_short, clock_time(said.until, present, words))


def _where(said: Content) -> Iterator[Line]:
    """Yield where: the sender's own name of the area whole, or as many names of municipalities as there is room for."""
    words = said.words
    if said.area:
        yield Line(words.area.format(said.area))
    elif said.places:
        shorter = (abridged(said.places, words, room) for room in PLACES_CHARACTERS)
        yield Line(words.area.format(", ".join(said.places)), tuple(map(words.area.format, shorter)))


def _time(full: str, short: str, moment: str) -> Line:
    long = full.format(moment)
    return Line(long, (long, long, short.format(moment)), same=bool(short))


def _ended(said: Content, present: Present) -> Iterator[Line]:
    """Yield where and since when the all-clear is given; what to do now and why it ended, as its author says, or where
    only the source's list says so. Nobody is told again what to do in the danger. Where a warning goes on elsewhere,
    its places would be misread as those where it is over. What else is in force there is said, or it would be taken for
    an all-clear of everything; and said behind all of this: "this warning" in front of it can only be the one that is
    over, behind it would be the one that goes on.
    """
    if said.since:
        yield from _where(said)
        yield _time(said.words.since, said.words.since_short, clock_time(said.since, present, said.words))
    if said.of_the_end:
        yield Line(said.of_the_end, cut=Cut.SPARE)  # one line: a channel gives the room to spare to one
    if said.kind is Kind.DELISTED and said.description:
        yield Line(said.description, cut=Cut.SENTENCES)
    yield from _others(said)


def _others(said: Content) -> Iterator[Line]:
    long, short = said.others
    if long:
        yield Line(long, (short,))


def _rest(said: Content) -> Iterator[Line]:
    if said.web and said.kind not in ENDINGS and json_length(said.web) <= WEB_BYTES:
        yield Line(said.web, ("",))
    yield from _credit(said)


def _credit(said: Content) -> Iterator[Line]:
    if said.sender:
        sender = shorten(said.sender, NAME_BYTES)
        yield Line(sender, ("",))
    if said.credit:
        credit = shorten(said.credit, CREDIT_BYTES)
        yield Line(credit, (credit, credit, ""))


def _marked_end(said: Content) -> Iterator[Line]:
    """Yield that it is an exercise, once more: whoever scrolls to the end, or hears it read out, must not miss it."""
    if said.mark:
        yield Line(said.mark, cut=Cut.END)


def _foreign(said: Content) -> Iterator[Line]:
    """Yield the language of a text that is in none of the reader's, in brackets: no language's words would do."""
    if said.foreign:
        yield Line(f"[{said.foreign}]", (f"[{said.foreign}]", ""))
