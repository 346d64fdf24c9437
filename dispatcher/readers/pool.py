"""A pool of readers: processes that are killed when they take too long, and replaced.

They are forked from a small server that has loaded what they need, never from this process, in which threads run.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import TYPE_CHECKING, Concatenate

import structlog
from pebble import ProcessExpired, ProcessPool

from dispatcher.readers import process
from dispatcher.readers.readers import P, ReadersBusy, ReaderStopped, StopReason, Value
from dispatcher.readers.shares import Shares

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.metrics import Metrics
    from dispatcher.readers.process import BoundaryFiles

PRELOAD = "dispatcher.readers.preload"
ATTEMPTS = 2
"""How often something is read whose reader crashed: the first time it may have been another's fault, as when the kernel
is out of memory."""

log = structlog.get_logger()


class PoolBrokenError(Exception):
    """The pool broke, and another was made. No message is at fault."""


@dataclass(frozen=True, slots=True)
class ReaderLimits:
    """What readers may take. `readers` in all, `share` for one source, the last `kept` for sources that have none;
    `time_s` for one call, `memory_bytes` for each process; a source waits `wait_s` for a reader, None: as long as it
    takes.
    """

    readers: int
    share: int
    time_s: float
    memory_bytes: int
    wait_s: float | None
    kept: int = 0


class ReaderPool:
    """Reads in other processes. `preload` are the modules that readers have from the start."""

    def __init__(
        self, files: BoundaryFiles, limits: ReaderLimits, metrics: Metrics, preload: Sequence[str] = ()
    ) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([*preload, PRELOAD])
        self._files = files
        self._limits = limits
        self._pool = self._new_pool()
        self._replaced: set[asyncio.Task[None]] = set()
        self._shares = Shares(limits.readers, limits.share, limits.wait_s, limits.kept)
        self._metrics = metrics
        self._started: asyncio.Task[None] | None = None
        for reason in StopReason:
            metrics.readers_stopped.labels(reason)

    def _new_pool(self) -> ProcessPool:
        return ProcessPool(
            max_workers=self._limits.readers,
            context=self._context,
            initializer=process.begin,
            initargs=(self._files, self._limits.memory_bytes),
        )

    def start(self) -> None:
        """Start the readers beside whatever else begins: they take most of a second."""
        if self._started is None:
            self._started = asyncio.create_task(asyncio.to_thread(self._start))

    def _start(self) -> None:
        self._pool.schedule(_nothing).result()

    async def run(
        self,
        source: str,
        function: Callable[Concatenate[Boundaries, P], Value],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Value:
        """Run it in a reader. A caller that is cancelled takes the reader with it, which is replaced."""
        self.start()
        size = sum(len(arg) for arg in args if isinstance(arg, bytes))
        async with self._shares.taken(source, size):
            if self._started is not None:
                # If that failed, so does what follows, and the pool is replaced.
                await asyncio.wait({self._started})
            failure: ReadersBusy | ReaderStopped = ReadersBusy()
            for _ in range(ATTEMPTS):
                try:
                    return await self._once(source, function, args, kwargs)
                except PoolBrokenError:
                    failure = ReadersBusy()
                except ReaderStopped as stopped:
                    if stopped.reason is not StopReason.CRASH:
                        raise
                    failure = stopped
            raise failure

    async def _once(
        self, source: str, function: Callable[..., Value], args: tuple[object, ...], kwargs: dict[str, object]
    ) -> Value:
        pool = self._pool
        try:
            future = pool.schedule(process.call, args=(function, args, kwargs), timeout=self._limits.time_s)
        except RuntimeError:
            self._replace(pool)
            raise PoolBrokenError from None
        try:
            value: Value = await asyncio.wrap_future(future)
        except BrokenProcessPool:
            self._replace(pool)
            raise PoolBrokenError from None
        except TimeoutError:
            raise self._stopped(source, StopReason.TIME) from None
        except MemoryError:
            raise self._stopped(source, StopReason.MEMORY) from None
        except ProcessExpired:
            raise self._stopped(source, StopReason.CRASH) from None
        return value

    def _replace(self, broken: ProcessPool) -> None:
        """Make another pool in place of a broken one. Pebble's breaks for good when a reader dies while none reads, or
        with the server that they are forked from, which the kernel may end for want of memory
        (findings/pebble-pool-breaks-with-an-idle-worker.sh).
        """
        if self._pool is not broken:
            return
        self._metrics.readers_stopped.labels(StopReason.CRASH).inc()
        log.warning("readers_replaced")
        self._pool = self._new_pool()
        ending = asyncio.create_task(asyncio.to_thread(_end, broken))
        self._replaced.add(ending)
        ending.add_done_callback(self._replaced.discard)

    def _stopped(self, source: str, reason: StopReason) -> ReaderStopped:
        self._metrics.readers_stopped.labels(reason).inc()
        log.warning("reader_stopped", source=source, reason=reason)
        return ReaderStopped(reason)

    async def aclose(self) -> None:
        """Kill the readers, whatever they do."""
        if self._started is not None:
            await asyncio.gather(self._started, return_exceptions=True)
        await asyncio.gather(*self._replaced, return_exceptions=True)
        await asyncio.to_thread(_end, self._pool)


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


def _nothing() -> None:
    """Is what a reader does to show that it is there."""
