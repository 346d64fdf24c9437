"""Keep what this process knows of each gateway, over all batches: whether it works, and how much it may be given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dispatcher.delivery.circuit_breaker import Breaker
from dispatcher.delivery.gateway_limiter import GatewayLimiter
from dispatcher.delivery.retry_budget import RetryBudget
from dispatcher.model.vocabulary import Lane

if TYPE_CHECKING:
    from collections.abc import Mapping

    from channels.base import Channel
    from dispatcher.model.batches import ReadyBatch
    from dispatcher.model.retry_policy import DeliveryPolicy

LOWEST = max(lane.rank for lane in Lane)
"""The rank of the least urgent lane."""


@dataclass(slots=True)
class Gateway:
    """The state of one gateway, as the plan names it."""

    breaker: Breaker
    budget: RetryBudget
    limiter: GatewayLimiter
    batches: int = 0
    """Batches that this process works on."""
    postponed: dict[int, ReadyBatch] = field(default_factory=dict)
    """Batches, by id, that were not taken up because they could only have waited for a slot: meanwhile the process
    works for other gateways. Lost with the process, as every wake-up may be."""

    def wake_ups(self) -> list[ReadyBatch]:
        """Return which postponed batches are to be looked at again, now that a batch was released: one in its place;
        where it was the last, all.
        """
        chosen = list(self.postponed)[: None if not self.batches else 1]
        return [self.postponed.pop(batch_id) for batch_id in chosen]


class Gateways:
    """Keeps the gateways for which this process has worked."""

    def __init__(self, policy: DeliveryPolicy, channels: Mapping[str, Channel]) -> None:
        self._policy = policy
        self._channels = channels
        self._known: dict[tuple[str, str], Gateway] = {}

    def of(self, channel: str, name: str) -> Gateway:
        """Return the gateway of a batch."""
        return self._known.get((channel, name)) or self._add(channel, name)

    def any_crowded(self) -> bool:
        """Whether batches wait for slots of some gateway."""
        return any(gateway.limiter.is_crowded(LOWEST) for gateway in self._known.values())

    def _add(self, channel: str, name: str) -> Gateway:
        # A channel that this worker does not have sends nothing.
        capacity = self._channels[channel].limits.concurrency if channel in self._channels else 1
        gateway = self._known[channel, name] = Gateway(
            Breaker(self._policy.breaker), RetryBudget(self._policy.retry_budget), GatewayLimiter(capacity)
        )
        return gateway
