"""`/livez`, `/readyz`, `/metrics`: on a port of its own of every process, and without metrics on the API's."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dispatcher.store.record import UNAVAILABLE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from dispatcher.metrics import Metrics
    from dispatcher.queue.wakeups import WakeUpQueue
    from dispatcher.store.record import Pool

PROBE_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class Health:
    """Finds out whether what this process needs is there."""

    pool: Pool
    wake_ups: WakeUpQueue
    needs_queue: bool
    """Whether the queue is needed: the API accepts without Redis; a worker hears nothing without it."""
    _broken_off: set[asyncio.Future[object]] = field(default_factory=set)

    async def check(self) -> dict[str, bool]:
        """Return whether each part is there; does not raise."""
        return {"record": await self._record(), "queue": await self.wake_ups.ping()}

    async def _record(self) -> bool:
        # The timeout of a statement would begin only once the pool has a connection to spare; and a statement that is
        # broken off waits for a server that hangs to hear of it.
        asking = asyncio.ensure_future(self.pool.fetchval("SELECT true"))
        await asyncio.wait({asking}, timeout=PROBE_TIMEOUT_S)
        if not asking.done():
            asking.cancel()
            self._broken_off.add(asking)
            asking.add_done_callback(self._forget)
            return False
        try:
            return bool(asking.result())
        except UNAVAILABLE:
            return False

    def _forget(self, asking: asyncio.Future[object]) -> None:
        self._broken_off.discard(asking)
        if not asking.cancelled():
            asking.exception()  # seen, and of no interest any more

    def ready(self, parts: dict[str, bool]) -> bool:
        return parts["record"] and (parts["queue"] or not self.needs_queue)


class Readiness:
    """Asks how the process is, for whoever wants to know at that moment at once."""

    def __init__(self, metrics: Metrics, health: Health) -> None:
        self._metrics = metrics
        self._health = health
        self._asking: asyncio.Task[dict[str, bool]] | None = None

    async def parts(self) -> dict[str, bool]:
        """Return whether each part is there, and show it in the metrics."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        return await asyncio.shield(self._asking)

    async def _ask(self) -> dict[str, bool]:
        parts = await self._health.check()
        self._metrics.record_up.set(parts["record"])
        self._metrics.queue_up.set(parts["queue"])
        return parts

    async def answer(self, *, with_parts: bool) -> Response:
        parts = await self.parts()
        ready = self._health.ready(parts)
        body = {"status": "ok" if ready else "unavailable", **(parts if with_parts else {})}
        return JSONResponse(body, status_code=200 if ready else 503)


async def livez(_: Request) -> Response:
    """Say that the process answers."""
    return JSONResponse({"status": "ok"})


def public_probes(metrics: Metrics, health: Health) -> list[Route]:
    """Return the routes for a port that strangers reach: they say up or down, and not what is missing."""
    readiness = Readiness(metrics, health)

    async def readyz(_: Request) -> Response:
        return await readiness.answer(with_parts=False)

    return [Route("/livez", livez), Route("/readyz", readyz)]


def probe_app(
    metrics: Metrics, health: Health, know: Callable[[], Awaitable[None]] | None = None
) -> Starlette:
    """Return the application of the port that is the operator's: metrics, and probes that say which part is missing.

    `know` is run before each scrape: it may add series that only the record knows of.
    """
    readiness = Readiness(metrics, health)

    async def readyz(_: Request) -> Response:
        return await readiness.answer(with_parts=True)

    async def exposition(_: Request) -> Response:
        parts = await readiness.parts()
        if know is not None and parts["record"]:
            await know()
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return Starlette(routes=[Route("/livez", livez), Route("/readyz", readyz), Route("/metrics", exposition)])
