"""The process around the stand-in SMS centre: SMPP at one port or several, control requests at another."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from ops.lab.gateways.http.http1 import Http1Connection
from ops.lab.gateways.journal import Journal
from ops.lab.gateways.process import end, port_of, ready_line, run_until, stop_signals
from ops.lab.gateways.smpp.centre import Account, Centre
from ops.lab.gateways.smpp.control import Control
from ops.lab.gateways.smpp.session import Session
from ops.lab.world import ledger as ledgers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ops.lab.gateways.http.exchange import Closable
    from ops.lab.gateways.process import Listen


async def serve(account: Account, listen: Listen, ledger: Path, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT. Raises OSError if the ledger cannot be written: better dead than a gap.

    `announce` gets one JSON line once every port is open, see `ops.lab.gateways.launch.Ready`.
    """
    loop = asyncio.get_running_loop()
    with stop_signals() as ended:
        earlier = ledgers.read(ledger).entries
        journal = Journal(ledger, partial(end, ended))
        centre = Centre(account, journal, earlier)
        connections: set[Closable] = set()
        handle = Control(centre, journal).handle
        control = await loop.create_server(lambda: Http1Connection(handle, 0, connections), listen.host, 0)
        servers = [await _listen(centre, listen, port) for port in listen.ports]
        scheme = "smpps" if listen.tls_cert else "smpp"
        at = f"http://{listen.host}:{port_of(control)}"
        announce(ready_line(account.channel, listen, servers, ledger, scheme, at))
        try:
            await run_until(ended, (*servers, control), journal, connections)
        finally:
            for session in tuple(centre.sessions):
                session.close()


async def _listen(centre: Centre, listen: Listen, port: int) -> asyncio.Server:
    bound = port

    def connect() -> Session:
        return Session(centre, bound)

    server = await asyncio.get_running_loop().create_server(
        connect, listen.host, port, ssl=listen.tls(alpn=False), start_serving=False
    )
    bound = port_of(server)
    await server.start_serving()
    return server
