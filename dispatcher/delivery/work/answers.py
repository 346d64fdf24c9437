"""Take what a gateway answered: what it means for each recipient, for the gateway's pace and for its health."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from channels.base import Expired, OurKeyMissing, RateLimited, Unauthorized
from dispatcher.delivery.failure_log import Failure
from dispatcher.delivery.health.evidence import Sign
from dispatcher.delivery.leased_batch import ACCEPTED

if TYPE_CHECKING:
    from datetime import datetime

    from channels.base import Receipt
    from dispatcher.delivery.delivery_counts import DeliveryCounts
    from dispatcher.delivery.failure_log import FailureLog
    from dispatcher.delivery.gateways import Gateway
    from dispatcher.delivery.health.evidence import SliceTally
    from dispatcher.delivery.leased_batch import LeasedBatch
    from dispatcher.delivery.outcome import Settlement
    from dispatcher.delivery.work.pauses import BatchPauses
    from dispatcher.delivery.work.slices import SentSlice


REFUSALS: Final = (Unauthorized, OurKeyMissing)
"""What says that a key of ours is not taken, unless it is one that some alone are shown."""


class BatchAnswers:
    """Takes the receipts of one batch."""

    def __init__(
        self,
        batch: LeasedBatch,
        gateway: Gateway,
        counts: DeliveryCounts,
        pauses: BatchPauses,
        failures: FailureLog,
    ) -> None:
        self._batch = batch
        self._lease = batch.lease
        self._gateway = gateway
        self._counts = counts
        self._pauses = pauses
        self._failures = failures
        self.told_until: datetime | None = None
        """The end of a notice that a channel has found to be past, even if this clock does not say so yet."""

    def take(self, receipts: list[Receipt], deadline: datetime, one: SentSlice, now: datetime) -> None:
        """Take receipts of a slice that came together; `deadline` is that of the notice that was sent, and `now` the
        record's time.
        """
        eased_s = self._heed(receipts, one)
        self._apply(self._without_untold(receipts, deadline), eased_s, one.tally, now)

    def take_as_made(self, receipts: list[Receipt], one: SentSlice, now: datetime) -> None:
        """Take receipts for requests that we did not make: no gateway answered them."""
        self._apply(receipts, 0.0, one.tally, now)

    def _without_untold(self, receipts: list[Receipt], deadline: datetime) -> list[Receipt]:
        """Return the receipts without those that came too late for this notice, where the alert goes on: to these is
        sent what is left to tell of it.
        """
        if deadline >= self._lease.deadline:
            return receipts
        told = [receipt for receipt in receipts if not isinstance(receipt.error, Expired)]
        if len(told) < len(receipts):
            self.told_until = deadline
        return told

    def _heed(self, receipts: list[Receipt], one: SentSlice) -> float:
        """Let the gateway's pace follow its answers. Returns in how many seconds something may leave again, if it asked
        for patience.
        """
        limiter, slots = self._gateway.limiter, one.slots
        refusals = [receipt.error for receipt in receipts if receipt.error is not None]
        if len(refusals) < len(receipts):
            limiter.accepted((len(receipts) - len(refusals)) * slots.units)
        eased_s = 0.0
        for error in refusals:
            # Where one endpoint may be limited alone, the gateway's pace follows what many are told (`judge`).
            if isinstance(error, RateLimited) and not self._gateway.limits.limits_endpoints:
                most_s = self._gateway.policy.pauses.retry_after_max_s
                asked_s = min(error.retry_after or 0.0, most_s)
                eased_s = limiter.refused(slots.left_at, asked_s, slots.units)
        return eased_s

    def _apply(self, receipts: list[Receipt], eased_s: float, tally: SliceTally, now: datetime) -> None:
        if not receipts:
            return
        at, gateway = time.monotonic(), self._gateway
        if accepted := sum(receipt.error is None for receipt in receipts):
            gateway.accept(at)
            gateway.answer_times.note(at - tally.started, accepted)
            tally.accepted += accepted
        accepted_s = at - gateway.evidence.accepted_at
        plain, others = self._batch.apply_receipts(receipts, now, eased_s, accepted_s)
        latency_s = max(0.0, (now - self._lease.received_at).total_seconds())
        if plain:
            self._note(ACCEPTED, latency_s, plain)
        for result in others:
            self._note(result, latency_s)
            self._log_failure(result)
            self._tally(result, tally)

    def _tally(self, result: Settlement, tally: SliceTally) -> None:
        sign = sign_of(result, shared_key=self._gateway.limits.shared_key)
        if sign is None:
            tally.well += result.error is not Expired
            if self._gateway.breaker.probing and not result.is_accepted:
                self._gateway.breaker.accept(time.monotonic())  # it answers, if only that this one is gone
        else:
            tally.note(sign, result.code, first=result.first, asked_s=result.pause_s)

    def _log_failure(self, result: Settlement) -> None:
        if not result.is_accepted:
            failure = Failure(self._lease.channel, self._lease.gateway, result.label, result.code)
            self._failures.note(failure, result.log_level)

    def _note(self, result: Settlement, latency_s: float, answers: int = 1) -> None:
        self._counts.note(result, latency_s, answers)
        failed = result.gateway_fault or result.error in REFUSALS
        self._gateway.budget.note(
            retry=result.attempts > 1, failed=failed, now=time.monotonic(), answers=answers
        )
        if result.pause_s and not self._gateway.limits.limits_endpoints:
            self._pauses.add("retry_after", result.pause_s, code=result.code)


def sign_of(result: Settlement, *, shared_key: bool) -> Sign | None:
    """Return what a failure may be a sign of; None for one that is its recipient's alone."""
    if result.pause_s:
        return Sign.THROTTLED
    if result.error in REFUSALS and shared_key:
        return Sign.REFUSED
    return Sign.FAULT if result.gateway_fault else None
