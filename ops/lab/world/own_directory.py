"""A directory for one run at a time, and an end that stops everything."""

from __future__ import annotations

import fcntl
import shutil
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class OutError(Exception):
    """The directory for the run cannot be used."""


@contextmanager
def owned(out: Path, sign: str) -> Iterator[None]:
    """Make `out` an empty directory of our own. An earlier run in it, known by a directory called `sign`, is removed.
    Raises OutError."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.with_name(f"{out.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutError(f"another run is going on in {out}") from None
        if out.exists() and any(out.iterdir()) and not (out / sign).is_dir():
            raise OutError(f"{out} holds something else; it is not removed")
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        yield


@contextmanager
def orderly_end() -> Iterator[None]:
    """SIGTERM ends the run like Ctrl-C: everything that was started is stopped."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
