"""The ledger's writing side: append, fsync, and only then let the answers go (group commit).

All lines that came in while the disk was busy share the next write and the next fsync, so that thousands of
requests a second need only hundreds of them.
"""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Journal:
    """An append-only file of lines. Made and used on one running event loop; the disk has its own thread."""

    def __init__(self, path: Path, on_failure: Callable[[BaseException], None]) -> None:
        """Open or create `path` (mode 0600). `on_failure` is called once if writing fails. Raises OSError."""
        self._fd = _open(path)
        self._on_failure = on_failure
        self._loop = asyncio.get_running_loop()
        self._disk = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self._lines: list[bytes] = []
        self._afterwards: list[Callable[[], None]] = []
        self._under_way: asyncio.Future[None] | None = None
        self._failed = self._closed = False
        self.commits = 0
        self.entries = 0

    def append(self, line: bytes, afterwards: Callable[[], None]) -> None:
        """Queue `line` (without newline); `afterwards` is called once it is on disk, never if it is not."""
        if self._closed:  # a delayed request that outlived us: as if the process were gone already
            return
        self._lines.append(line)
        self._afterwards.append(afterwards)
        if self._under_way is None and len(self._lines) == 1:
            # at the end of this round of the loop, so that requests read together are committed together
            self._loop.call_soon(self._commit)

    async def aclose(self) -> None:
        """Commit what waits, call what waits for it, close the file."""
        while not self._failed and (self._under_way or self._lines):
            if self._under_way is None:
                self._commit()
            else:
                await asyncio.wait([self._under_way])
        self._closed = True
        self._disk.shutdown()
        os.close(self._fd)

    def _commit(self) -> None:
        if self._under_way or not self._lines:
            return
        data = b"\n".join((*self._lines, b""))
        afterwards, self._afterwards, self._lines = self._afterwards, [], []
        self.commits += 1
        self.entries += len(afterwards)
        self._under_way = self._loop.run_in_executor(self._disk, _write, self._fd, data)
        self._under_way.add_done_callback(lambda written: self._committed(written, afterwards))

    def _committed(self, written: asyncio.Future[None], afterwards: list[Callable[[], None]]) -> None:
        self._under_way = None
        if error := written.exception():
            self._failed = True
            self._on_failure(error)
            return
        for call in afterwards:
            call()
        self._commit()


def _open(path: Path) -> int:
    fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    size = os.fstat(fd).st_size
    if size and os.pread(fd, 1, size - 1) != b"\n":
        _write(fd, b"\n")  # a killed predecessor's unfinished line must not swallow our first
    return fd


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
    os.fdatasync(fd)
