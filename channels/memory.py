"""Finds out whether there is memory to be had."""

from __future__ import annotations

import mmap


def granted(size: int) -> bool:
    """Return whether the kernel would give so many bytes now. Asked directly: malloc(3) would answer out of what it
    keeps, and keep more from then on. They are never touched, which costs an entry in a table.
    """
    try:
        mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    except (MemoryError, OSError):
        return False
    return True
