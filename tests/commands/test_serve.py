"""The commands that run the service."""

import socket
from typing import Any


async def test_a_port_in_use_is_said_before_anything_is_started(dispatcher: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = await dispatcher("up", WARN_API_PORT=str(port))
    assert done.returncode == 1
    assert (
        f"nothing can listen on 127.0.0.1:{port} (Address already in use): set WARN_API_HOST" in done.stderr
    )
