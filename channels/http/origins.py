"""One connection first: how a burst of requests to an https origin finds out whether it can share one.

HTTP/2 needs one connection for a hundred requests, HTTP/1.1 a hundred. Which it is shows when the first
connection stands. libcurl can make the others wait for that (CURLOPT_PIPEWAIT), but where it turns out to be
HTTP/1.1, it makes them wait until the first request is answered: one hanging request would hold up everybody
(findings/libcurl-pipewait-queues-behind-http1.sh). So the first request goes ahead alone until its connection stands,
and libcurl's way is used where HTTP/2 is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from channels.http.client import Transfer
    from channels.http.http2.pool import OwnConnections


class OriginGate:
    """What is known about one origin, and who waits to know it."""

    __slots__ = ("_leader", "_open", "followers", "multiplex", "own", "shared_answers")

    def __init__(self, *, tls: bool) -> None:
        self._open = not tls  # in the clear we speak HTTP/1.1 only
        self._leader: Transfer | None = None
        self.followers: dict[Transfer, None] = {}
        self.multiplex = False
        """Whether the last answer came by HTTP/2."""
        self.shared_answers = 0
        """How many answers libcurl got by HTTP/2."""
        self.own: OwnConnections | None = None

    def admit(self, transfer: Transfer) -> bool:
        """Whether `transfer` may start now; otherwise it is among the followers."""
        if self._open:
            return True
        if self._leader is None:
            self._leader = transfer
            return True
        self.followers[transfer] = None
        return False

    def is_leader(self, transfer: Transfer) -> bool:
        return self._leader is transfer

    def connected(self) -> dict[Transfer, None]:
        """A connection stands. Returns who may start now."""
        self._open = True
        return self._release()

    def over(self, transfer: Transfer) -> dict[Transfer, None]:
        """`transfer` has ended, perhaps without ever having been connected. Returns who may start now."""
        return self._release() if self._leader is transfer else {}

    def _release(self) -> dict[Transfer, None]:
        self._leader = None
        followers, self.followers = self.followers, {}
        return followers
