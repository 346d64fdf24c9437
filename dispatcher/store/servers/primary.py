"""Open connections to that server of the record which takes writes now.

asyncpg tries the hosts of a URL one after the other and has one timeout for all of them: behind a machine that says
nothing at all, no other would ever be reached. And on a connection to such a machine a statement would wait for as long
as it may take at all, where the kernel can tell after seconds that nobody is there.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

import asyncpg

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping

    from dispatcher.store.servers.address import RecordAddress, RecordHost

SILENT_S: Final = 3
"""How long the other machine may say nothing, not even that a packet arrived, before a connection to it counts as
broken: less than a statement of the API may take, so that no statement is to be cancelled there. To the kernel that
holds as well of a machine that answers and has no room for what is sent, see `patient`."""
IDLE_S: Final = 2
"""After so long without traffic the kernel asks each second whether the other machine is there."""
HOST_TIMEOUT_S: Final = 2.5
"""How long one of several servers may take to let us in."""
LAST_TIMEOUT_S: Final = 1.0
"""How long the server that took writes the last time may take, before all are asked: with what these may take it is
less than a submitter waits for an answer."""
GRACE_S: Final = 0.5
"""How long the other servers may still answer when one has been found that takes writes: there may be a newer one."""

_TIMELINE: Final = "SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)"
"""In hexadecimal. Each promotion of a standby begins a higher one
(https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-TIMELINES)."""
_NOT_NOW: Final = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.InternalClientError,  # what asyncpg raises of a standby, too
)
"""How a server shows that is away, starts, stops or is a standby; all else is for a person to mend."""


async def _nothing() -> None:
    pass


class PrimaryConnector:
    """Opens the connections of a pool, each by a call."""

    def __init__(self, address: RecordAddress) -> None:
        self._address = address
        self._last: RecordHost | None = None
        """The server of several that is asked alone first: it took writes when one was last looked for."""
        self._found: RecordHost | None = None
        """The server to which the pool's open connections lead, as far as one of them did not give cause for doubt."""
        self._renewals = 0
        """How often the pool was told to replace them: who began to open one before that may have found another."""
        self.expire: Callable[[], Awaitable[None]] = _nothing
        """Lets the pool replace all its open connections; whoever makes a pool sets it."""

    async def __call__(self, *_: object, **options: Any) -> Any:
        """Return a connection as `asyncpg.connect` does, by the same options but for the address. Raises as it does,
        and OSError where none of several servers takes writes.
        """
        if not self._address.several:
            return _watched(await asyncpg.connect(self._address.url, **options))
        renewals = self._renewals
        host, connection = await self._from_last_or_any(options)
        if renewals == self._renewals:  # else the pool replaces this connection, too, after its use
            if self._found not in {None, host}:
                await self._renew()
            self._last = self._found = host
        return _watched(connection)

    async def doubts(self, error: BaseException) -> bool:
        """Return whether a connection may lead to the wrong server, as far as can be told by the error of a statement
        on it, and must not be used again. Then all servers are asked for the next.
        """
        if isinstance(error, asyncpg.ReadOnlySQLTransactionError):
            await self._renew()
            return True
        if not self._address.several:
            return False
        # A server that was replaced may still run, let everybody in, and wait for those that followed it.
        if isinstance(error, TimeoutError):
            await self._renew()
            return True
        if isinstance(error, asyncio.CancelledError):  # the caller's own bound, or nobody waits any more
            self._last = None
            return True
        return False

    async def _renew(self) -> None:
        """Let the pool replace all its open connections: they lead to the same server."""
        self._renewals += 1
        self._last = self._found = None
        await self.expire()

    async def _from_last_or_any(self, options: Mapping[str, Any]) -> tuple[RecordHost, Any]:
        last, self._last = self._last, None
        if last is not None:
            with suppress(*_NOT_NOW):
                return last, await self._open(last, options, LAST_TIMEOUT_S)
        return await self._from_any(options)

    async def _from_any(self, options: Mapping[str, Any]) -> tuple[RecordHost, Any]:
        """Ask all servers at once: behind one that says nothing another may be found."""
        attempts = {
            host: asyncio.create_task(self._open(host, options, HOST_TIMEOUT_S))
            for host in self._address.several
        }
        chosen: RecordHost | None = None
        try:
            await _one_let_us_in(attempts.values())
            taking = {host: one.result() for host, one in attempts.items() if _lets_us_in(one)}
            if not taking:
                raise _failure({host: one.exception() for host, one in attempts.items()})
            chosen = await _promoted_last(taking)
            return chosen, taking[chosen]
        finally:
            for host, attempt in attempts.items():
                if host is not chosen:
                    attempt.add_done_callback(_hang_up)
                    attempt.cancel()

    async def _open(self, host: RecordHost, options: Mapping[str, Any], timeout_s: float) -> Any:
        own = {"host": host.host, "port": host.port, "timeout": timeout_s}
        return await asyncpg.connect(
            self._address.url, **{**options, **own, "target_session_attrs": self._address.attributes}
        )


