"""Says by which transport a client's messages go: our own HTTP/2 or libcurl. A connection that is made while the clock
runs, as on a machine that is slow or busy, would be measured as if it were the sending.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from channels.http.client import HttpClient
    from channels.http.http2.pool import ConnectionPool


async def await_own_connections(http: HttpClient) -> None:
    """Wait until the connections of our own stand that the client has begun to make; none where origins speak HTTP/1.1.
    Raises `AssertionError` where one came to nothing.
    """
    for pool in _pools(http):
        while (connecting := pool._connecting) is not None:  # noqa: SLF001 - nothing public tells the moment
            await asyncio.wait([connecting])
        assert pool._connections, "no connection of our own: the machine was too slow for it"  # noqa: SLF001


def sent_by_own(http: HttpClient) -> int:
    """Return how many requests went by connections of our own that still stand."""
    return sum(one.started for pool in _pools(http) for one in pool._connections)  # noqa: SLF001


def _pools(http: HttpClient) -> list[ConnectionPool]:
    return list(http._http2._pools.values())  # noqa: SLF001 - the product has no use for them
