"""Connect to the record."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import asyncpg
import msgspec

from dispatcher.settings import SettingsError
from dispatcher.store.servers.address import RecordAddress, parse
from dispatcher.store.servers.primary import PrimaryConnector, patient

if TYPE_CHECKING:
    from collections.abc import Awaitable

T = TypeVar("T")

APPLICATION = "dispatcher"
"""What the service's sessions call themselves."""
NO_ADDRESS = "DATABASE_URL cannot be read; it looks like postgresql://user:password@host:5432/name"
"""The message leaves the value out: a password may be anywhere in it if it is not written properly."""
NO_ANSWER = (
    "the record does not answer: does PostgreSQL run at DATABASE_URL, or `dispatcher up` in WARN_DATA_DIR?"
)
CONNECT_TIMEOUT_S = 5.0
"""How long opening a connection may take."""
COMMAND_TIMEOUT_S = 60.0
"""How long one statement may take where the caller gives no other bound."""
UNAVAILABLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a statement on a connection that the server is just closing
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.ReadOnlySQLTransactionError,  # a standby, to which an address led that is the primary's at other times
    asyncpg.DiskFullError,
    asyncpg.DeadlockDetectedError,  # the victim of a deadlock of two transactions: its next attempt gets through
)
"""The errors by which a record that cannot be used now shows: nothing was promised, try again later."""

Pool: TypeAlias = Any
Connection: TypeAlias = Any
"""asyncpg has no types of its own."""


def _encode_jsonb(value: object) -> bytes:
    return b"\x01" + json.dumps(value, ensure_ascii=False).encode()


_decode_json = msgspec.json.Decoder().decode
"""It runs once for every recipient of a mass send, and takes a tenth of the time of `json`."""


def _decode_jsonb(raw: bytes) -> Any:
    return _decode_json(raw[1:])


async def _prepare(connector: PrimaryConnector, connection: Any) -> None:
    connection.connector = connector
    # Binary, with jsonb's version byte in front: COPY knows no other format
    # (findings/asyncpg-copy-wants-a-binary-codec.sh).
    await connection.set_type_codec(
        "jsonb", encoder=_encode_jsonb, decoder=_decode_jsonb, schema="pg_catalog", format="binary"
    )


class RecordConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types of its own
    """A connection that knows whether a statement on it came to nothing between being prepared and being run: where a
    task is cancelled there, or a value does not fit its parameter. PostgreSQL has begun a transaction by then, of which
    asyncpg does not know: it keeps its locks, and the next `BEGIN ISOLATION LEVEL` is refused
    (findings/asyncpg-a-value-refused-leaves-a-transaction.sh).

    It knows as well whether it may lead to a server that takes no writes any more.
    """

    unfinished = False
    misled = False
    connector: PrimaryConnector | None = None

    async def execute(self, *args: Any, **options: Any) -> Any:
        """Execute as asyncpg does. Transactions begin and end here."""
        return await self._finished(super().execute(*args, **options))

    async def copy_records_to_table(self, *args: Any, **options: Any) -> Any:
        """Copy as asyncpg does, and wait for a server that is slow to read for as long as a statement may take."""
        with patient(self, options.get("timeout") or self._config.command_timeout):
            return await self._finished(super().copy_records_to_table(*args, **options))

    async def _get_statement(self, *args: Any, **options: Any) -> Any:
        return await self._finished(super()._get_statement(*args, **options))

    async def _execute(self, *args: Any, **options: Any) -> Any:
        return await self._finished(super()._execute(*args, **options))

    async def _executemany(self, *args: Any, **options: Any) -> Any:
        return await self._finished(super()._executemany(*args, **options))

    async def _finished(self, statement: Awaitable[T]) -> T:
        try:
            return await statement
        except BaseException as error:  # asyncpg's own look like the server's, which ended what it refused
            self.unfinished = True
            # One error passes through several of these.
            if not self.misled and self.connector is not None:
                self.misled = await self.connector.doubts(error)
            raise


async def _end_unfinished(connection: Any) -> None:
    """End what a statement left that came to nothing; else do nothing in place of asyncpg's reset, which costs a round
    trip each time that a connection is given back: no code here leaves settings, cursors, locks or listeners of a
    session behind (`leadership` cleans up itself). A transaction that asyncpg knows is rolled back before this is
    called.

    A connection that may lead to the wrong server is not handed on.
    """
    if connection.misled:
        connection.terminate()
    elif connection.unfinished:
        await connection.execute("SELECT")  # the simple protocol ends a transaction that nobody has begun
        connection.unfinished = False


def address(database_url: str) -> RecordAddress:
    """Parse the URL; SQLAlchemy's spelling of it, too. Raises `SettingsError`."""
    try:
        return parse(database_url)
    except ValueError as error:
        raise SettingsError(f"{NO_ADDRESS} (it {error})") from None


async def connect(database_url: str, *, size: int = 10, command_timeout_s: float = COMMAND_TIMEOUT_S) -> Pool:
    """Return a pool of at most `size` connections, of several servers to the one that takes writes.

    Raises `SettingsError` for what is no URL, `asyncpg.PostgresError` for what the server refuses.
    """
    where = address(database_url)
    connector = PrimaryConnector(where)
    try:
        pool = asyncpg.create_pool(
            where.url,
            connect=connector,
            min_size=1,
            max_size=size,
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=command_timeout_s,
            init=partial(_prepare, connector),
            connection_class=RecordConnection,
            reset=_end_unfinished,
            server_settings={"application_name": APPLICATION, "jit": "off"},
        )
        connector.expire = pool.expire_connections
        return await pool
    except OSError as error:  # first: a certificate that does not hold is a ValueError, too
        raise OSError(f"{NO_ANSWER} ({error})") from error
    except ValueError:
        raise SettingsError(NO_ADDRESS) from None


async def known_within(limit_s: float, asked: Awaitable[T]) -> T | None:
    """Return what is asked of the record; None where it does not answer within `limit_s` seconds, or not at all."""
    try:
        async with asyncio.timeout(limit_s):
            return await asked
    except UNAVAILABLE:  # which has `TimeoutError`
        return None


async def answered_within(limit_s: float, asked: Awaitable[T]) -> T | None:
    """Return what is asked of the record; None where that takes longer than `limit_s` seconds. Raises what
    `UNAVAILABLE` lists where the record cannot be used: that says nothing of how long it takes.
    """
    try:
        async with asyncio.timeout(limit_s) as bound:
            return await asked
    except TimeoutError:
        if not bound.expired():
            raise
        return None
