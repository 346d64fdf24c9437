"""What readers are given to do: they import it by name."""

import os
import signal
from pathlib import Path
from typing import Any


def size(boundaries: Any, raw: bytes) -> tuple[int, int]:
    return len(boundaries.municipalities), len(raw)


def pid(_boundaries: Any) -> int:
    return os.getpid()


def parent(_boundaries: Any) -> int:
    return os.getppid()


def spin(_boundaries: Any, here: str = "") -> None:
    """Never ends; `here` becomes a file that shows that it began."""
    if here:
        Path(here).write_text(str(os.getpid()))
    while True:
        pass


def hoard(_boundaries: Any) -> None:
    bytearray(4 << 30)


def die(_boundaries: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_once(_boundaries: Any, here: str) -> str:
    if not Path(here).exists():
        Path(here).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "read"


def fail(_boundaries: Any) -> None:
    raise LookupError("of the function's own")
