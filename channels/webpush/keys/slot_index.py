"""Maps endpoints' ids to slots of a store: in four bytes each where they follow one another.

A `dict` of two numbers takes some 120 bytes an entry, as much as what it leads to. The record hands ids out one after
another to the endpoints of all channels. Where many of them are browsers, a page of ids is an array of slots; where few
are, those few are in a `dict` after all.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_PAGE_BITS: Final = 8
_PAGE: Final = 1 << _PAGE_BITS
"""Ids of a page: an array of them takes 1.1 KB."""
_WITHIN: Final = _PAGE - 1
_DENSE: Final = 32
"""From so many ids of a page on that have a slot the page has an array, in which each takes 35 bytes at most."""
_SPARSE: Final = 16
"""With fewer it has none any more."""
_LOOK_EVERY: Final = 8
"""Of so many slots that are taken one has its page looked at, whether it is worth an array: 15 us."""
_NONE: Final = -1
_EMPTY: Final = array("i", [_NONE]) * _PAGE


class SlotIndex:
    """An index from ids to slots, numbers from 0 on that are used again."""

    def __init__(self) -> None:
        self._pages: dict[int, array[int]] = {}
        self._loose: dict[int, int] = {}
        """The slots of ids whose page has no array."""
        self._free = array("i")
        self.made = 0
        """How many slots there are, taken and free."""

    def __len__(self) -> int:
        return self.made - len(self._free)

    def __contains__(self, endpoint_id: int) -> bool:
        return self.get(endpoint_id) >= 0

    def get(self, endpoint_id: int) -> int:
        """Return an id's slot; -1 if it has none."""
        page = self._pages.get(endpoint_id >> _PAGE_BITS)
        return self._loose.get(endpoint_id, _NONE) if page is None else page[endpoint_id & _WITHIN]

    def take(self, endpoint_id: int) -> int:
        """Give an id that has none a slot, and return that. It equals what `made` was if it is a new one."""
        if self._free:
            slot = self._free.pop()
        else:
            slot = self.made
            self.made += 1
        number = endpoint_id >> _PAGE_BITS
        page = self._pages.get(number)
        if page is None:
            self._loose[endpoint_id] = slot
            if not slot % _LOOK_EVERY:
                self._look_at(number)
        else:
            page[endpoint_id & _WITHIN] = slot
        return slot

    def pop(self, endpoint_id: int) -> int:
        """Free an id's slot, and return that; -1 if it has none."""
        page = self._pages.get(endpoint_id >> _PAGE_BITS)
        if page is None:
            slot = self._loose.pop(endpoint_id, _NONE)
        else:
            within = endpoint_id & _WITHIN
            slot = page[within]
            page[within] = _NONE
        if slot >= 0:
            self._free.append(slot)
        return slot

    def chunks(self) -> Iterator[list[tuple[int, int]]]:
        """Yield the ids and slots that there were at the beginning, some at a time, as they are when it is their turn.
        A page that few have stayed in gives its array up: ids rise for ever.
        """
        loose = list(self._loose)
        for number in list(self._pages):
            taken = self._slots_of(number)
            if len(taken) < _SPARSE:
                del self._pages[number]
                self._loose.update(taken)
            yield taken
        for at in range(0, len(loose), _PAGE):
            yield [(one, self._loose[one]) for one in loose[at : at + _PAGE] if one in self._loose]

    def clear(self) -> None:
        """Free all slots."""
        self._pages.clear()
        self._loose.clear()
        self._free = array("i", range(self.made - 1, -1, -1))

    def _look_at(self, number: int) -> None:
        """Make an array for a page that is worth one."""
        taken = self._slots_of(number)
        if len(taken) < _DENSE:
            return
        page = self._pages[number] = _EMPTY[:]
        for endpoint_id, slot in taken:
            page[endpoint_id & _WITHIN] = slot
            del self._loose[endpoint_id]

    def _slots_of(self, number: int) -> list[tuple[int, int]]:
        """Return the ids of a page that have a slot, in their order, each with it."""
        first, page = number << _PAGE_BITS, self._pages.get(number)
        if page is not None:
            return [(first + within, slot) for within, slot in enumerate(page) if slot >= 0]
        loose = self._loose
        return [(one, loose[one]) for one in range(first, first + _PAGE) if one in loose]
