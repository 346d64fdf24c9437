"""File locks by which dispatchers and servers keep out of each other's way (flock(2): the kernel lets go of
one when the last process that holds the open file has ended, however it ended).
"""

import fcntl
import os
import time
from pathlib import Path

_POLL = 0.05  # seconds; flock knows no timeout


def lock_directory(path: Path) -> int | None:
    """An open file that holds the lock on this directory, or None if another process has it."""
    return _locked(os.open(path, os.O_RDONLY | os.O_DIRECTORY), patience=0.0)


def lock_file(path: Path, *, patience: float) -> int | None:
    """The same for a file, created if need be; waits up to `patience` seconds for the other to end."""
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
