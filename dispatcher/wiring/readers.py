"""Build the processes in which untrusted bytes are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatcher.readers.pool import ReaderLimits, ReaderPool
from dispatcher.readers.process import BoundaryFiles

if TYPE_CHECKING:
    from dispatcher.metrics import Metrics
    from dispatcher.settings import Settings

SUBMISSION_READERS = ReaderLimits(readers=6, share=2, time_s=15.0, memory_bytes=1 << 30, wait_s=5.0, kept=2)
"""Of one API process. No message of 2 MB that was looked for took a second to read, and few a second to match."""
FEED_READERS = ReaderLimits(readers=2, share=1, time_s=60.0, memory_bytes=3 << 30, wait_s=None)
"""Of a worker with feeds. A part of a list is read at once: a document of 32 MB, which may hold a continent's warnings
and then takes some 800 MB, or a hundred messages."""
READER_MODULES = ("dispatcher.intake.reading",)
"""What readers need."""


def reader_pool(settings: Settings, limits: ReaderLimits, metrics: Metrics) -> ReaderPool:
    """Return readers with the operator's boundaries; none is started yet."""
    files = BoundaryFiles(settings.boundaries, tuple(settings.registries))
    return ReaderPool(files, limits, metrics, preload=READER_MODULES)
