"""Say which places are concerned in the room that there is, and always say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dispatcher.texts.words.words import Words


def listed(places: Sequence[str], count: int, words: Words) -> str:
    """Return the first `count` places, and how many more there are."""
    if count >= len(places):
        return ", ".join(places)
    if not count:
        return words.number_of_places.say(len(places))
    return f"{', '.join(places[:count])} {words.and_more.say(len(places) - count)}"


def abridged(places: Sequence[str], words: Words, room: int, length: Callable[[str], int] = len) -> str:
    """Return as many of the places as have room, and how many more there are. Of a single place the name is returned,
    of several their number at least, however little room there is.
    """
    if len(places) < 2 or length(listed(places, len(places), words)) <= room:
        return listed(places, len(places), words)
    low, high = 0, len(places) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if length(listed(places, middle, words)) <= room:
            low = middle
        else:
            high = middle - 1
    return listed(places, low, words)
