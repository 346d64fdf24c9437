"""Reads from the record which batches are leased: only to time their resumption, never to judge."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg

from dispatcher.embedded import EmbeddedPostgres

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

    from ops.lab.world.service import Service

Tokens: TypeAlias = dict[int, int]
"""Fencing tokens of open batches that a worker has leased, by batch."""
LOOK_EVERY_S = 0.1
_HELD = "SELECT id, lease_token FROM batch WHERE state = 'open' AND lease_until > clock_timestamp()"
_NOW = "SELECT id, lease_token, state FROM batch WHERE id = ANY($1)"


class LeaseWatch:
    """Watches leases over the lab's own connection to the service's record."""

    def __init__(self, service: Service) -> None:
        self._url = EmbeddedPostgres(service.home / "postgres").url
        self._loop = asyncio.new_event_loop()
        self._connection: Any = None

    def __enter__(self) -> Self:
        self._connection = self._loop.run_until_complete(asyncpg.connect(self._url, timeout=10))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.run_until_complete(self._connection.close(timeout=5))
        self._loop.close()

    def _rows(self, statement: str, *arguments: object) -> list[Any]:
        rows: list[Any] = self._loop.run_until_complete(self._connection.fetch(statement, *arguments))
        return rows

    def held(self) -> Tokens:
        """Return the batches that are leased now."""
        return {row["id"]: row["lease_token"] for row in self._rows(_HELD)}

    def resumed(self, held: Mapping[int, int], since_s: float, within_s: float) -> float | None:
        """Return the seconds from `since_s` (monotonic) until the last of those batches that had to be leased again
        was; 0 where none had to, None where `within_s` was not enough. A new lease shows in a new token."""
        left, last = dict(held), 0.0
        while left:
            now = time.monotonic()
            if now - since_s > within_s:
                return None
            for row in self._rows(_NOW, list(left)):
                if row["lease_token"] != left[row["id"]]:
                    last = now - since_s
                elif row["state"] == "open":
                    continue
                del left[row["id"]]
            time.sleep(LOOK_EVERY_S)
        return last
