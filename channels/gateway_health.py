"""What one call of `send` has learnt about its gateway, and when it must leave it alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from channels.base import (
    AccountRefused,
    ChannelDown,
    ChannelError,
    ChannelFault,
    ChannelMisconfigured,
    DeliveryError,
    NotMade,
    Permanent,
    Receipt,
)
from channels.crashes import is_ours

if TYPE_CHECKING:
    from channels.base import Endpoint
    from channels.crashes import Proof

# The default of every channel.
# One lost packet, one restarting instance are no outage; five failures in a row and no success are.
CONNECT_FAILURES_IN_A_ROW: Final = 5


class GatewayHealth:
    """What is known of the gateway within one call.

    A refusal that can only be about us stops it at once; one that may be about the endpoint is that one's error
    (`Unauthorized`). After `connect_failures` failed connections in a row, and none that succeeded, the gateway is
    down. Endpoints whose request could not be made are held back until one could be (`Permanent`), or none (see
    `crashes.is_ours`).
    """

    __slots__ = (
        "_connect_failures",
        "_crashed",
        "_failures",
        "_made",
        "_proof",
        "_reached",
        "error",
        "gateway",
    )

    def __init__(self, gateway: str, connect_failures: int, proof: Proof) -> None:
        self.gateway = gateway
        self._proof = proof
        self._made = False
        self._crashed: list[tuple[Endpoint, str]] = []
        self._connect_failures = connect_failures
        self._reached = False
        self._failures = 0
        self.error: ChannelError | None = None
        """Why nothing more is started; what was not started gets no receipt."""

    def start(self) -> list[Receipt]:
        """Note that a request could be made. Returns the receipts that are certain by that."""
        self._made = self._proof.given = True
        return self._give_up_crashed() if self._crashed else []

    def crash(self, endpoint: Endpoint, kind: str) -> list[Receipt]:
        """Note that no request could be made for `endpoint`; `kind` is the type of the exception."""
        self._crashed.append((endpoint, kind))
        return self._give_up_crashed() if self._made else []

    def accept(self, receipt: Receipt) -> list[Receipt]:
        """Note that the gateway took a message."""
        self._reached = True
        return [receipt]

    def fail(self, endpoint: Endpoint, error: DeliveryError) -> list[Receipt]:
        """Note that the gateway answered, or may have read, but did not accept."""
        self._reached = True
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
        self.error = ChannelMisconfigured(error.code, error.detail, gateway=self.gateway)
        return [Receipt(endpoint.id, AccountRefused(error.code, "refused"))]

    def close(self) -> list[Receipt]:
        """Decide about all that was held back, now that nothing is in flight and nothing will be started."""
        if not self._crashed:
            return []
        kinds = [kind for _, kind in self._crashed]
        if not is_ours(kinds, made=self._made, proven=self._proof.given):
            return self._give_up_crashed()
        self._proof.given = False
        self.error = self.error or ChannelFault(kinds[0], "no request could be made", gateway=self.gateway)
        crashed, self._crashed = self._crashed, []
        return [Receipt(endpoint.id, NotMade(kind, "no request could be made")) for endpoint, kind in crashed]

    def _give_up_crashed(self) -> list[Receipt]:
        crashed, self._crashed = self._crashed, []
        return [Receipt(endpoint.id, Permanent(kind, "unusable record")) for endpoint, kind in crashed]
