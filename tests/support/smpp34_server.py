"""An SMS centre made of PyPI's `smpp34`, on the test's own loop. It asks for no password, and has no TLS."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import smpp34

HOST = "127.0.0.1"


@dataclass
class Smpp34Centre:
    """What it was sent, in the order in which its library handed it on, which is no promise; ids are counted."""

    port: int
    taken: list[smpp34.SubmitSmEvent] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    """With what the next texts are refused, 0 for one that is taken."""
    acknowledged: list[int] = field(default_factory=list)
    """The statuses that receipts were answered with."""
    receipts: bool = True
    _sessions: dict[str, Any] = field(default_factory=dict)

    async def run(self, server: smpp34.Server) -> None:
        while True:
            event = await server.next()
            if isinstance(event, smpp34.Esme):
                self._sessions[event.session_id] = event
            elif isinstance(event, smpp34.SubmitSmEvent):
                await self._answer(event)

    async def _answer(self, event: smpp34.SubmitSmEvent) -> None:
        status = self.statuses.pop(0) if self.statuses else 0
        if status:
            event.reject(status)
            return
        self.taken.append(event)
        identifier = str(len(self.taken))
        event.accept(identifier)
        if self.receipts and event.registered_delivery & 1:
            words = f"id:{identifier} sub:001 dlvrd:001 submit date:2611281200 done date:2611281200 stat:DELIVRD err:000"
            answer = await self._sessions[event.session_id].deliver_sm(
                event.source_addr, f"{words} text:".encode(), source_addr=event.destination_addr, esm_class=4
            )
            self.acknowledged.append(answer.command_status)


@contextlib.asynccontextmanager
async def smpp34_centre(**options: Any) -> AsyncIterator[Smpp34Centre]:
    """A running centre on a free port."""
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    centre = Smpp34Centre(port, **options)
    server = smpp34.Server(HOST, port, system_id="smpp34")
    await server.start()
    task = asyncio.ensure_future(centre.run(server))
    try:
        yield centre
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await server.stop()
