"""Name the parts that working on a batch takes, built once for a process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dispatcher.delivery.failure_log import FailureLog
from dispatcher.model.retry_policy import DEFAULT_POLICY
from dispatcher.store.clock import RecordClock
from dispatcher.traces.tracer import NO_TRACES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from channels.base import Channel, Endpoint
    from dispatcher.access.receipt_tokens import ReceiptTokens
    from dispatcher.delivery.gateways import Buckets
    from dispatcher.delivery.lanes import LaneGate
    from dispatcher.delivery.notices import Notices
    from dispatcher.metrics import Metrics
    from dispatcher.model.retry_policy import DeliveryPolicy
    from dispatcher.queue.session_notes import SessionNotes
    from dispatcher.queue.wakeups import WakeUpQueue
    from dispatcher.store.audience.subscriptions import Subscriptions
    from dispatcher.store.delivery.ledger import Ledger
    from dispatcher.traces.tracer import Tracer


@dataclass(frozen=True, slots=True)
class DelivererDependencies:
    """The parts that working on a batch takes."""

    ledger: Ledger
    subscriptions: Subscriptions
    notices: Notices
    channels: Mapping[str, Channel]
    wake_ups: WakeUpQueue
    gate: LaneGate
    metrics: Metrics
    slice_size: int
    random: Callable[[], float]
    policy: DeliveryPolicy = DEFAULT_POLICY
    clock: RecordClock = field(default_factory=RecordClock)
    """The record's clock, which the channels go by too; every lease acquired sets it right."""
    failures: FailureLog = field(default_factory=FailureLog)
    buckets: Buckets | None = None
    """The bucket of an account that all processes share, by its name and rate."""
    sessions: SessionNotes | None = None
    """What other processes say of their sessions with gateways; without it there are no others."""
    receipt_tokens: ReceiptTokens | None = None
    """What devices prove by that they got a message; None: none is asked for a receipt."""
    tracer: Tracer = NO_TRACES
    expecting: Mapping[str, Callable[[Iterable[Endpoint]], None]] = field(default_factory=dict)
    """What is told, by channel, who is about to be sent to: in the order of sending, a batch at a time."""
