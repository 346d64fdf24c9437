"""The HTTP server of a process: uvicorn, with bounds on what a connection may cost."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING, cast

import uvicorn

from dispatcher.runtime.acceptor import Acceptor
from dispatcher.runtime.http_connections import Connections
from dispatcher.runtime.http_protocol import BoundedProtocol
from dispatcher.runtime.http_transport import DEFAULT_LIMITS
from dispatcher.runtime.strangers import Strangers

if TYPE_CHECKING:
    import socket

    from starlette.types import ASGIApp

    from dispatcher.metrics import Metrics
    from dispatcher.runtime.beside_asgi.ready_answers import ReadyAnswers
    from dispatcher.runtime.brief_requests import BriefRequests
    from dispatcher.runtime.http_transport import HttpLimits

GRACEFUL_S = 10
DATED_EVERY_S = 1.0
"""How old the date of an answer may be: it has whole seconds."""


class BoundedServer(uvicorn.Server):
    """Serves sockets that others opened, by protocols of ours. It ends once it is told to and nothing is under way;
    uvicorn by itself looks ten times a second whether it is to, and then waits for a tenth of a second.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        metrics: Metrics,
        limits: HttpLimits,
        brief: BriefRequests | None,
        ready: ReadyAnswers | None,
    ) -> None:
        self._ending = asyncio.Event()
        super().__init__(config)
        self._brief = brief
        self._ready = ready
        self._limits = limits
        self._connections = Connections(limits.connections, metrics)
        self._strangers = Strangers(limits.strangers)

    @property
    def should_exit(self) -> bool:
        """Whether the server is to end; set by whoever ends it, and by uvicorn."""
        return self._ending.is_set()

    @should_exit.setter
    def should_exit(self, wanted: bool) -> None:
        if wanted:
            self._ending.set()
        else:
            self._ending.clear()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept. Raises OSError."""
        await self.lifespan.startup()
        acceptors = [Acceptor(one, self._connections, self._connection) for one in sockets or []]
        for acceptor in acceptors:
            acceptor.start()
        self.servers = cast("list[asyncio.base_events.Server]", acceptors)  # which are closed and waited for
        self.started = True

    async def main_loop(self) -> None:
        """Keep the date of answers until the server is to end."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DATED_EVERY_S):
                    await self._ending.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept nothing more, let what is under way end, and close `sockets`."""
        for acceptor in self.servers:
            acceptor.close()
            await acceptor.wait_closed()
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)
        for one in sockets or []:
            one.close()

    def _connection(self) -> BoundedProtocol:
        return BoundedProtocol(
            limits=self._limits,
            connections=self._connections,
            strangers=self._strangers,
            brief=self._brief,
            ready=self._ready,
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )


def server_of(
    app: ASGIApp,
    metrics: Metrics,
    limits: HttpLimits = DEFAULT_LIMITS,
    brief: BriefRequests | None = None,
    ready: ReadyAnswers | None = None,
) -> uvicorn.Server:
    """Return a server that ends in an orderly way on SIGTERM and SIGINT: uvicorn by itself would raise the signal again
    in the end, and the process die of it before it has put away what it holds
    (findings/uvicorn-raises-the-signal-again.sh).
    """
    config = uvicorn.Config(
        app,
        ws="none",
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_keep_alive=cast("int", limits.idle_s),  # which is handed to `call_later`
        timeout_graceful_shutdown=GRACEFUL_S,
    )
    server = BoundedServer(config, metrics, limits, brief, ready)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    return server


async def serve_both(
    server: uvicorn.Server, listener: socket.socket, metrics: uvicorn.Server, metrics_listener: socket.socket
) -> None:
    """Serve until `server` ends, and its metrics beside it. What ends one by an error ends both."""
    async with asyncio.TaskGroup() as group:
        group.create_task(metrics.serve(sockets=[metrics_listener]))
        await server.serve(sockets=[listener])
        metrics.should_exit = True


def stop_on_signals(server: uvicorn.Server) -> None:
    """Let SIGTERM and SIGINT end `server` from now on. Call it in the main thread, with its loop running."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.handle_exit, number, None)
