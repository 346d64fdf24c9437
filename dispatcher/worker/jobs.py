"""Define arq's functions. Each unpacks an id and calls the planner or the deliverer; none relies on arq's retries,
timeouts or results.

An unforeseen error ends the job quietly for arq: the reconciler enqueues again whatever is still open. A shortage of
memory ends the process.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

    from dispatcher.worker.dependencies import WorkerDependencies

log = structlog.get_logger()


async def plan(ctx: dict[str, Any], alert_id: str) -> None:
    """Plan an accepted alert."""
    dependencies: WorkerDependencies = ctx["dependencies"]
    try:
        await dependencies.planner.plan(alert_id)
    except MemoryError:
        dependencies.watchdog.exhausted()
    except Exception as error:
        dependencies.metrics.jobs_failed.labels("plan").inc()
        log.exception("job_failed", function="plan", alert=alert_id, error=type(error).__name__)


async def deliver(ctx: dict[str, Any], batch_id: int) -> None:
    """Work on a batch."""
    dependencies: WorkerDependencies = ctx["dependencies"]
    dependencies.watchdog.check()
    try:
        await dependencies.deliverer.deliver(batch_id, _resting(ctx))
    except MemoryError:
        dependencies.watchdog.exhausted()
    except Exception as error:
        dependencies.metrics.jobs_failed.labels("deliver").inc()
        log.exception("job_failed", function="deliver", batch=batch_id, error=type(error).__name__)


def _resting(ctx: dict[str, Any]) -> Callable[[], AbstractContextManager[object]]:
    """Return how the job of `ctx` gives its place away while it only waits."""
    rest = ctx.get("rest")
    return partial(rest, ctx["job_id"]) if rest else nullcontext
