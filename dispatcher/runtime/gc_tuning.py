"""Python's cyclic garbage collector in a process that makes and drops some forty objects for every message."""

from __future__ import annotations

import gc

THRESHOLDS = 50_000, 25, 100
"""Containers more than before; rounds of the young; rounds of the middle. The default of 700 has the collector walk
through everything that a batch holds several times a second, which cost a fifth of a mass send's processor time.
"""


def configure() -> None:
    """What was made at the start stays: it is not to be looked through again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
