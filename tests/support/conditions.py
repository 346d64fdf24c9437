"""Waiting for what is about to be so."""

import asyncio
from collections.abc import Callable

PATIENCE_S = 30.0


async def comes_true(condition: Callable[[], object], pause_s: float = 0.002) -> None:
    """Let the loop run until it is so. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if condition():
                return
            await asyncio.sleep(pause_s)
