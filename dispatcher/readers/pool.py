"""A pool of readers: processes that are killed when they take too long, and replaced.

They are forked from a small server that has loaded what they need, never from this process, in which threads run.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Concatenate

import structlog
from pebble import ProcessExpired, ProcessPool

from dispatcher.readers import process
from dispatcher.readers.readers import P, ReaderStopped, StopReason, Value
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


@dataclass(frozen=True, slots=True)
class ReaderLimits:
    """What readers may take. `readers` in all, `share` for one source; `time_s` for one call, `memory_bytes` for each
    process; a source waits `wait_s` for a reader, None: as long as it takes.
    """

    readers: int
    share: int
    time_s: float
    memory_bytes: int
    wait_s: float | None


class ReaderPool:
    """Reads in other processes. `preload` are the modules that readers have from the start."""

    def __init__(
        self, files: BoundaryFiles, limits: ReaderLimits, metrics: Metrics, preload: Sequence[str] = ()
    ) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([*preload, PRELOAD])
        self._pool = ProcessPool(
            max_workers=limits.readers,
            context=context,
            initializer=process.begin,
            initargs=(files, limits.memory_bytes),
        )
        self._limits = limits
        self._shares = Shares(limits.readers, limits.share, limits.wait_s)
        self._metrics = metrics
        self._started: asyncio.Task[None] | None = None
        for reason in StopReason:
            metrics.readers_stopped.labels(reason)

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
                await asyncio.shield(self._started)
            for _ in range(ATTEMPTS - 1):
                try:
                    return await self._once(source, function, args, kwargs)
                except ReaderStopped as stopped:
                    if stopped.reason is not StopReason.CRASH:
                        raise
            return await self._once(source, function, args, kwargs)

    async def _once(
        self, source: str, function: Callable[..., Value], args: tuple[object, ...], kwargs: dict[str, object]
    ) -> Value:
        try:
            future = self._pool.schedule(
                process.call, args=(function, args, kwargs), timeout=self._limits.time_s
            )
            value: Value = await asyncio.wrap_future(future)
        except TimeoutError:
            raise self._stopped(source, StopReason.TIME) from None
        except MemoryError:
            raise self._stopped(source, StopReason.MEMORY) from None
        except ProcessExpired:
            raise self._stopped(source, StopReason.CRASH) from None
        return value

    def _stopped(self, source: str, reason: StopReason) -> ReaderStopped:
        self._metrics.readers_stopped.labels(reason).inc()
        log.warning("reader_stopped", source=source, reason=reason)
        return ReaderStopped(reason)

    async def aclose(self) -> None:
        """Kill the readers, whatever they do."""
        if self._started is not None:
            await asyncio.gather(self._started, return_exceptions=True)
        self._pool.stop()  # type: ignore[no-untyped-call]
        await asyncio.to_thread(self._pool.join)


def _nothing() -> None:
    """Is what a reader does to show that it is there."""
