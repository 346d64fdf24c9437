"""The ring of keys of the tests, and what stands in the record's sealed rows."""

from typing import Any

from channels.base import Endpoint
from dispatcher.access.sealing import KeyRing, Sealing
from dispatcher.store.sealed.addresses import COLUMNS, Addresses

RING = KeyRing(b"l" * 32, {1: b"k" * 32})
ADDRESSES = Addresses(Sealing(RING))


def setting() -> str:
    """The ring as `WARN_ADDRESS_KEYS` has it."""
    return " ".join(line for line in RING.text().decode().splitlines() if not line.startswith("#"))


async def endpoints(pool: Any, where: str = "true") -> list[Endpoint]:
    """What the record has of subscriptions, by address."""
    rows = await pool.fetch(f"SELECT id, {COLUMNS}, address, keys FROM subscription WHERE {where}")
    return sorted((ADDRESSES.of_either(row) for row in rows), key=lambda one: (one.address, one.id))


async def numbers(pool: Any, where: str = "true") -> dict[str, int]:
    """The ids of subscriptions by address, in the order of the addresses."""
    return {one.address: one.id for one in await endpoints(pool, where)}
