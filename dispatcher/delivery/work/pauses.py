"""Keep for how long a batch's gateway is to be left alone, and why."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import structlog

from dispatcher.delivery.health.evidence import Sign

if TYPE_CHECKING:
    from dispatcher.delivery.delivery_counts import DeliveryCounts
    from dispatcher.model.batches import Lease

PAUSES = {
    Sign.FAULT: ("breaker", logging.WARNING),
    Sign.REFUSED: ("misconfigured", logging.ERROR),
    Sign.THROTTLED: ("retry_after", logging.WARNING),
}
"""Why the gateway is left alone, and how that is logged."""

log = structlog.get_logger()


class BatchPauses:
    """The pauses of the gateway that work on one batch has come upon: the longest wins."""

    def __init__(self, lease: Lease, counts: DeliveryCounts) -> None:
        self._lease = lease
        self._counts = counts
        self._reasons: set[str] = set()
        self.seconds = 0.0
        """0: the gateway is not left alone."""
        self.reason = ""

    def add(self, reason: str, seconds: float, *, code: str = "", log_level: int = logging.WARNING) -> None:
        """Pause the gateway. Each reason counts and is logged once a batch, with the `code` of the answer that was the
        last straw.
        """
        if reason not in self._reasons:
            self._reasons.add(reason)
            self._counts.paused(reason)
            log.log(
                log_level,
                "gateway_paused",
                channel=self._lease.channel,
                gateway=self._lease.gateway,
                reason=reason,
                code=code,
                seconds=round(seconds, 1),
            )
        if seconds > self.seconds:
            self.seconds, self.reason = seconds, reason
