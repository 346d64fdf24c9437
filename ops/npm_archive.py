"""Fetch a package's archive through npm, once; nothing of it is run."""

from __future__ import annotations

import hashlib
import subprocess
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

FETCH_TIMEOUT_S: Final = 600


def fetched_digest(package: str, archive: Path) -> str:
    """Return the SHA-256 of a package's archive, as hexadecimal digits, by which the caller knows it. Where the archive
    is not there, npm puts it there, under the name that npm gives it.
    """
    if not archive.exists():
        archive.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["npm", "pack", "--silent", package],
            cwd=archive.parent,
            check=True,
            timeout=FETCH_TIMEOUT_S,
            stdout=subprocess.DEVNULL,
        )
    with archive.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
