"""What every outbound socket is told: how long the kernel may keep our bytes, and when it is to forget them."""

from __future__ import annotations

import socket
import struct
from typing import Final

UNACKNOWLEDGED_MS: Final = 10_000
"""The longest that the kernel keeps bytes that the other side does not acknowledge, because it is away or does not
read; then it drops them and the connection, whatever we do meanwhile (TCP_USER_TIMEOUT, RFC 5482). It bounds how late
something leaves that we handed over in time. As long as a request may take by default: nobody waits for longer."""
_RESET: Final = struct.pack("ii", 1, 0)  # struct linger: on, for no time


def bound_unacknowledged(outbound: socket.socket) -> None:
    """Have the kernel drop what is not acknowledged for `UNACKNOWLEDGED_MS`."""
    outbound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS)


def reset_on_close(outbound: socket.socket) -> None:
    """Have the kernel drop what it has not sent, and reset the connection, when this is closed."""
    outbound.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


def silence(descriptor: int) -> None:
    """Let nothing more leave through this TCP socket, whose owner still has to close it. Nothing if it is none."""
    try:
        borrowed = socket.socket(fileno=descriptor)
    except (OSError, ValueError):  # closed, or -1
        return
    try:
        reset_on_close(borrowed)
        borrowed.shutdown(socket.SHUT_RDWR)
    except OSError:  # it has ended already
        return
    finally:
        borrowed.detach()
