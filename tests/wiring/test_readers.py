"""The processes in which untrusted bytes are read."""

import importlib

from dispatcher.metrics import Metrics
from dispatcher.settings import Settings
from dispatcher.wiring.readers import FEED_READERS, READER_MODULES, SUBMISSION_READERS, reader_pool


async def test_readers_are_made_and_none_is_started() -> None:
    """A test that starts a process without saying so fails."""
    for limits in (SUBMISSION_READERS, FEED_READERS):
        await reader_pool(Settings(), limits, Metrics()).aclose()


def test_what_readers_need_is_there() -> None:
    assert all(importlib.import_module(name) for name in READER_MODULES)
