"""Connect to the server that takes writes now, by asking Sentinels which one that is.

redis-py asks one Sentinel after the other, and only when it connects. Here all are asked at once, so that one that
cannot be reached costs none of the half second that an enqueue may take; of what a majority says the latest counts, so
that a Sentinel that was cut off together with a former primary sends no client there; and they are asked again every
other second, so that no client stays with a former primary that only this process can still reach.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from redis.asyncio.sentinel import MasterNotFoundError, Sentinel, SentinelConnectionPool
from redis.exceptions import RedisError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dispatcher.queue.address import Credentials, Sentinels

ASK_TIMEOUT_S = 0.25
"""How long connecting to a Sentinel may take, and its answer: half of what an enqueue may take
(`wakeups.ENQUEUE_TIMEOUT_S`)."""
ASK_AGAIN_S = 2.0
"""How long a connection may be used before the Sentinels are asked whether it still leads to the primary."""
NO_ANSWER = (RedisError, OSError, TimeoutError)


class SentinelClient(Sentinel):
    """Asks the Sentinels of one group."""

    def __init__(self, address: Sentinels) -> None:
        options: dict[str, Any] = {
            "socket_connect_timeout": ASK_TIMEOUT_S,
            "socket_timeout": ASK_TIMEOUT_S,
            "ssl": address.tls,
            **login(address.sentinels),
        }
        super().__init__(address.members, sentinel_kwargs=options)  # type: ignore[no-untyped-call]

    async def discover_master(self, service_name: str) -> tuple[str, int]:
        """Return host and port of the primary. Raises MasterNotFoundError where no Sentinel that answers knows one."""
        asked = [asyncio.create_task(self._ask(sentinel, service_name)) for sentinel in self.sentinels]
        answers: list[Mapping[str, Any]] = []
        try:
            for answer in asyncio.as_completed(asked):
                if (state := await answer) is not None:
                    answers.append(state)
                if len(answers) > len(asked) // 2:
                    break
        finally:
            await _cancel(asked)
        state = primary(answers)
        if state is None:
            raise MasterNotFoundError(f"no primary of {service_name!r} is known")
        return state["ip"], state["port"]

    async def aclose(self) -> None:
        for sentinel in self.sentinels:
            await sentinel.aclose(close_connection_pool=True)

    async def _ask(self, sentinel: Any, group: str) -> Mapping[str, Any] | None:
        """Return what one Sentinel knows of the primary; None without an answer, or where it knows no such group."""
        try:
            state: Mapping[str, Any] = await sentinel.sentinel_master(group)
        except NO_ANSWER:
            return None
        return state


def primary(answers: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return what Sentinels said (`SENTINEL MASTER`) of the primary of the latest election; None if all that know of
    that election call its server down. If only some do, it may be only they that cannot reach it.

    Each fail-over has a configuration epoch of its own, greater than all before.
    """
    latest = max(answers, key=lambda state: (int(state["config-epoch"]), _is_up(state)), default=None)
    return latest if latest is not None and _is_up(latest) else None


def _is_up(state: Mapping[str, Any]) -> bool:
    return bool(state["is_master"] and not state["is_sdown"] and not state["is_odown"])


class PrimaryPool(SentinelConnectionPool):
    """Keeps connections to the primary only, whichever server that is."""

    def __init__(
        self,
        address: Sentinels,
        *,
        clock: Callable[[], float] = time.monotonic,
        **options: Any,
    ) -> None:
        """`clock` gives monotonic seconds, `options` are those of a connection to the server."""
        self._clock = clock
        self._ask_again_s = 0.0
        self.sentinels = SentinelClient(address)
        super().__init__(  # type: ignore[no-untyped-call]
            address.group,
            self.sentinels,
            db=address.database,
            ssl=address.tls,
            **login(address.servers),
            **options,
        )

    async def get_master_address(self) -> tuple[str, int]:
        """Return the address that the Sentinels give now. Raises MasterNotFoundError."""
        self._ask_again_s = self._clock() + ASK_AGAIN_S
        address: tuple[str, int] = await super().get_master_address()  # type: ignore[no-untyped-call]
        return address

    async def ensure_connection(self, connection: Any) -> None:
        """Connect, and to the primary: a former one that still answers would take wake-ups that no worker sees."""
        if self._clock() >= self._ask_again_s:
            with suppress(
                MasterNotFoundError
            ):  # then the last answer still holds, as far as any Sentinel knows
                await self.get_master_address()
        if connection.is_connected and (connection.host, connection.port) != self.master_address:
            await connection.disconnect()
        await super().ensure_connection(connection)

    async def disconnect(self, inuse_connections: bool = True) -> None:  # noqa: FBT001, FBT002 - redis-py's signature
        """Close all connections at the end, those to the Sentinels too; only idle ones when the primary changed."""
        await super().disconnect(inuse_connections)
        if inuse_connections:
            await self.sentinels.aclose()


def login(credentials: Credentials) -> dict[str, str]:
    """Return credentials as redis-py's options; an empty name or password is no option."""
    named = {"username": credentials.username, "password": credentials.password}
    return {name: value for name, value in named.items() if value}


async def _cancel(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
