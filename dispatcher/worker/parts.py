"""What a worker process is made of; put together in `dispatcher.wiring`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dispatcher.worker.headroom import Headroom

if TYPE_CHECKING:
    from dispatcher.feeds.watch import Watch
    from dispatcher.metrics import Meter
    from dispatcher.pipeline.deliver import Deliverer
    from dispatcher.pipeline.plan import Planner
    from dispatcher.pipeline.sweep import Reconciler
    from dispatcher.probes import Health
    from dispatcher.worker.keyring import Keyring


@dataclass(frozen=True, slots=True)
class WorkerParts:
    """The working parts of one worker process."""

    planner: Planner
    deliverer: Deliverer
    reconciler: Reconciler
    meter: Meter
    health: Health
    watch: Watch | None = None
    """Of the feeds, where there are any."""
    keyring: Keyring | None = None
    """Keeps message keys ready, where that is wanted."""
    headroom: Headroom = field(default_factory=Headroom)
