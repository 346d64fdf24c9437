"""The process in which message keys are made: it reads whose, and answers with the keys, until its caller is gone.

`python -m channels.webpush.keys.key_making`, started by `key_maker.KeyMaker` alone, speaks over the socket that is its
standard input. A request is the number of subscriptions (2 bytes, big-endian), then of each `p256dh` and `auth`; the
answer is that number again, and of each what `PrecomputedKeys` keeps, in the same order, and zeros where `p256dh` is no
point of P-256.

It imports nothing but the encryption: it is there in a quarter of a second, and takes some 20 MB.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from channels.webpush.encryption import AUTH_BYTES, POINT_BYTES, SALT_BYTES, derive
from channels.webpush.keys.kept_key import KEPT, kept_of

ASKED_BYTES: Final = POINT_BYTES + AUTH_BYTES
COUNT_BYTES: Final = 2
AUTOGROUP: Final = Path("/proc/self/autogroup")
NICE: Final = 10
"""How much the process gives way to all others of the machine: workers that send, the record, the API."""


def answer(asked: bytes) -> bytes:
    """Return the keys for the subscriptions of a request, which is given without its number."""
    return b"".join(
        _made(asked[start : start + POINT_BYTES], asked[start + POINT_BYTES : start + ASKED_BYTES])
        for start in range(0, len(asked), ASKED_BYTES)
    )


def serve(connection: socket.socket) -> None:
    """Answer requests until the other end is closed."""
    with connection.makefile("rb") as requests:
        while head := requests.read(COUNT_BYTES):
            size = int.from_bytes(head, "big") * ASKED_BYTES
            asked = requests.read(size)
            if len(asked) < size:
                return
            connection.sendall(head + answer(asked))


def main() -> None:  # pragma: no cover - runs in a process of its own
    """Serve the one who started this process, at the end of all others' queue."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all processes: the parent decides
    # Where no sandbox forbids it. Many kernels share processors out among sessions (sched(7)): this one is its own.
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):
        os.nice(NICE)
    with suppress(OSError):
        AUTOGROUP.write_text(str(NICE))
    with socket.socket(fileno=os.dup(sys.stdin.fileno())) as connection:
        try:
            serve(connection)
        except (BrokenPipeError, ConnectionResetError):
            return


def _made(p256dh: bytes, auth: bytes) -> bytes:
    try:
        return kept_of(derive(p256dh, auth, os.urandom(SALT_BYTES)))
    except ValueError:
        return bytes(KEPT.size)


if __name__ == "__main__":
    main()
