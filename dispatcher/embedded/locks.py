"""File locks by which dispatchers and servers keep out of each other's way (flock(2): the kernel releases
one when the last process that holds the open file has ended, however it ended).
"""

from __future__ import annotations

import fcntl
import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_POLL = 0.05  # seconds; flock knows no timeout


def lock_directory(path: Path) -> int | None:
    """Return an open file that holds the lock on this directory, or None if another process has it."""
    return _locked(os.open(path, os.O_RDONLY | os.O_DIRECTORY), patience=0.0)


def lock_file(path: Path, *, patience: float) -> int | None:
    """Lock a file, created if need be, in the same way; waits up to `patience` seconds for the other to end."""
    return _locked(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), patience=patience)


def _locked(file: int, *, patience: float) -> int | None:
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(file)
                return None
            time.sleep(_POLL)
        else:
            return file
