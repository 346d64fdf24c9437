"""Whoever was not told for the sake of a token is told with another one, and nobody else is asked twice."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

import pytest

from channels.base import (
    AccountRefused,
    ChannelDown,
    ChannelMisconfigured,
    DeliveryError,
    Endpoint,
    Gone,
    Receipt,
)
from channels.refused_token import HeldEndpoints, with_another_token

PHONES = [Endpoint(number, f"token:{number}", {}) for number in range(6)]


@dataclass
class Push:
    token: str
    gateway: str = "gateway"
    held: HeldEndpoints = field(default_factory=lambda: HeldEndpoints("401"))


class FarSide:
    """It is asked for two at a time, and takes one token until it has been shown it a few times."""

    def __init__(self, *, takes: str = "second", first_holds: int = 0, other: str | None = "second") -> None:
        self.takes, self.first_holds, self.other = takes, first_holds, other
        self.asked: list[tuple[str, int]] = []
        self.closed = 0

    async def begin(self) -> Push:
        return Push("first")

    async def again(self, push: Push) -> Push | None:
        assert push.held.refused, "somebody was asked in vain"
        return None if self.other is None else Push(self.other)

    async def send(self, push: Push, endpoints: Sequence[Endpoint]) -> AsyncGenerator[list[Receipt], None]:
        try:
            for at in range(0, len(endpoints), 2):
                yield [Receipt(one.id, self._ask(push, one)) for one in endpoints[at : at + 2]]
        finally:
            self.closed += 1

    def _ask(self, push: Push, endpoint: Endpoint) -> DeliveryError | None:
        if push.held.endpoints:
            return push.held.hold(endpoint)
        self.asked.append((push.token, endpoint.id))
        if push.token != self.takes and len(self.asked) > self.first_holds:
            return push.held.refuse(endpoint, "expired")
        return Gone("404") if endpoint.id == 0 else None

    def sent(self) -> AsyncGenerator[list[Receipt], None]:
        return with_another_token(self.begin, PHONES, self.send, self.again)


async def told(receipts: AsyncGenerator[list[Receipt], None]) -> dict[int, type | None]:
    found: dict[int, type | None] = {}
    async for some in receipts:
        assert some, "never an empty list"
        assert not found.keys() & {one.endpoint_id for one in some}, "each is told once"
        found |= {one.endpoint_id: None if one.error is None else type(one.error) for one in some}
    return found


@pytest.mark.parametrize("first_holds", range(7))
async def test_each_is_told_once_whenever_the_token_is_refused(first_holds: int) -> None:
    side = FarSide(first_holds=first_holds)
    assert await told(side.sent()) == {0: Gone, **dict.fromkeys(range(1, 6))}
    refused = [("first", first_holds)] if first_holds < 6 else []
    assert side.asked == [
        *(("first", number) for number in range(first_holds) if number < 6),
        *refused,
        # Whoever was refused or held, in their order.
        *(("second", number) for number in range(first_holds, 6)),
    ]
    assert side.closed == 1 + len(refused)


async def test_without_another_token_we_are_refused_and_who_was_not_asked_has_no_receipt() -> None:
    side = FarSide(first_holds=2, other=None)
    receipts = side.sent()
    found = [one for _ in range(2) for one in await anext(receipts)]
    with pytest.raises(ChannelMisconfigured) as refused:
        await anext(receipts)
    assert (refused.value.code, refused.value.gateway) == ("401", "gateway")
    assert {one.endpoint_id: type(one.error) for one in found} == {
        0: Gone,
        1: type(None),
        2: AccountRefused,
    }


async def test_what_stops_the_gateway_at_the_beginning_is_raised_when_it_is_asked() -> None:
    side = FarSide()

    async def begin() -> Push:
        raise ChannelDown("token_unavailable")

    receipts = with_another_token(begin, PHONES, side.send, side.again)
    with pytest.raises(ChannelDown):
        await anext(receipts)
    assert side.asked == []


@pytest.mark.parametrize("first_holds", [1, 6])
async def test_closing_it_stops_what_it_sends(first_holds: int) -> None:
    side = FarSide(first_holds=first_holds)
    receipts = side.sent()
    await anext(receipts)
    await receipts.aclose()
    assert side.closed == 1
    assert len(side.asked) == 2
