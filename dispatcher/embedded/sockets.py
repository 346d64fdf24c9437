"""Where the servers' Unix sockets live."""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING

from dispatcher.embedded.errors import EmbeddedError

if TYPE_CHECKING:
    from pathlib import Path

LONGEST_PATH = 107  # bytes: sun_path in <sys/un.h> holds 108, the last one is NUL

_NEEDS_NO_QUOTING = re.compile(r"[A-Za-z0-9/._~-]+")  # RFC 3986 §2.3; not every URL reader of ours unquotes


def socket_directory(preferred: Path, file_name: str, *, temp_dir: Path) -> Path:
    """Return `preferred`, unless a socket of this name in it cannot be bound or written into a URL; then a directory
    under `temp_dir` whose short name follows from `preferred`, so that restarts find the same one.

    Raises EmbeddedError where `temp_dir` is no better.
    """
    if _usable(preferred / file_name):
        return preferred
    digest = hashlib.sha256(os.fsencode(preferred)).hexdigest()
    short = temp_dir / f"dispatcher-{digest[:16]}"
    if not _usable(short / file_name):
        raise EmbeddedError(
            f"no place for the socket {file_name}: {preferred} and {temp_dir} are too long (limit"
            f" {LONGEST_PATH} bytes) or contain characters that URLs quote; choose another data directory"
        )
    return short


def _usable(path: Path) -> bool:
    return len(os.fsencode(path)) <= LONGEST_PATH and _NEEDS_NO_QUOTING.fullmatch(str(path)) is not None
