"""Keep what this process knows of each gateway, over all batches: whether it works, and how much it may be given."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from channels.base import GatewayLimits
from dispatcher.delivery.circuit_breaker import Breaker
from dispatcher.delivery.gateway_limiter import GatewayLimiter
from dispatcher.delivery.pace.allowance import Allowance
from dispatcher.delivery.pace.pace import KEPT_BELOW, Pace
from dispatcher.delivery.retry_budget import RetryBudget

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from channels.base import Channel
    from dispatcher.model.batches import ReadyBatch
    from dispatcher.model.retry_policy import DeliveryPolicy
    from dispatcher.queue.rate_bucket import RateBucket

    Buckets = Callable[[str, float], RateBucket]


@dataclass(slots=True)
class Gateway:
    """The state of one gateway, as the plan names it."""

    breaker: Breaker
    budget: RetryBudget
    limiter: GatewayLimiter
    batches: Counter[str] = field(default_factory=Counter)
    """Batches that this process works on, by source."""
    postponed: dict[str, dict[int, ReadyBatch]] = field(default_factory=dict)
    """Batches, by source and id, that were not taken up because they could only have waited for a slot behind others of
    their source: meanwhile the process works for other gateways and sources. Lost with the process, as every wake-up
    may be."""

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
        """`buckets` returns the bucket of an account at a rate; without them each process has every rate for itself."""
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
        # A channel that this worker does not have sends nothing.
        limits = (
            self._channels[channel].gateway_limits(name) if channel in self._channels else GatewayLimits(1)
        )
        gateway = self._known[channel, name] = Gateway(
            Breaker(self._policy.breaker),
            RetryBudget(self._policy.retry_budget),
            GatewayLimiter(limits.concurrency, pace=self._pace(limits)),
        )
        return gateway

    def _pace(self, limits: GatewayLimits) -> Pace:
        wait_max_s = self._policy.pauses.rate_limited_s
        if limits.rate is None or not limits.account or self._buckets is None:
            return Pace(limits.rate, None, wait_max_s)
        allowance = Allowance(self._buckets(limits.account, KEPT_BELOW * limits.rate))
        return Pace(limits.rate, allowance, wait_max_s)
