"""Write a file whole or not at all, for its owner's eyes only: what is in it are people's numbers."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO


def require_new(file: Path) -> None:
    """Require that there is none yet, but a folder that it can be written to. Raises FileExistsError, OSError."""
    if file.exists() or file.is_symlink():
        raise FileExistsError(f"{file} is there already, and is not written over: name another file")
    if not os.access(file.parent, os.W_OK):
        raise PermissionError(f"nothing can be written to {file.parent}")


@contextmanager
def written_whole(file: Path) -> Iterator[IO[bytes]]:
    """Write a new file beside the one meant, and put it in its place at the end; after an error there is none. Raises
    FileExistsError where there is one already, OSError.
    """
    require_new(file)
    number, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)  # mode 0600
    draft = Path(name)
    try:
        with os.fdopen(number, "wb") as opened:
            yield opened
            opened.flush()
            os.fsync(opened.fileno())
        # A link is never made over what is there, which others may have put there meanwhile.
        os.link(draft, file)
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()
