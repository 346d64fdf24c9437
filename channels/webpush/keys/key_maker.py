"""Has message keys made in a process of its own, on another processor than the one that sends.

Who is about to be sent to and has no key, as after a restart, is made one there from the last on, while whoever sends
makes those of the first: the two meet in the middle, and hardly a key is made twice. Without this process, or until it
is there, the store's owner makes them all.

The process is started when many keys are missing, and ended when none has been for a while: an idle worker has none.
Nothing that becomes of it concerns a message: at worst the owner makes all keys again.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

import structlog
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from channels.base import Permanent
from channels.webpush.encoder import subscription_keys
from channels.webpush.encryption import AUTH_BYTES, SAME_IN_HEADS, received
from channels.webpush.keys.kept_key import KEPT, kept_of
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
"""The most that wait because they are about to be sent to: as many as four lanes with four batches each have."""
IDLE_S: Final = 30.0
"""How long after the last key the process is kept."""
AGAIN_S: Final = 60.0
"""How long after a process that ended by itself another is started at the earliest."""
ANSWER_S: Final = 10.0
"""How long an answer may take: a thousand times what it does. The process gives way to all others of the machine."""
PLAN_S: Final = 1.0
"""How long is waited for room among those that wait for a key; then its owner makes keys until an answer comes."""
_START_S: Final = 30.0
"""How long the first answer may take, on a machine that is busy otherwise."""
_END_S: Final = 5.0
_LOOK_S: Final = 0.02
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
        self._serving = self._is_behind = False
        self._needed, self._work, self._room = asyncio.Event(), asyncio.Event(), asyncio.Event()
        keys.helper = self

    def expect(self, endpoints: Iterable[Endpoint]) -> None:
        """Have the keys made that are missing of those who are about to be sent to, given in the order of sending. As
        long as nobody has lacked a key nobody is looked at, and few that lack one are left to who sends.
        """
        keys, expected = self._keys, self._expected
        if keys.is_complete:
            return
        most = min(_EXPECTED, keys.room) - len(expected)
        missing = {one.id: one for one in endpoints if one.id not in keys} if most > 0 else {}
        if self._serving or len(missing) >= MANY:
            expected.update(islice(missing.items(), most))
            self._needed.set()
            self._work.set()

    def forget(self, endpoint_id: int) -> None:
        """Leave out one who has just been sent to without a key from here."""
        self._expected.pop(endpoint_id, None)

    async def plan(self, endpoint: Endpoint, missing: int) -> bool:
        """Have the key of an endpoint made that nobody needs now, the `missing`th that lacks one. Returns False where
        nobody is there to do it, or whoever is does not keep up.
        """
        if not self._serving:
            if missing >= MANY:
                self._needed.set()
            return False
        if len(self._planned) >= _PLANNED and not self._is_behind:
            self._room.clear()
            try:
                async with asyncio.timeout(PLAN_S):
                    await self._room.wait()
            except TimeoutError:
                self._is_behind = True
        if self._takes_more:
            self._planned.append(endpoint)
            self._work.set()
            return True
        return False

    @property
    def _takes_more(self) -> bool:
        return self._serving and len(self._planned) < _PLANNED

    async def run(self) -> None:
        """Start the process whenever many keys are missing, until cancelled."""
        while True:
            await self._needed.wait()
            try:
                await self._serve()
            except Exception as error:  # noqa: BLE001 - whatever it is: no worker ends for want of it
                log.warning("key_maker_ended", error=type(error).__name__)
                await asyncio.sleep(self._again_s)
                self._expected.clear()
                self._needed.clear()

    async def _serve(self) -> None:
        """Have keys made in one process until none has been missing for a while. Raises OSError, EOFError, TimeoutError
        where the process has ended by itself, or answers no more; ValueError where it makes what is no key.
        """
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                process = _start(theirs)
            try:
                ours.setblocking(False)
                reader, writer = await asyncio.open_unix_connection(sock=ours)
                try:
                    await _prove(reader, writer)
                    await self._feed(reader, writer)
                finally:
                    writer.close()
            finally:
                process.kill()  # it keeps nothing
                await _to_its_end(asyncio.create_task(_reap(process)))

    async def _feed(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        under_way: deque[list[_Asked]] = deque()
        self._serving = True
        try:
            while True:
                while len(under_way) < AHEAD and (asked := self._next()):
                    under_way.append(asked)
                    writer.write(_request(asked))
                if under_way:
                    self._keep(under_way[0], await _answer(reader, len(under_way[0]), ANSWER_S))
                    under_way.popleft()
                    self._is_behind = False
                    continue
                self._work.clear()
                try:
                    async with asyncio.timeout(self._idle_s):
                        await self._work.wait()
                except TimeoutError:
                    return
        finally:
            self._end(under_way)

    def _end(self, under_way: Iterable[list[_Asked]]) -> None:
        """Leave to the owner what has not been made."""
        self._serving = self._is_behind = False
        self._needed.clear()
        if self._expected:  # by whoever came in this very moment
            self._needed.set()
        self._room.set()
        for number in [
            *(one.id for one in self._planned),
            *(one.endpoint_id for some in under_way for one in some),
        ]:
            self._keys.note_missing(number)
        self._planned.clear()

    def _next(self) -> list[_Asked]:
        """Return whose keys are made next: of those about to be sent to the last, else of those that were planned."""
        asked: list[_Asked] = []
        if not self._keys.room:
            self._expected.clear()
            self._planned.clear()
        while len(asked) < min(MANY, self._keys.room) and (self._expected or self._planned):
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


async def _answer(reader: asyncio.StreamReader, count: int, within_s: float) -> bytes:
    """Read the answer to a request for so many keys. Raises EOFError, TimeoutError, and ValueError where it is another
    one's.
    """
    async with asyncio.timeout(within_s):
        if int.from_bytes(await reader.readexactly(COUNT_BYTES), "big") != count:
            raise ValueError("not the answer to what was asked")
        return await reader.readexactly(KEPT.size * count)


async def _prove(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Have the process make a key for a subscription of our own, which must be the one that its device would have: it
    may have been started from another version of this service, which has been installed since. Raises as `_answer`.
    """
    private, auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(AUTH_BYTES)
    p256dh = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    writer.write(_request([_Asked(0, 0, p256dh + auth)]))
    kept = await _answer(reader, 1, _START_S)
    salt, point, *_ = KEPT.unpack(kept)
    if kept != kept_of(received(private, auth, salt, SAME_IN_HEADS[-1:] + point)):
        raise ValueError("no key that a device would have")


def _start(connection: socket.socket) -> subprocess.Popen[bytes]:
    """Start the process at one end of a connection, in a few milliseconds. It has nothing of what is in memory here,
    and a session of its own, whose priority is its own, too.
    """
    return subprocess.Popen(
        [sys.executable, "-P", "-m", _MODULE],
        stdin=connection.fileno(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={name: value for name in _PASSED if (value := os.environ.get(name)) is not None},
    )


async def _to_its_end(task: asyncio.Task[None]) -> None:
    """Wait for a task that is not cancelled with its caller."""
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


async def _reap(process: subprocess.Popen[bytes]) -> None:
    """Wait until a process has ended that was killed, without a thread, which the machine might refuse. What does not
    end is left to its end.
    """
    for _ in range(int(_END_S / _LOOK_S)):
        if process.poll() is not None:
            return
        await asyncio.sleep(_LOOK_S)
