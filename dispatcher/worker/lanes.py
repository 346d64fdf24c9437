"""Run one arq worker per lane in one process: each has its queue and reserved concurrency, and survives an outage of
Redis.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import structlog
from arq.worker import Worker, func

from dispatcher.model.vocabulary import Lane
from dispatcher.queue.lane_queue import LaneQueue
from dispatcher.queue.turns import EXTRA_SLOTS, next_turns
from dispatcher.queue.wakeups import UNAVAILABLE, open_queue, queue_name
from dispatcher.worker import jobs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatcher.queue.address import QueueAddress
    from dispatcher.queue.lane_queue import TakenJob
    from dispatcher.worker.dependencies import WorkerDependencies

POLL_S = {Lane.FLASH: 0.02, Lane.PRIORITY: 0.04, Lane.ROUTINE: 0.08, Lane.EXERCISE: 0.2}
"""How often an idle lane looks at its queue. At 20 ms the median wait is about 12 ms for some 250 Redis commands
per second and process."""
IN_PROGRESS_S = 15.0
"""For so long after it was taken no second job of the same id is started: that of a dead process bars it no longer.
Left alone, arq would for the longest timeout of any function (findings/arq-claims-for-the-slowest-function.sh)."""
JOB_TIMEOUT_S = 3600
"""arq cancels a job after this. None takes so long: every wait in it is bounded."""
RECONNECT_S = 0.5
"""Pause before the next attempt to reach Redis, so that an outage is not answered with a busy loop."""
RESTING_MAX = 256
"""Jobs of a lane at most that have given their place away as they only wait. Each holds a lease, which is renewed every
two seconds."""
CANCEL_AGAIN_S = 0.1
"""How long a cancelled poll may take to end before it is cancelled again."""

log = structlog.get_logger()


class LaneWorker(Worker):
    """Runs jobs as arq does, and takes them in turn from the sources that have some: another source's queue, however
    long, and however slow its gateways, leaves a slot to each that comes.

    It looks at the queue again as soon as a job has ended, and not only after its delay: a mass send has a thousand
    jobs, and none is to wait for a slot that is free.
    """

    def __init__(self, lane_queue: LaneQueue, slots: int, **settings: Any) -> None:
        super().__init__(**settings)
        self._lane_queue = lane_queue
        self._slots = slots
        self._working: Counter[str] = Counter()
        self._sources: dict[str, str] = {}
        """The source of each job under way, by the job's id."""
        self._resting = 0
        self.ctx["rest"] = self.rest
        self._look_again = asyncio.Event()

    async def main(self) -> None:
        """Poll in place of arq's `main`: the client is made, and nothing is to be logged or started before."""
        while True:
            self._look_again.clear()
            await self._poll_iteration()
            with suppress(TimeoutError):
                async with asyncio.timeout(self.poll_delay_s):
                    await self._look_again.wait()

    async def _poll_iteration(self) -> None:
        """Start what is next, in place of arq's order by due time."""
        if self.allow_pick_jobs and self._working.total() < self._slots + EXTRA_SLOTS:
            await self._start_next()
        for job_id, task in list(self.tasks.items()):
            if task.done():
                del self.tasks[job_id]
                task.result()  # raises what ended it: the queue is away
        await self.heart_beat()

    @contextmanager
    def rest(self, job_id: str) -> Iterator[None]:
        """Let another job begin meanwhile: this one only waits for answers, and goes on whenever they come."""
        source_id = self._sources.get(job_id)
        if source_id is None or self._resting >= RESTING_MAX:
            yield
            return
        self._resting += 1
        self._working[source_id] -= 1
        self._look_again.set()
        try:
            yield
        finally:
            self._resting -= 1
            self._working[source_id] += 1

    async def _start_next(self) -> None:
        waiting = await self._lane_queue.waiting()
        turns = next_turns(waiting, self._working, self._slots)
        if not turns:
            return
        taken = await self._lane_queue.take([turn.source_id for turn in turns])
        for job in taken:
            self._start(job)
        if 0 < len(taken) < len(turns):  # a source had fewer than it had slots: they are for another
            self._look_again.set()

    def _start(self, job: TakenJob) -> None:
        self._working[job.source_id] += 1
        self._sources[job.job_id] = job.source_id
        task = self.loop.create_task(self.run_job(job.job_id, job.due_ms))
        self.tasks[job.job_id] = task

        def ended(_: asyncio.Task[None]) -> None:
            self._working[job.source_id] -= 1
            self._sources.pop(job.job_id, None)
            self._look_again.set()

        task.add_done_callback(ended)


def lane_worker(lane: Lane, dependencies: WorkerDependencies, address: QueueAddress, max_jobs: int) -> Worker:
    """Return arq's worker for one lane. Jobs end by themselves: planner and deliverer bound every wait."""
    queue = open_queue(address)
    return LaneWorker(
        LaneQueue(queue, lane, IN_PROGRESS_S),
        max_jobs,
        functions=[func(jobs.plan, name="plan"), func(jobs.deliver, name="deliver")],
        queue_name=queue_name(lane),
        redis_pool=queue,
        handle_signals=False,
        max_jobs=max_jobs + EXTRA_SLOTS,
        job_timeout=JOB_TIMEOUT_S,
        keep_result=0,
        max_tries=1_000_000,
        poll_delay=POLL_S[lane],
        health_check_interval=60,
        job_serializer=queue.job_serializer,
        job_deserializer=queue.job_deserializer,
        log_results=False,
        ctx={"dependencies": dependencies},
    )


async def run_lane(
    lane: Lane, dependencies: WorkerDependencies, address: QueueAddress, max_jobs: int
) -> None:
    """Run until cancelled. arq ends when Redis does; here it is started again. On cancellation no new job is started,
    and running ones are waited for: the deliverer, which was stopped before, releases their batches.
    """
    while True:
        worker = lane_worker(lane, dependencies, address, max_jobs)
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
    """Let running jobs end, then close the connection."""
    worker.allow_pick_jobs = False
    await asyncio.gather(*worker.tasks.values(), return_exceptions=True)
    await worker.pool.aclose(close_connection_pool=True)
