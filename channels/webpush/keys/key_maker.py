"""Has message keys made in a process of its own, on another processor than the one that sends.

Who is about to be sent to and has no key, as after a restart, is made one there from the last on, while whoever sends
makes those of the first: the two meet in the middle, and hardly a key is made twice. Without this process, or until it
is there, the store's owner makes them all.

The process is started when many keys are missing, and ended when none has been for a while: an idle worker has none.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from channels.base import Permanent
from channels.webpush.encoder import subscription_keys
from channels.webpush.keys.kept_key import KEPT
from channels.webpush.keys.key_making import COUNT_BYTES
from channels.webpush.keys.precomputed_keys import fingerprint_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from channels.base import Endpoint
    from channels.webpush.keys.precomputed_keys import PrecomputedKeys

MANY: Final = 64
"""How many keys must be missing for the process to be worth its start (0.3 s of a processor), and how many are asked
for at a time: some 6 ms of work."""
AHEAD: Final = 2
"""Requests under way: while one is answered, the next is there."""
_PLANNED: Final = 4 * MANY
"""The most subscriptions that wait for a key which nobody needs now."""
_EXPECTED: Final = 16_384
"""The most that wait because they are about to be sent to: more than all batches at once have."""
IDLE_S: Final = 30.0
"""How long after the last key the process is kept."""
AGAIN_S: Final = 60.0
"""How long after a process that ended by itself another is started at the earliest."""
ANSWER_S: Final = 60.0
"""How long an answer may take: ten thousand times what it does. The process gives way to all others of the machine."""
_END_S: Final = 5.0
_MODULE: Final = "channels.webpush.keys.key_making"
_PASSED: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG")
"""The environment variables that the process gets: none with a secret."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Asked:
    """A subscription whose key is being made, and what that will be good for."""

    endpoint_id: int
    fingerprint: int
    subscription: bytes


class KeyMaker:
    """Fills a store of message keys from another process. For one event loop."""

    def __init__(self, keys: PrecomputedKeys, *, idle_s: float = IDLE_S, again_s: float = AGAIN_S) -> None:
        self._keys = keys
        self._idle_s = idle_s
        self._again_s = again_s
        self._expected: dict[int, Endpoint] = {}
        self._planned: deque[Endpoint] = deque()
        self._serving = False
        self._unserved = 0
        self._needed, self._work, self._room = asyncio.Event(), asyncio.Event(), asyncio.Event()
        keys.helper = self

    def expect(self, endpoints: Iterable[Endpoint]) -> None:
        """Have the keys made that are missing of those who are about to be sent to, given in the order of sending."""
        for endpoint in endpoints:
            if len(self._expected) >= _EXPECTED:
                break
            if endpoint.id not in self._keys:
                self._expected[endpoint.id] = endpoint
        if len(self._expected) >= MANY:
            self._needed.set()
            self._work.set()

    def forget(self, endpoint_id: int) -> None:
        """Leave out one who has just been sent to without a key from here."""
        self._expected.pop(endpoint_id, None)

    async def plan(self, endpoint: Endpoint) -> bool:
        """Have the key of an endpoint made that nobody needs now. Returns False where nobody is there to do it."""
        while self._serving and len(self._planned) >= _PLANNED:
            self._room.clear()
            await self._room.wait()
        if not self._serving:
            self._unserved += 1
            if self._unserved >= MANY:
                self._needed.set()
            return False
        self._planned.append(endpoint)
        self._work.set()
        return True

    async def run(self) -> None:
        """Start the process whenever many keys are missing, until cancelled."""
        while True:
            await self._needed.wait()
            try:
                await self._serve()
            except (OSError, EOFError, TimeoutError) as error:
                log.warning("key_maker_ended", error=type(error).__name__)
                await asyncio.sleep(self._again_s)
                self._expected.clear()
                self._needed.clear()

    async def _serve(self) -> None:
        """Have keys made in one process until none has been missing for a while. Raises OSError, EOFError, TimeoutError
        where the process has ended by itself, or answers no more.
        """
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                process = _start(theirs)
            ours.setblocking(False)
            try:
                reader, writer = await asyncio.open_unix_connection(sock=ours)
                try:
                    await self._feed(reader, writer)
                finally:
                    writer.close()
            finally:
                ours.close()
                await asyncio.shield(asyncio.to_thread(_end, process))

    async def _feed(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        under_way: deque[list[_Asked]] = deque()
        self._serving = True
        try:
            while True:
                while len(under_way) < AHEAD and (asked := self._next()):
                    under_way.append(asked)
                    writer.write(_request(asked))
                if under_way:
                    async with asyncio.timeout(ANSWER_S):
                        made = await reader.readexactly(KEPT.size * len(under_way[0]))
                    self._keep(under_way.popleft(), made)
                    continue
                self._work.clear()
                try:
                    async with asyncio.timeout(self._idle_s):
                        await self._work.wait()
                except TimeoutError:
                    return
        finally:
            self._serving, self._unserved = False, 0
            self._needed.clear()
            self._room.set()
            for one in self._planned:
                self._keys.note_missing(one.id)
            for asked in under_way:
                for each in asked:
                    self._keys.note_missing(each.endpoint_id)
            self._planned.clear()

    def _next(self) -> list[_Asked]:
        """Return whose keys are made next: of those about to be sent to the last, else of those that were planned."""
        asked: list[_Asked] = []
        while len(asked) < MANY and (self._expected or self._planned):
            endpoint = self._expected.popitem()[1] if self._expected else self._planned.popleft()
            if endpoint.id in self._keys:
                continue
            try:
                p256dh, auth = subscription_keys(endpoint)
            except Permanent:  # reported when it is sent to
                continue
            asked.append(_Asked(endpoint.id, fingerprint_of(endpoint), p256dh + auth))
        self._room.set()
        return asked

    def _keep(self, asked: list[_Asked], made: bytes) -> None:
        for number, one in enumerate(asked):
            kept = made[number * KEPT.size : (number + 1) * KEPT.size]
            if any(kept):  # else no point of P-256, which is reported when it is sent to
                self._keys.put(one.endpoint_id, one.fingerprint, kept)


def _request(asked: list[_Asked]) -> bytes:
    return len(asked).to_bytes(COUNT_BYTES, "big") + b"".join(one.subscription for one in asked)


def _start(connection: socket.socket) -> subprocess.Popen[bytes]:
    """Start the process at one end of a connection, in a few milliseconds. It has nothing of what is in memory here."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", _MODULE],
        stdin=connection.fileno(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={name: value for name in _PASSED if (value := os.environ.get(name)) is not None},
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process, whose connection is closed."""
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
