"""What the stand-in SMS centre grants its account: a rate, binds, the form of its ids."""

from __future__ import annotations

from typing import Annotated

import msgspec

from ops.lab.gateways.smpp.message_ids import IdForm

Count = Annotated[int, msgspec.Meta(ge=0)]
NonNegative = Annotated[float, msgspec.Meta(ge=0)]
THROTTLED, QUEUE_FULL = 0x58, 0x14
"""ESME_RTHROTTLED, ESME_RMSGQFUL (SMPP 3.4 section 5.1.3)."""


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is granted. The defaults grant everything."""

    ids: IdForm = IdForm.DECIMAL
    rate: NonNegative = 0.0
    """Parts a second; above it each is answered ESME_RTHROTTLED. 0: any."""
    burst: Annotated[int, msgspec.Meta(ge=1)] = 1
    """How many may come at once before the rate counts."""
    queue: Count = 0
    """The most parts that are taken and not yet receipted, above which ESME_RMSGQFUL is answered. 0: any number."""
    binds: Count = 0
    """The most sessions at once; another is answered ESME_RALYBND. 0: any number."""
    latency_s: NonNegative = 0.0
    """How long each answer to a message takes."""
    enquire_s: NonNegative = 0.0
    """How often the centre enquires by itself; a session that has not answered by the next time is closed. 0: never."""


def parse(body: bytes) -> Terms:
    """Parse terms from JSON. Raises msgspec.DecodeError or its subclass ValidationError."""
    return msgspec.json.decode(body, type=Terms)


class Rate:
    """Counts messages against a rate, as a bucket that leaks."""

    def __init__(self, terms: Terms) -> None:
        self._interval_s = 1 / terms.rate if terms.rate else 0.0
        self._depth_s = self._interval_s * terms.burst
        self._full_until_s = 0.0

    def takes(self, now_s: float) -> bool:
        """Return whether another message fits, and count it if it does. `now_s` is monotonic."""
        full_until_s = max(self._full_until_s, now_s) + self._interval_s
        if full_until_s - now_s > self._depth_s + 1e-9:
            return False
        self._full_until_s = full_until_s
        return True
