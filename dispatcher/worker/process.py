"""Run the worker process: lanes, reconciler, and a small HTTP server for probes and metrics."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import structlog

from dispatcher.model.vocabulary import Lane
from dispatcher.runtime.http_transport import METRICS_LIMITS
from dispatcher.runtime.listening import announced, listen_for_metrics
from dispatcher.runtime.loop_watchdog import LoopWatchdog
from dispatcher.runtime.probes import probe_app
from dispatcher.runtime.serving import server_of
from dispatcher.worker.lanes import run_lane

if TYPE_CHECKING:
    from collections.abc import Coroutine

    import uvicorn

    from dispatcher.queue.address import QueueAddress
    from dispatcher.settings import Settings
    from dispatcher.worker.dependencies import WorkerDependencies

GRACE_S = 20.0
"""How long the slices in flight may take after SIGTERM. A supervisor should wait longer than this."""

log = structlog.get_logger()


async def run(settings: Settings, dependencies: WorkerDependencies, queue: QueueAddress) -> None:
    """Work until SIGTERM or SIGINT: then release the leased batches and return."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    metrics = dependencies.metrics
    server = server_of(probe_app(metrics, dependencies.health), metrics, METRICS_LIMITS)
    listener = listen_for_metrics(settings)
    work: list[Coroutine[None, None, None]] = [
        run_lane(lane, dependencies, queue, settings.jobs_per_lane) for lane in Lane
    ]
    work.append(dependencies.deliverer.log_failures())
    work.append(dependencies.watchdog.watch())
    work.append(LoopWatchdog(dependencies.metrics).watch())
    wanted = (
        dependencies.feed_scheduler,
        dependencies.key_precomputer,
        dependencies.key_maker,
        dependencies.message_centres,
        dependencies.vapid_key_notes,
        dependencies.instance_keys,
        dependencies.own_projects,
        dependencies.own_apple_apps,
        dependencies.own_gateways,
        dependencies.message_withdrawals,
        dependencies.address_checks,
        dependencies.endpoint_messages,
        dependencies.approval_timers,
        dependencies.approval_counts,
        dependencies.duty_desk,
        dependencies.audit_keeper,
        dependencies.canary_tests,
        dependencies.health_notes,
        dependencies.self_examination,
        dependencies.tracer,
        dependencies.certificate_examination,
    )
    work += [part.run() for part in wanted if part is not None]
    serving = server.serve(sockets=[listener])
    tasks = [asyncio.create_task(task) for task in [*work, dependencies.reconciler.run(), serving]]
    try:
        with announced(settings.data_dir, settings.process_name or "worker", listener):
            await _until(stop, tasks)
    except MemoryError:
        dependencies.watchdog.exhausted()
        raise
    finally:
        # Also when a part failed: what is left running would keep the process, and its share of the work, alive.
        await _wind_up(dependencies, server, tasks)


async def _wind_up(
    dependencies: WorkerDependencies, server: uvicorn.Server, tasks: list[asyncio.Task[None]]
) -> None:
    dependencies.deliverer.stop()
    server.should_exit = True
    log.info("worker_stopping")
    for task in tasks[:-1]:
        task.cancel()
    _, late = await asyncio.wait(tasks, timeout=GRACE_S)
    for task in late:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _until(stop: asyncio.Event, tasks: list[asyncio.Task[None]]) -> None:
    """Return when `stop` is set; raise if a task ends by itself, which none should."""
    waiting = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    for task in done - {waiting}:
        if error := task.exception():
            raise error
