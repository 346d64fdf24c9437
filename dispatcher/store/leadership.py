"""Let one process at a time lead: by a session-level advisory lock of the record, on a connection of its own."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from dispatcher.store.record import UNAVAILABLE

if TYPE_CHECKING:
    from dispatcher.store.record import Connection, Pool

RECONCILER_LOCK = 7207116108
FEEDS_LOCK = 7207116109
AUDIT_LOCK = 7207116137
"""The numbers of the advisory locks of the process that reconciles, of the one that polls the feeds, and of the one
that chains the audit trail."""
SILENT_S = 5.0
"""How long a leader leads without a sign of life. A process that is frozen keeps its connection, and the lock with it:
no other process would sweep in its place."""


class Leadership:
    """Holds a lock that ends with its connection, and so with the process that holds it, and with its silence."""

    def __init__(self, pool: Pool, lock: int = RECONCILER_LOCK, *, silent_s: float = SILENT_S) -> None:
        """`hold` must be called more often than every `silent_s` seconds."""
        self._pool = pool
        self._lock = lock
        self._silent_ms = round(silent_s * 1000)
        self._connection: Connection | None = None
        self.terms = 0
        """How often the lead was taken. What was learnt of the record in an earlier term may be of another one."""

    @property
    def is_held(self) -> bool:
        """Whether this process led when it last asked."""
        return self._connection is not None

    async def hold(self) -> bool:
        """Whether this process leads, taking the lead if it is free."""
        if self._connection is not None:
            try:
                await self._connection.execute("SELECT 1")
            except UNAVAILABLE:
                await self.drop()
                raise
            return True
        connection = await self._pool.acquire()
        try:
            if await connection.fetchval("SELECT pg_try_advisory_lock($1)", self._lock):
                await connection.execute(f"SET idle_session_timeout = {self._silent_ms}")
                self._connection = connection
                self.terms += 1
                return True
        except BaseException:
            _terminate(connection)  # and with it the lock, if we have it
            raise
        finally:
            if self._connection is None:
                await self._pool.release(connection)
        return False

    async def drop(self) -> None:
        """Let another process lead."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                await connection.execute("RESET idle_session_timeout")
                await connection.execute("SELECT pg_advisory_unlock($1)", self._lock)
            except UNAVAILABLE:
                _terminate(connection)
            with suppress(*UNAVAILABLE):
                await self._pool.release(connection)


def _terminate(connection: Connection) -> None:
    """End the connection at once; one that the record has ended itself is not in our hands any more."""
    with suppress(*UNAVAILABLE):
        connection.terminate()
