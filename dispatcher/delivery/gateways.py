"""Keep what this process knows of each gateway, over all batches: whether it works, and how much it may be given."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from channels.base import GatewayLimits
from dispatcher.delivery.circuit_breaker import Breaker
from dispatcher.delivery.gateway_limiter import GatewayLimiter
from dispatcher.delivery.health.answer_times import AnswerTimes
from dispatcher.delivery.health.evidence import GatewayEvidence, GatewayVerdict, Sign
from dispatcher.delivery.pace.allowance import Allowance
from dispatcher.delivery.pace.pace import KEPT_BELOW, Pace
from dispatcher.delivery.retry_budget import RetryBudget

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from channels.base import Channel
    from dispatcher.delivery.health.evidence import SliceTally
    from dispatcher.model.batches import ReadyBatch
    from dispatcher.model.retry_policy import DeliveryPolicy
    from dispatcher.queue.rate_bucket import RateBucket

    Buckets = Callable[[str, float | None], RateBucket]


CONFIRMING_SLICE = 20
"""Recipients at most to whom is sent to see whether a gateway is down, or only those are sick who were asked."""
_UNKNOWN = GatewayLimits(1)
"""Of a channel that this worker does not have: it sends nothing."""


@dataclass(slots=True)
class Gateway:
    """The state of one gateway, as the plan names it."""

    limits: GatewayLimits
    policy: DeliveryPolicy
    breaker: Breaker
    budget: RetryBudget
    limiter: GatewayLimiter
    evidence: GatewayEvidence = field(default_factory=GatewayEvidence)
    answer_times: AnswerTimes = field(default_factory=AnswerTimes)
    retrying: int = 0
    """Retries that are under way."""
    batches: Counter[str] = field(default_factory=Counter)
    """Batches that this process works on, by source."""
    postponed: dict[str, dict[int, ReadyBatch]] = field(default_factory=dict)
    """Batches, by source and id, that were not taken up because they could only have waited for a slot behind others of
    their source: meanwhile the process works for other gateways and sources. Lost with the process, as every wake-up
    may be."""

    def accept(self, now: float) -> None:
        """Note that it accepted somebody."""
        self.evidence.accept(now)
        self.breaker.accept(now)

    def slice_size(self, most: int) -> int:
        """Return to how many recipients who were never tried to send at once, at most."""
        if self.breaker.probing:
            return 1
        size = min(most, self.limits.concurrency)
        return min(size, CONFIRMING_SLICE) if self.evidence.in_doubt else size

    def retry_slots(self) -> int:
        """Return how many more retries may be under way: half of the slots are never theirs."""
        return max(0, max(1, self.limits.concurrency // 2) - self.retrying)

    def judge(self, tally: SliceTally) -> tuple[Sign, GatewayVerdict]:
        """Judge by a slice that has ended. Returns what is thought of the gateway as a whole, and for which sign."""
        if self.breaker.probing and tally.faults_in_all and not (tally.well or tally.accepted):
            return Sign.FAULT, GatewayVerdict.SICK
        policy = self.policy.breaker
        least = {Sign.FAULT: policy.failures, Sign.REFUSED: policy.refusals}
        if self.limits.limits_endpoints:
            least[Sign.THROTTLED] = policy.throttled
        found = {sign: self.evidence.take(tally, sign, count) for sign, count in least.items()}
        return max(found.items(), key=lambda one: list(GatewayVerdict).index(one[1]))

    def leave_alone(self, sign: Sign, tally: SliceTally, left_at: float, now: float) -> float:
        """Return for how many seconds the gateway is left alone that shows the sign as a whole, in a slice that left at
        `left_at`. Its pace follows what it asks for.
        """
        self.evidence.forget(sign)
        if sign is Sign.FAULT:
            return self.breaker.fail(now)
        if sign is Sign.REFUSED:
            return self.policy.pauses.misconfigured_s
        self.limiter.refused(left_at, tally.asked_s)
        return tally.asked_s

    def postpone(self, ready: ReadyBatch) -> None:
        """Remember a batch that is not taken up now."""
        self.postponed.setdefault(ready.source_id, {})[ready.batch_id] = ready

    def wake_ups(self, source_id: str) -> list[ReadyBatch]:
        """Return which postponed batches are to be looked at again, now that one of this source was released: one in
        its place; where it was the source's last, all.
        """
        waiting = self.postponed.get(source_id, {})
        chosen = list(waiting)[: None if not self.batches[source_id] else 1]
        woken = [waiting.pop(batch_id) for batch_id in chosen]
        if not waiting:
            self.postponed.pop(source_id, None)
        return woken


class Gateways:
    """Keeps the gateways for which this process has worked."""

    def __init__(
        self, policy: DeliveryPolicy, channels: Mapping[str, Channel], buckets: Buckets | None = None
    ) -> None:
        """`buckets` returns the bucket of an account at a rate, or at one that is learnt (None); without them each
        process has every rate for itself.
        """
        self._policy = policy
        self._channels = channels
        self._buckets = buckets
        self._known: dict[tuple[str, str], Gateway] = {}

    def of(self, channel: str, name: str) -> Gateway:
        """Return the gateway of a batch."""
        return self._known.get((channel, name)) or self._add(channel, name)

    def any_crowded(self) -> bool:
        """Whether batches wait for slots of some gateway."""
        return any(gateway.limiter.any_waits() for gateway in self._known.values())

    def _add(self, channel: str, name: str) -> Gateway:
        known = self._channels.get(channel)
        limits = known.gateway_limits(name) if known else _UNKNOWN
        gateway = self._known[channel, name] = Gateway(
            limits,
            self._policy,
            Breaker(self._policy.breaker),
            RetryBudget(self._policy.retry_budget),
            GatewayLimiter(limits.concurrency, pace=self._pace(limits)),
        )
        return gateway

    def _pace(self, limits: GatewayLimits) -> Pace:
        wait_max_s = self._policy.pauses.rate_limited_s
        if not limits.account or self._buckets is None:
            return Pace(limits.rate, None, wait_max_s)
        declared = None if limits.rate is None else KEPT_BELOW * limits.rate
        return Pace(limits.rate, Allowance(self._buckets(limits.account, declared)), wait_max_s)
