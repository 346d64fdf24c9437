"""Python's cyclic garbage collector in a process that makes and drops some forty objects for every message."""

from __future__ import annotations

import gc

THRESHOLDS = 50_000, 25, 100
"""The three thresholds of `gc.set_threshold`: new containers, then rounds of the young and of the middle generation.
The default of 700 has the collector walk through everything that a batch holds several times a second, which cost a
fifth of a mass send's processor time."""


def configure() -> None:
    """Exempt what was made at the start, which stays: it is not to be looked through again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
