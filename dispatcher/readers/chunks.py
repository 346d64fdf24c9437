"""Reads many things in readers, some at a time: what stops a reader costs itself, and not what came with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from dispatcher.readers.readers import ReaderStopped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.readers.readers import Readers

Value = TypeVar("Value")
CHUNK = 100
"""How many messages a reader gets at once: together they may take as long as one alone."""


async def read_each(
    readers: Readers,
    source: str,
    function: Callable[[Boundaries, Sequence[Any], Any], list[Value]],
    things: Sequence[Any],
    more: Any,
) -> list[Value | ReaderStopped]:
    """Return what `function` makes of every thing, given `more`, in order; why not, of those that stopped a reader."""
    found: list[Value | ReaderStopped] = []
    for start in range(0, len(things), CHUNK):
        chunk = things[start : start + CHUNK]
        try:
            found += await readers.run(source, function, chunk, more)
        except ReaderStopped as stopped:
            if len(chunk) == 1:
                found.append(stopped)
            else:
                for thing in chunk:
                    alone = await read_each(readers, source, function, [thing], more)
                    found += alone
    return found
