"""Hand spans to a collector by OTLP over HTTP, beside all work: nobody waits for it, and what it does not take is
counted.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import structlog

from channels.http.messages import HttpError, Request, header_lines
from dispatcher.metrics.process import SpanOutcome
from dispatcher.traces.protobuf import export_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from channels.http.addresses import AddressPolicy
    from channels.http.client import HttpClient
    from dispatcher.traces.spans import Attributes, Span

WAITING_MAX: Final = 4096
"""Spans that wait at most, some 2 MB: those of four million recipients, or of an hour of alerts."""
TOGETHER_MAX: Final = 256
"""Spans of one request: some 60 kB, which take a few milliseconds of this process' one thread to write."""
INTERVAL_S: Final = 2.0
"""How long a span waits for others."""
TIMEOUT_S: Final = 5.0
"""How long a collector may take to answer."""
PAUSE_MAX_S: Final = 60.0
"""The longest pause before a collector is asked again that did not answer: each is twice as long as the one before."""
LAST_S: Final = 1.0
"""How long the end of a process waits for the collector."""
AGAIN: Final = frozenset({429, 502, 503, 504})
"""The statuses after which the same spans are to be sent again, and no others (OTLP 1.9, "failures")."""
_TAKEN: Final = range(200, 300)
_HEADERS: Final = header_lines({"Content-Type": "application/x-protobuf"})

log = structlog.get_logger()


class SpanExporter:
    """Keeps the spans of a process until the collector has them."""

    def __init__(
        self,
        url: str,
        http: HttpClient,
        policy: AddressPolicy,
        resource: Attributes,
        count: Callable[[SpanOutcome, int], None],
        *,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        """`resource` says which process this is. `count` is told what became of how many spans."""
        self._timeout_s = timeout_s
        self._url = url
        self._http = http
        self._policy = policy
        self._resource = resource
        self._count = count
        self._waiting: deque[Span] = deque()
        self._failure = ""
        """Why the collector takes nothing, as it was logged."""
        self.pause_s = INTERVAL_S
        """How long to wait before the next `flush`."""

    def put(self, make: Callable[[], Span]) -> None:
        """Make a span and keep it for the collector, at once and whatever is the matter with that; a full queue loses
        it, and so does a mistake in making it: neither is the step's that it is of.
        """
        if len(self._waiting) >= WAITING_MAX:
            self._count(SpanOutcome.QUEUE_FULL, 1)
            return
        try:
            self._waiting.append(make())
        except Exception as error:  # noqa: BLE001 - it ends no step of a warning; it is counted and logged
            self._note(type(error).__name__, error)
            self._count(SpanOutcome.FAILED, 1)

    async def flush(self) -> None:
        """Hand over what waits, until nothing does or the collector takes no more. Raises nothing."""
        while self._waiting:
            spans = [self._waiting.popleft() for _ in range(min(TOGETHER_MAX, len(self._waiting)))]
            outcome = None
            try:
                outcome = await self._post(spans)
            except Exception as error:  # noqa: BLE001 - it ends no process that warns; it is counted and logged
                self._note(type(error).__name__, error)
                outcome = SpanOutcome.FAILED  # once more it would fail in the same way
            finally:
                if outcome is None:
                    self._waiting.extendleft(reversed(spans))
            if outcome is None:
                self.pause_s = min(2 * self.pause_s, PAUSE_MAX_S)
                return
            self._count(outcome, len(spans))
        self.pause_s = INTERVAL_S

    async def aclose(self) -> None:
        """Hand over what is left, if the collector takes it at once."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_S):
                await self.flush()
        if self._waiting:
            self._count(SpanOutcome.UNSENT, len(self._waiting))
            self._waiting.clear()

    async def _post(self, spans: list[Span]) -> SpanOutcome | None:
        """Return what became of the spans; None: they are to be sent again."""
        body = export_request(
            self._resource, ("cap-dispatcher", str(self._resource["service.version"])), spans
        )
        try:
            answer = await self._http.fetch(
                Request(self._url, _HEADERS, body, self._timeout_s, policy=self._policy)
            )
        except HttpError as error:
            self._note(error.code)
            return None
        if answer.status in _TAKEN:
            self._note("")
            return SpanOutcome.SENT
        self._note(f"http_{answer.status}")
        return None if answer.status in AGAIN else SpanOutcome.REFUSED

    def _note(self, failure: str, error: Exception | None = None) -> None:
        """Say in the log when the collector begins to fail, or fails otherwise, and when it is back."""
        if failure == self._failure:
            return
        self._failure = failure
        if failure:
            log.warning("traces_not_taken", reason=failure, exc_info=error)
        else:
            log.info("traces_taken_again")
