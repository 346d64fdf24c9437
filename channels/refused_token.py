"""Sends, and where the far side refuses our token, once more with another one to those who have not been told.

From the first refusal on nobody is asked with that token: who was refused waits for the other one, and so does whoever
is next. What becomes of the other one, the channel judges.
"""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Protocol, TypeVar

from channels.base import AccountRefused, ChannelMisconfigured, Receipt, Unauthorized

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

    from channels.base import Endpoint


class HeldEndpoints:
    """Those who wait for another token than the one that was refused."""

    __slots__ = ("code", "endpoints", "refused")

    def __init__(self, code: str) -> None:
        """`code` is that of the refusal."""
        self.code = code
        self.endpoints: dict[int, Endpoint] = {}
        """All of them, by id: none, as long as the token is taken."""
        self.refused: list[int] = []
        """Those of them who were asked with it."""

    def hold(self, endpoint: Endpoint) -> Unauthorized:
        """Let somebody wait who is not asked with a token that was refused. Returns what is to be raised."""
        self.endpoints[endpoint.id] = endpoint
        return Unauthorized(self.code, "waits for another token")

    def refuse(self, endpoint: Endpoint, word: str) -> Unauthorized:
        """Let somebody wait with whom the token was refused, in this word. Returns what is to be raised."""
        self.refused.append(endpoint.id)
        self.endpoints[endpoint.id] = endpoint
        return Unauthorized(self.code, word)


class PushWithToken(Protocol):
    """One notice on its way through one gateway, with one token."""

    @property
    def gateway(self) -> str:
        """The gateway's name."""
        ...

    @property
    def held(self) -> HeldEndpoints: ...


Push = TypeVar("Push", bound=PushWithToken)


async def with_another_token(
    begin: Callable[[], Awaitable[Push]],
    endpoints: Sequence[Endpoint],
    send: Callable[[Push, Sequence[Endpoint]], AsyncGenerator[list[Receipt], None]],
    again: Callable[[Push], Awaitable[Push | None]],
) -> AsyncGenerator[list[Receipt], None]:
    """Yield the receipts of all endpoints as `Channel.send` promises them. `begin` returns what is sent first, and may
    raise `ChannelError`; `again` the same with another token, and nobody held, or None where there is no other: then we
    are refused.
    """
    push = await begin()
    held = push.held
    async with aclosing(send(push, endpoints)) as known:
        async for receipts in known:
            if not held.endpoints:
                yield receipts
            elif told := [one for one in receipts if one.endpoint_id not in held.endpoints]:
                yield told
    if not held.endpoints:
        return
    other = await again(push)
    if other is None:
        yield [Receipt(number, AccountRefused(held.code, "refused")) for number in held.refused]
        raise ChannelMisconfigured(held.code, gateway=push.gateway)
    async with aclosing(send(other, list(held.endpoints.values()))) as known:
        async for receipts in known:
            yield receipts
