"""Reading in this process."""

import threading
from typing import Any

from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.readers.readers import InProcess


async def test_a_function_gets_the_boundaries_in_a_thread(boundaries: Boundaries) -> None:
    def found(given: Any, raw: bytes, *, more: int) -> tuple[bool, bytes, int, str]:
        return given is boundaries, raw, more, threading.current_thread().name

    same, raw, more, thread = await InProcess(boundaries).run("a", found, b"x", more=1)
    assert (same, raw, more) == (True, b"x", 1)
    assert thread != threading.current_thread().name
