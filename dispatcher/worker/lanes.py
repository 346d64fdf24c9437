"""One arq worker per lane in one process: own queue, own reserved concurrency, surviving an absent Redis."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import structlog
from arq.worker import Worker, func

from dispatcher.model.vocabulary import Lane
from dispatcher.queue.wakeups import UNAVAILABLE, open_queue, queue_name
from dispatcher.worker import jobs

if TYPE_CHECKING:
    from dispatcher.queue.address import QueueAddress
    from dispatcher.worker.dependencies import WorkerDependencies

POLL_S = {Lane.FLASH: 0.02, Lane.PRIORITY: 0.04, Lane.ROUTINE: 0.08, Lane.EXERCISE: 0.2}
"""How often an idle lane looks at its queue. At 20 ms the median wait is about 12 ms for some 250 Redis commands
per second and process."""
IN_PROGRESS_S = 15.0
"""After this arq takes a job of a dead process up again. Merely a second bell: the reconciler is quicker. Left alone,
arq would wait for the longest timeout of any function (findings/arq-claims-for-the-slowest-function.sh)."""
JOB_TIMEOUT_S = 3600
RECONNECT_S = 0.5
CANCEL_AGAIN_S = 0.1

log = structlog.get_logger()


class LaneWorker(Worker):
    """Looks at its queue again as soon as a job has ended, and not only after its delay: a mass send has a thousand
    jobs, and none is to wait for a slot that is free.
    """

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._ended = asyncio.Event()

    def _release_sem_dec_counter_on_complete(self) -> None:
        super()._release_sem_dec_counter_on_complete()
        self._ended.set()

    async def main(self) -> None:
        """In place of arq's: the client is made, and nothing is to be logged or started before."""
        while True:
            self._ended.clear()
            await self._poll_iteration()
            with suppress(TimeoutError):
                async with asyncio.timeout(self.poll_delay_s):
                    await self._ended.wait()


def lane_worker(lane: Lane, parts: WorkerDependencies, address: QueueAddress, max_jobs: int) -> Worker:
    """Arq's worker for one lane. Jobs end by themselves: the pipeline bounds every wait."""
    queue = open_queue(address)
    worker = LaneWorker(
        functions=[func(jobs.plan, name="plan"), func(jobs.deliver, name="deliver")],
        queue_name=queue_name(lane),
        redis_pool=queue,
        handle_signals=False,
        max_jobs=max_jobs,
        job_timeout=JOB_TIMEOUT_S,
        keep_result=0,
        max_tries=1_000_000,
        poll_delay=POLL_S[lane],
        queue_read_limit=max(100, 20 * max_jobs),
        health_check_interval=60,
        job_serializer=queue.job_serializer,
        job_deserializer=queue.job_deserializer,
        log_results=False,
        ctx={"parts": parts},
    )
    worker.in_progress_timeout_s = IN_PROGRESS_S
    return worker


async def run_lane(lane: Lane, parts: WorkerDependencies, address: QueueAddress, max_jobs: int) -> None:
    """Until cancelled. arq ends when Redis does; here it begins anew. On cancellation no new job is taken, and
    those in hand are waited for: the pipeline was told to put them down.
    """
    while True:
        worker = lane_worker(lane, parts, address, max_jobs)
        polling = asyncio.create_task(worker.async_run())
        try:
            await asyncio.wait([polling])
        finally:
            await _stop(polling)
            await _finish(worker)
        try:
            polling.result()
        except UNAVAILABLE as error:
            log.warning("queue_unavailable", lane=lane, error=type(error).__name__)
            await asyncio.sleep(RECONNECT_S)


async def _stop(polling: asyncio.Task[None]) -> None:
    """Cancel until it has ended: a cancellation that arrives together with an answer of Redis can get lost in
    redis-py's timeout, and the polling would go on.
    """
    while not polling.done():
        polling.cancel()
        await asyncio.wait([polling], timeout=CANCEL_AGAIN_S)


async def _finish(worker: Worker) -> None:
    """Let the jobs in hand end, then close the connection."""
    worker.allow_pick_jobs = False
    await asyncio.gather(*worker.tasks.values(), return_exceptions=True)
    await worker.pool.aclose(close_connection_pool=True)
