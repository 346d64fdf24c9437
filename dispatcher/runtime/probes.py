"""`/livez`, `/readyz`, `/metrics`: the same on every process."""

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


def probe_routes(
    metrics: Metrics, health: Health, know: Callable[[], Awaitable[None]] | None = None
) -> list[Route]:
    """Return the three routes, for the API's application and the worker's little one.

    `know` is run before each scrape: it may add series that only the record knows of.
    """

    async def livez(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def check() -> dict[str, bool]:
        parts = await health.check()
        metrics.record_up.set(parts["record"])
        metrics.queue_up.set(parts["queue"])
        return parts

    async def readyz(_: Request) -> Response:
        parts = await check()
        ready = health.ready(parts)
        return JSONResponse(
            {"status": "ok" if ready else "unavailable", **parts}, status_code=200 if ready else 503
        )

    async def exposition(_: Request) -> Response:
        parts = await check()
        if know is not None and parts["record"]:
            await know()
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return [Route("/livez", livez), Route("/readyz", readyz), Route("/metrics", exposition)]


def probe_app(metrics: Metrics, health: Health) -> Starlette:
    """Return an application with nothing but the probes."""
    return Starlette(routes=probe_routes(metrics, health))
