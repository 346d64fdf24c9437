"""Connect to the record."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

import asyncpg
import msgspec

from dispatcher.settings import SettingsError

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


async def _prepare(connection: Any) -> None:
    # Binary, with jsonb's version byte in front: COPY knows no other format
    # (findings/asyncpg-copy-wants-a-binary-codec.sh).
    await connection.set_type_codec(
        "jsonb", encoder=_encode_jsonb, decoder=_decode_jsonb, schema="pg_catalog", format="binary"
    )


async def _as_it_is(_connection: Any) -> None:
    """Do nothing in place of asyncpg's reset, which costs a round trip each time that a connection is given back: no
    code here leaves settings, cursors, locks or listeners of a session behind (`leadership` cleans up itself). An open
    transaction is rolled back before this is called.
    """


async def connect(database_url: str, *, size: int = 10, command_timeout_s: float = COMMAND_TIMEOUT_S) -> Pool:
    """Return a pool of at most `size` connections. Accepts SQLAlchemy's spelling of the URL too.

    Raises `SettingsError` for what is no URL, `asyncpg.PostgresError` for what the server refuses.
    """
    try:
        return await asyncpg.create_pool(
            database_url.replace("postgresql+asyncpg://", "postgresql://"),
            min_size=1,
            max_size=size,
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=command_timeout_s,
            init=_prepare,
            reset=_as_it_is,
            server_settings={"application_name": "dispatcher", "jit": "off"},
        )
    except ValueError:
        raise SettingsError(NO_ADDRESS) from None
    except OSError as error:
        raise OSError(f"{NO_ANSWER} ({error})") from error
