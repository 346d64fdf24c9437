"""What one call of `send` has learnt about its gateway, and when it must leave it alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from channels.base import (
    ChannelDown,
    ChannelError,
    ChannelFault,
    ChannelMisconfigured,
    DeliveryError,
    NotMade,
    Permanent,
    RateLimited,
    Receipt,
    Transient,
)
from channels.crashes import is_ours

if TYPE_CHECKING:
    from channels.base import Endpoint
    from channels.crashes import Proof

# The defaults of every channel.
# One lost packet, one restarting instance are no outage; five failures in a row and no success are.
CONNECT_FAILURES_IN_A_ROW: Final = 5
# One subscription made for another key is no reason to call a human; five in a row and no acceptance are.
REFUSALS_IN_A_ROW: Final = 5


class GatewayHealth:
    """What is known of the gateway within one call.

    A refusal (401, 403) may be about us or, where subscriptions carry their own key, about one endpoint. With
    `refusals_tolerated` above 1, refusals are held back until an acceptance shows that they were about the
    endpoints (`Permanent`), or enough of them in a row that they are about us. After `connect_failures` failed
    connections in a row, and none that succeeded, the gateway is down. Endpoints whose request could not be made are
    held back, too, until one could be (`Permanent`), or none (see `crashes.is_ours`).
    """

    __slots__ = (
        "_accepted",
        "_connect_failures",
        "_crashed",
        "_failures",
        "_held",
        "_made",
        "_proof",
        "_reached",
        "_tolerated",
        "error",
        "gateway",
        "pause",
    )

    def __init__(self, gateway: str, refusals_tolerated: int, connect_failures: int, proof: Proof) -> None:
        self.gateway = gateway
        self._proof = proof
        self._made = False
        self._crashed: list[tuple[Endpoint, str]] = []
        self._tolerated = refusals_tolerated
        self._connect_failures = connect_failures
        self._accepted = False
        self._reached = False
        self._failures = 0
        self._held: list[tuple[Endpoint, ChannelMisconfigured]] = []
        self.error: ChannelError | None = None
        """Why nothing more is started; what was not started gets no receipt."""
        self.pause: RateLimited | None = None
        """Why nothing more is started; what was not started gets this."""

    def start(self) -> list[Receipt]:
        """Note that a request could be made. Returns the receipts that are certain by that."""
        self._made = self._proof.given = True
        return self._give_up_crashed() if self._crashed else []

    def crash(self, endpoint: Endpoint, kind: str) -> list[Receipt]:
        """Note that no request could be made for `endpoint`; `kind` is the type of the exception."""
        self._crashed.append((endpoint, kind))
        return self._give_up_crashed() if self._made else []

    def accept(self, receipt: Receipt) -> list[Receipt]:
        """Note that the gateway took a message. Returns all receipts that are now certain."""
        self._accepted = self._reached = True
        return [*self._release(Permanent), receipt] if self._held else [receipt]

    def fail(self, endpoint: Endpoint, error: DeliveryError) -> list[Receipt]:
        """Note that the gateway answered, or may have read, but did not accept."""
        self._reached = True
        if isinstance(error, RateLimited):
            self.pause = RateLimited(error.code, "not started", retry_after=error.retry_after)
        return [Receipt(endpoint.id, error)]

    def miss(self, endpoint: Endpoint, error: DeliveryError) -> list[Receipt]:
        """Note that the gateway could not be reached."""
        self._failures += 1
        if self._failures >= self._connect_failures and not self._reached:
            self.error = self.error or ChannelDown(error.code, error.detail, gateway=self.gateway)
        return [Receipt(endpoint.id, error)]

    def refuse(self, endpoint: Endpoint, error: ChannelMisconfigured) -> list[Receipt]:
        """Note that the gateway refuses us."""
        self._reached = True
        self._held.append((endpoint, error))
        if self.error is None and len(self._held) < self._tolerated:
            return []
        return self._report_misconfiguration()

    def close(self) -> list[Receipt]:
        """Decide about all that was held back, now that nothing is in flight and nothing will be started."""
        receipts = self._close_crashed() if self._crashed else []
        if not self._held:
            return receipts
        return receipts + (self._release(Permanent) if self._accepted else self._report_misconfiguration())

    def _close_crashed(self) -> list[Receipt]:
        kinds = [kind for _, kind in self._crashed]
        if not is_ours(kinds, made=self._made, proven=self._proof.given):
            return self._give_up_crashed()
        self._proof.given = False
        self.error = self.error or ChannelFault(kinds[0], "no request could be made", gateway=self.gateway)
        crashed, self._crashed = self._crashed, []
        return [Receipt(endpoint.id, NotMade(kind, "no request could be made")) for endpoint, kind in crashed]

    def _give_up_crashed(self) -> list[Receipt]:
        crashed, self._crashed = self._crashed, []
        return [Receipt(endpoint.id, unusable(kind)) for endpoint, kind in crashed]

    def _report_misconfiguration(self) -> list[Receipt]:
        error = self._held[0][1]
        self.error = ChannelMisconfigured(error.code, error.detail, gateway=self.gateway)
        return self._release(Transient)

    def _release(self, meaning: type[Permanent | Transient]) -> list[Receipt]:
        held, self._held = self._held, []
        return [Receipt(endpoint.id, meaning(error.code, "refused")) for endpoint, error in held]


def unusable(kind: str) -> Permanent:
    """Return the error of one odd record; `kind` is the type of the exception that it led to."""
    return Permanent(kind, "unusable record")
