"""A name that nobody answers for keeps its own thread, and no other look-up of the process waiting."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from dispatcher.doctor.diagnosis import Part
from dispatcher.doctor.peers import Peer
from dispatcher.wiring.doctor.names import Names
from dispatcher.wiring.doctor.peers import Way, reach
from tests.support.histories import until

SILENT = "silent.example"


class Resolver:
    """The machine's own, which does not answer for one name until it is back."""

    def __init__(self, ask: Any) -> None:
        self._ask = ask
        self.asked = 0
        self.back = threading.Event()

    def __call__(self, host: str, *args: Any, **options: Any) -> Any:
        if host != SILENT:
            return self._ask(host, *args, **options)
        self.asked += 1
        self.back.wait()
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Resolver]:
    resolver = Resolver(socket.getaddrinfo)
    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    yield resolver
    resolver.back.set()


async def test_a_name_has_each_address_once_and_what_is_none_is_an_error() -> None:
    assert await Names().addresses("127.0.0.1", 443) == ["127.0.0.1"]
    with pytest.raises(socket.gaierror):
        await Names().addresses("gibt-es-nicht.invalid", 443)


def test_while_a_peers_name_is_silent_others_in_the_process_look_theirs_up(resolver: Resolver) -> None:
    async def look() -> tuple[str, object]:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        reaching = asyncio.create_task(reach(Way(Peer(Part.GATEWAY, "a", SILENT, 443), None), Names()))

        async def is_asked() -> bool:
            return resolver.asked == 1

        await until(is_asked)
        try:
            async with asyncio.timeout(3):
                found = await loop.getaddrinfo("127.0.0.1", 443)
        finally:
            resolver.back.set()
        return (await reaching).detail, found

    # asyncio's own loop, which looks all names up by `socket`; uvloop's does so by itself.
    with asyncio.Runner() as runner:
        said, found = runner.run(look())
    assert (said, bool(found)) == ("nobody knows the name (Temporary failure in name resolution)", True)


async def test_a_look_up_that_was_given_up_keeps_its_turn_until_its_thread_has_ended(
    resolver: Resolver,
) -> None:
    names = Names(at_once=1)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await names.addresses(SILENT, 443)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await names.addresses("127.0.0.1", 443)
    assert resolver.asked == 1
    resolver.back.set()
    assert await names.addresses("127.0.0.1", 443) == ["127.0.0.1"]
