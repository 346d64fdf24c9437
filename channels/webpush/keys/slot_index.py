"""Maps endpoints' ids to slots of a store, in a few bytes each.

A `dict` of two numbers takes about 90 bytes an entry, as much as what it leads to. The record hands ids out one after
another, so that most of a page's places are in use.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_PAGE_BITS: Final = 8
"""Ids of a page, as a power of two: 1.1 KB, little enough to lie idle where an id stands alone."""
_PAGE: Final = 1 << _PAGE_BITS
_WITHIN: Final = _PAGE - 1
_NONE: Final = -1
_EMPTY: Final = array("i", [_NONE]) * _PAGE


class SlotIndex:
    """An index from ids to slots, numbers from 0 on that are used again: 4 bytes for each id of a page, 4 for each slot
    that is free.
    """

    def __init__(self) -> None:
        self._pages: dict[int, array[int]] = {}
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
        return _NONE if page is None else page[endpoint_id & _WITHIN]

    def take(self, endpoint_id: int) -> int:
        """Give an id that has none a slot, and return that. It equals what `made` was if it is a new one."""
        number = endpoint_id >> _PAGE_BITS
        page = self._pages.get(number)
        if page is None:
            page = self._pages[number] = _EMPTY[:]
        if self._free:
            slot = self._free.pop()
        else:
            slot = self.made
            self.made += 1
        page[endpoint_id & _WITHIN] = slot
        return slot

    def pop(self, endpoint_id: int) -> int:
        """Free an id's slot, and return that; -1 if it has none."""
        try:
            page = self._pages[endpoint_id >> _PAGE_BITS]
        except KeyError:
            return _NONE
        within = endpoint_id & _WITHIN
        slot = page[within]
        if slot >= 0:
            page[within] = _NONE
            self._free.append(slot)
        return slot

    def pages(self) -> Iterator[list[tuple[int, int]]]:
        """Yield the ids and slots of each page there was at the beginning, as they are when it is their turn. A page
        that has none is let go: ids rise for ever.
        """
        for number in list(self._pages):
            page = self._pages.get(number, _EMPTY)
            first = number << _PAGE_BITS
            taken = [(first + within, slot) for within, slot in enumerate(page) if slot >= 0]
            if not taken:
                self._pages.pop(number, None)
            yield taken

    def clear(self) -> None:
        """Free all slots."""
        self._pages.clear()
        self._free = array("i", range(self.made - 1, -1, -1))
