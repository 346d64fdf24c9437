"""Keeps a message in a file until it is known what came of it."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

FOLDER: Final = "dispatcher-"
"""How a folder's name begins in which a message waits for its answer."""


def kept(name: str, body: bytes) -> Path:
    """Write a message that is about to be sent, for its sender's eyes only, where one is, or where that is not allowed
    in a new folder for what is passing; return the file. What is there already is never written over, and no link
    followed: others may write to such a folder too.
    """
    try:
        return _written(Path(name), body)
    except OSError:
        return _written(Path(tempfile.mkdtemp(prefix=FOLDER), name), body)


def _written(file: Path, body: bytes) -> Path:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(body)
    return file


def remove(file: Path) -> None:
    """Remove the file of a message, and the folder that was made for it."""
    file.unlink(missing_ok=True)
    if file.parent.name.startswith(FOLDER):
        with suppress(OSError):
            file.parent.rmdir()
