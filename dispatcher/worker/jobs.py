"""arq's functions. Each unpacks an id and calls the pipeline; none relies on arq's retries, timeouts or results.

An unforeseen error ends the job quietly for arq: the reconciler rings again for whatever is still open. Want of memory
ends the process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from dispatcher.worker.dependencies import WorkerDependencies

log = structlog.get_logger()


async def plan(ctx: dict[str, Any], alert_id: str) -> None:
    """Plan an accepted alert."""
    parts: WorkerDependencies = ctx["parts"]
    try:
        await parts.planner.plan(alert_id)
    except MemoryError:
        parts.watchdog.exhausted()
    except Exception as error:
        parts.metrics.jobs_failed.labels("plan").inc()
        log.exception("job_failed", function="plan", alert=alert_id, error=type(error).__name__)


async def deliver(ctx: dict[str, Any], batch_id: int) -> None:
    """Work on a batch."""
    parts: WorkerDependencies = ctx["parts"]
    parts.watchdog.check()
    try:
        await parts.deliverer.deliver(batch_id)
    except MemoryError:
        parts.watchdog.exhausted()
    except Exception as error:
        parts.metrics.jobs_failed.labels("deliver").inc()
        log.exception("job_failed", function="deliver", batch=batch_id, error=type(error).__name__)