async def _one_let_us_in(attempts: Iterable[asyncio.Task[Any]]) -> None:
    """Wait until an attempt succeeded, and for the others a little longer, or until all failed."""
    pending = set(attempts)
    while pending:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        if pending and any(_lets_us_in(one) for one in done):
            await asyncio.wait(pending, timeout=GRACE_S)
            return


def _lets_us_in(attempt: asyncio.Task[Any]) -> bool:
    return attempt.done() and not attempt.cancelled() and attempt.exception() is None


def _hang_up(attempt: asyncio.Task[Any]) -> None:
    if _lets_us_in(attempt):
        attempt.result().terminate()


async def _promoted_last(taking: Mapping[RecordHost, Any]) -> RecordHost:
    """Return which of the servers that take writes was promoted last: a former primary that was started again takes
    itself for the primary, and what it accepted would be lost.
    """
    if len(taking) == 1:
        return next(iter(taking))
    timelines = [await _timeline(connection) for connection in taking.values()]
    return max(zip(timelines, taking, strict=True), key=lambda one: one[0])[1]


async def _timeline(connection: Any) -> int:
    with suppress(*_NOT_NOW, asyncpg.PostgresError):
        return int(await connection.fetchval(_TIMELINE, timeout=LAST_TIMEOUT_S), 16)
    return 0


def _failure(errors: Mapping[RecordHost, BaseException | None]) -> BaseException:
    """Return what to raise where no server takes writes: the server's own refusal where none is only away."""
    refusals = [one for one in errors.values() if one is not None and not isinstance(one, _NOT_NOW)]
    if len(refusals) == len(errors):
        return refusals[0]
    said = "; ".join(f"{host}: {_said(error)}" for host, error in errors.items())
    return OSError(f"none of the servers takes writes: {said}")


def _said(error: BaseException | None) -> str:
    if isinstance(error, asyncpg.TargetServerAttributeNotMatched):
        return "a standby"
    return "no answer" if isinstance(error, TimeoutError) else str(error) or type(error).__name__


def _watched(connection: Any) -> Any:
    """Let the kernel find out when the server's machine is not there any more. Returns the connection."""
    used = _socket(connection)
    if used is not None:
        used.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        used.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, IDLE_S)
        used.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
    _wait(connection, SILENT_S)
    return connection


@contextmanager
def patient(connection: Any, within_s: float | None) -> Iterator[None]:
    """Let the server take its time with much that is sent to it, `within_s` seconds or as the system has it: a server
    that is slow to read is there all the same, and the kernel counts from when it has no room left.
    """
    _wait(connection, within_s or 0.0)
    try:
        yield
    finally:
        _wait(connection, SILENT_S)


def _wait(connection: Any, within_s: float) -> None:
    used = _socket(connection)
    if used is not None:
        used.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(1000 * within_s))


def _socket(connection: Any) -> Any:
    """Return the socket of a connection over a network, none of another or of one that is closed."""
    transport = connection._transport  # noqa: SLF001 - asyncpg shows it nowhere else
    used = None if transport.is_closing() else transport.get_extra_info("socket")
    return used if used is not None and used.family in {socket.AF_INET, socket.AF_INET6} else None
