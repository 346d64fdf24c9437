"""Sheds reads: no submission waits behind clients that only look.

On the worst day all control centres follow their warnings and all apps ask what is in force, at once. Each of them
wants a connection to the record and this process' one thread, as a submission does. So few reads are worked on at a
time, few wait, none for long, and a client that finds no place is refused at once. Submissions and gateways' reports
are never held up.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from dispatcher.api.problems import problem_response
from dispatcher.model.problems import ProblemType, RequestRefused

if TYPE_CHECKING:
    from prometheus_client import Counter
    from starlette.types import ASGIApp, Receive, Scope, Send

READS_AT_ONCE: Final = 4
LEDGERS_AT_ONCE: Final = 2
"""How many ledgers are read at once: of ten connections to the record this leaves four to submissions. Ledgers are
long, and a reader that takes its time must not keep others from theirs."""
WAITING: Final = 64
WAIT_S: Final = 1.0
PREVIEW: Final = "/v1/alerts/preview"
BUSY: Final = RequestRefused(
    ProblemType.OVERLOADED,
    "Gerade fragen sehr viele ab, Warnungen haben Vorrang. Bitte gleich noch einmal abfragen.",
)


class Gate:
    """Bounds how many requests run at once, how many wait, and for how long."""

    def __init__(self, at_once: int, waiting: int = WAITING, wait_s: float = WAIT_S) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._most_waiting = waiting
        self._wait_s = wait_s
        self._waiting = 0

    async def enter(self) -> bool:
        """Return whether there was a place; a caller that got one has to `leave`."""
        if self._turns.locked() and self._waiting >= self._most_waiting:
            return False
        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait_s):
                await self._turns.acquire()
        except TimeoutError:
            return False
        finally:
            self._waiting -= 1
        return True

    def leave(self) -> None:
        self._turns.release()


class ShedReads:
    """The ASGI middleware that lets reads through their gates."""

    def __init__(self, app: ASGIApp, shed: Counter) -> None:
        self._app = app
        self._shed = shed
        self._reads = Gate(READS_AT_ONCE)
        self._ledgers = Gate(LEDGERS_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gate = self._gate(scope)
        if gate is None:
            await self._app(scope, receive, send)
        elif await gate.enter():
            try:
                await self._app(scope, receive, send)
            finally:
                gate.leave()
        else:
            self._shed.inc()
            await problem_response(BUSY)(scope, receive, send)

    def _gate(self, scope: Scope) -> Gate | None:
        if scope["type"] != "http":
            return None
        path: str = scope["path"]
        if scope["method"] == "POST":
            return self._reads if path == PREVIEW else None
        if not path.startswith("/v1/") or path.startswith("/v1/gateways/"):
            return None  # probes must answer, and a gateway's GET is a report
        return self._ledgers if path.endswith("/ledger") else self._reads
