"""Put checkpoints where whoever changes the record does not reach them: into a file, or to somebody else's server."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Final, Protocol

from channels.http.messages import HttpError, Request

if TYPE_CHECKING:
    from pathlib import Path

    from channels.http.addresses import AddressPolicy
    from channels.http.client import HttpClient
    from dispatcher.audit.checkpoint import Checkpoint

TIMEOUT_S: Final = 10.0
"""How long a webhook may take to answer, and a file to have a line on the disk."""
_MODE: Final = 0o644
"""What stands in the file is for anybody to read."""
_TAKEN: Final = range(200, 300)


class AnchorRefused(Exception):
    """An anchor did not take a checkpoint. `code` is short, and never an address."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Anchor(Protocol):
    """A place outside of the record."""

    kind: str

    async def put(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint, for good when this returns; a second time does no harm. Raises `AnchorRefused`."""


class FileAnchor:
    """A file that lines are appended to, each on the disk before it counts."""

    kind = "file"

    def __init__(self, path: Path, timeout_s: float = TIMEOUT_S) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._writing: asyncio.Task[None] | None = None
        """The last write. Nobody can end one that hangs, as on a share whose server is away: it keeps a thread."""

    async def put(self, checkpoint: Checkpoint) -> None:
        if self._writing is not None and not self._writing.done():
            raise AnchorRefused("file_timeout")
        self._writing = asyncio.create_task(asyncio.to_thread(_append, self._path, checkpoint.line()))
        try:
            async with asyncio.timeout(self._timeout_s):
                await asyncio.shield(self._writing)
        except TimeoutError as error:
            raise AnchorRefused("file_timeout") from error
        except OSError as error:
            raise AnchorRefused(f"file_{(error.strerror or 'error').lower().replace(' ', '_')}") from error


class WebhookAnchor:
    """A server that takes each checkpoint as a POST of JSON and answers with a status of success."""

    kind = "webhook"

    def __init__(self, url: str, http: HttpClient, policy: AddressPolicy) -> None:
        self._url = url
        self._http = http
        self._policy = policy

    async def put(self, checkpoint: Checkpoint) -> None:
        headers = ["Content-Type: application/json"]
        request = Request(self._url, headers, checkpoint.line(), TIMEOUT_S, policy=self._policy)
        try:
            answer = await self._http.fetch(request)
        except HttpError as error:
            raise AnchorRefused(error.code) from error
        if answer.status not in _TAKEN:
            raise AnchorRefused(f"http_{answer.status}")


def _append(path: Path, line: bytes) -> None:
    """Append a line. One that was cut off when a machine stopped is ended before. Raises OSError."""
    new = not path.exists()
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _MODE)
    try:
        size = os.fstat(file).st_size
        ended = size == 0 or os.pread(file, 1, size - 1) == b"\n"
        written = os.write(file, line if ended else b"\n" + line)
        if written < len(line) + (not ended):
            raise OSError(None, "short write")
        os.fsync(file)
    finally:
        os.close(file)
    if new:
        directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
