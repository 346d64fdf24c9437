"""What runs in a reader: its bounds, and its boundaries."""

from __future__ import annotations

import gc
import os
import resource
import signal
import threading
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import connection, parent_process
from typing import TYPE_CHECKING, Any

from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.targeting.registries import with_registries

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class BoundaryFiles:
    """Where the boundaries are read from: a bundle, or None for that of the package, and tables of codes."""

    bundle: Path | None = None
    registries: tuple[Path, ...] = ()

    def load(self) -> Boundaries:
        """Read them; raises `ValueError` or `OSError`."""
        return with_registries(_bundle(self.bundle), self.registries)


@lru_cache(maxsize=1)
def _bundle(path: Path | None) -> Boundaries:
    return Boundaries.load(path) if path else Boundaries.default()


_boundaries: Boundaries | None = None


def begin(files: BoundaryFiles, memory_bytes: int) -> None:  # pragma: no cover - runs in readers
    """Bound the process and load its boundaries. It ends when its parent does, however that ended."""
    global _boundaries  # noqa: PLW0603 - a reader has one set, loaded once
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all processes: the parent decides
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    threading.Thread(target=end_with_parent, daemon=True).start()
    _boundaries = files.load()
    gc.freeze()  # what every message needs is not gone through for each of them


def end_with_parent() -> None:  # pragma: no cover - runs in processes that others start
    """End this process as soon as the one that started it has ended, however that did: for a thread of its own."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def call(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run a function with the reader's boundaries."""
    return function(_boundaries, *args, **kwargs)
