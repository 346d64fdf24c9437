"""The border between the client and its ways to send: what a transport is given, and what it promises."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from channels.clock import elapsed

if TYPE_CHECKING:
    from collections.abc import Callable

    from channels.http.addresses import AddressPolicy
    from channels.http.messages import Outcome, Request
    from channels.http.origins import Origin

    Finished: TypeAlias = Callable[["Exchange", Outcome], None]

IDLE_CONNECTION_S: Final = 50
"""The longest that an idle connection is used again. Servers close idle connections, most after 60 to 120 s; a request
on one that just closes stays unanswered."""


@dataclass(frozen=True, slots=True)
class TransportSettings:
    """What is the same for all requests."""

    policy: AddressPolicy
    connect_timeout_s: float
    """The longest that name, TCP and TLS may take together."""
    ca_file: str
    """The authorities (PEM) against which servers are verified."""
    user_agent: str
    monotonic: Callable[[], float] = elapsed
    """The clock by which exchanges are due. It goes on while process or machine stand still; timers of an event loop
    are late then, so it is read again before anything leaves."""


def system_ca_file() -> str:
    """Return the machine's certificate bundle. Raises `FileNotFoundError` where there is none."""
    paths = ssl.get_default_verify_paths()
    if paths.cafile is None:
        raise FileNotFoundError("no system CA bundle; name one explicitly")
    return paths.cafile


class Exchange:
    """One request and what becomes of it: waiting, carried by a transport, or over. One is made for each message."""

    __slots__ = ("done", "due", "origin", "over", "request", "transport", "transport_state")

    def __init__(
        self, request: Request, origin: Origin[Exchange], due: float, done: Callable[[Outcome], None]
    ) -> None:
        """`due`, by the settings' clock, is when it must be over; `done` is called when it is."""
        self.request = request
        self.origin = origin
        self.due = due
        self.done = done
        self.transport: Transport | None = None
        """The transport that carries it now."""
        self.transport_state: object = None
        """What that transport keeps for it. The client clears it in the end: it may lead back here, and a reference
        cycle for each message would keep the garbage collector busy."""
        self.over = False


class Transport(Protocol):
    """A way to carry exchanges whose origin the address policy has accepted. One suite of tests runs against every one.

    The policy is asked again about every address before it is connected to, and TLS is verified against the settings'
    authorities. For each exchange that it has taken, a transport calls `finished`, which it was made with, once: later,
    from the event loop, when the exchange is due at the latest. The class of the outcome says what it means (see
    `messages`), whichever transport it was. Nothing that a server may have acted on is sent a second time.
    """

    def submit(self, exchange: Exchange) -> bool:
        """Take an exchange over; False, and nothing is done, where this transport cannot take it now."""
        ...

    def abort(self, exchange: Exchange) -> None:
        """Break off an exchange that this transport carries: `finished` is not called."""
        ...

    async def aclose(self) -> None:
        """Break everything off, with `closed` as the outcome, and close the connections."""
        ...
