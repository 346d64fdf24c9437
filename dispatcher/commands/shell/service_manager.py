"""Tell a service manager that a process is ready, as systemd wants to be told: sd_notify(3)."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import Final

SOCKET: Final = "NOTIFY_SOCKET"
"""Names the socket of the service manager that started us, and is not there without one."""


def say_ready() -> None:
    """Say that this process does its work from now on. Without a service manager, or where it does not listen, nothing
    happens: it is no reason not to warn.
    """
    address = os.environ.get(SOCKET, "")
    if not address.startswith(("/", "@")):
        return
    with (
        suppress(OSError),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as manager,
    ):
        # An abstract socket, which has no file: a NUL stands at its beginning in place of the @.
        manager.connect(f"\0{address[1:]}" if address.startswith("@") else address)
        manager.send(b"READY=1")
