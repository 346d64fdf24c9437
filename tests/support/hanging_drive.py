"""Files that do not answer, as below a network drive whose server is away."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LISTING = frozenset({"os.listdir", "os.scandir"})


@contextmanager
def hanging_directory(folder: Path) -> Iterator[None]:
    """A directory in which whoever lists it waits until this is over."""
    back = threading.Event()

    def wait(event: str, arguments: tuple[object, ...]) -> None:
        if event in _LISTING and not back.is_set() and str(arguments[0]) == str(folder):
            back.wait()

    sys.addaudithook(
        wait
    )  # there is no way to take one away: it asks one thing of each event, and then nothing
    try:
        yield
    finally:
        back.set()


@contextmanager
def hanging_file(path: Path) -> Iterator[None]:
    """A file in which whoever reads it waits until this is over, and then finds nothing."""
    os.mkfifo(path, 0o600)
    with _left_alone():
        try:
            yield
        finally:
            # Both ways round: who waits for a writer, or comes yet, finds the end of the file.
            end = os.open(path, os.O_RDWR | os.O_NONBLOCK)
            path.unlink()
            os.close(end)


@contextmanager
def _left_alone() -> Iterator[None]:
    """Wait at the end for the threads that hung: the next test may count them."""
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        if thread.daemon:
            thread.join()
