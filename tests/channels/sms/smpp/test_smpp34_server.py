"""Our SMPP client against `smpp34`'s server as the centre. It mixes the order of what comes at once."""

import asyncio

from tests.support.smpp34_server import smpp34_centre
from tests.support.smpp_peer import NUMBER, SmppPeer


async def test_it_hands_on_the_octets_of_no_client() -> None:
    async with smpp34_centre(statuses=[0, 0x58]) as centre:

        def speak() -> list[int]:
            with SmppPeer(centre.port) as peer:
                return [peer.bind().status, *(peer.submit(b"\x7b\x1be").status for _ in range(2))]

        assert await asyncio.to_thread(speak) == [0, 0, 0x58]
    (taken,) = centre.taken
    assert (taken.short_message, taken.destination_addr) == (b"\x7b\x1be", NUMBER)
