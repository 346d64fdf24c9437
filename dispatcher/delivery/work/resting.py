"""Keep what the batches of one process share: whether it stops, who is to be alone in it, and how many only wait."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from dispatcher.delivery.lanes import LaneGate
    from dispatcher.model.batches import Lease

RESTING_RECIPIENTS_MAX = 50_000
"""Recipients of the batches of a process that only wait for silent requests, at most: each takes about a kilobyte.
Further such batches keep their place among the jobs."""


class SharedProcess:
    """What the batches of one process share. It is used from one event loop."""

    def __init__(self) -> None:
        self.stopping = asyncio.Event()
        self.alone = asyncio.Lock()
        """Held by whom no other request may be beside."""
        self.resting = 0
        """Recipients of batches that only wait for silent requests."""

    @contextmanager
    def rest(
        self, lease: Lease, gate: LaneGate, resting: Callable[[], AbstractContextManager[object]]
    ) -> Iterator[None]:
        """Only wait: neither the place among the jobs, which `resting` gives away, nor the lane's precedence is taken
        up meanwhile.
        """
        size = len(lease.recipients)
        if self.resting + size > RESTING_RECIPIENTS_MAX:
            yield
            return
        self.resting += size
        try:
            with gate.rest(lease.lane), resting():
                yield
        finally:
            self.resting -= size
