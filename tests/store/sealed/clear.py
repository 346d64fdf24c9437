"""Rows as an older version has written them."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def of_an_older_version(pool: Any) -> AsyncIterator[None]:
    """Meanwhile the record takes what it took before."""
    for table in ("subscription", "message_location"):
        await pool.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    yield
    for table in ("subscription", "message_location"):
        await pool.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


async def add_clear(pool: Any, address: str, keys: Any, channel: str = "webpush", **columns: Any) -> int:
    """Write a subscription in the clear; its id."""
    async with of_an_older_version(pool):
        number: int = await pool.fetchval(
            """INSERT INTO subscription (channel, gateway, address, address_hash, keys, instance)
               VALUES ($1, $2, $3, $4, $5, $6) RETURNING id""",
            channel,
            columns.get("gateway", "https://push.example"),
            address,
            hashlib.sha256(address.encode()).digest(),
            keys,
            columns.get("instance"),
        )
    return number
