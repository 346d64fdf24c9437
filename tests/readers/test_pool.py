"""Readers in processes: what they cost others when they are killed, which is nothing."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from dispatcher.metrics import Metrics
from dispatcher.readers.pool import ReaderLimits, ReaderPool
from dispatcher.readers.process import BoundaryFiles
from dispatcher.readers.readers import ReadersBusy, ReaderStopped, StopReason
from tests.metrics.test_registry import samples
from tests.readers import tasks
from tests.support.histories import until

pytestmark = pytest.mark.processes
ROOT = Path(__file__).parents[2]
LIMITS = ReaderLimits(readers=3, share=2, time_s=1.0, memory_bytes=1 << 30, wait_s=0.2)


@pytest.fixture
async def pool() -> AsyncIterator[ReaderPool]:
    pool = ReaderPool(BoundaryFiles(), LIMITS, Metrics())
    yield pool
    await pool.aclose()


def stopped(pool: Any) -> dict[Any, Any]:
    return {
        dict(labels)["reason"]: value
        for (name, labels), value in samples(pool._metrics).items()
        if name == "warn_readers_stopped_total" and value
    }


def has_begun(file: Path) -> bool:
    return file.exists() and bool(file.read_text())


async def begun(file: Path) -> None:
    async def is_there() -> bool:
        return has_begun(file)

    await until(is_there)


async def test_a_reader_has_the_boundaries_and_is_another_process(pool: ReaderPool) -> None:
    assert await pool.run("a", tasks.size, b"abc") == (89, 3)
    assert await pool.run("a", tasks.pid) != os.getpid()


async def test_what_a_function_raises_is_raised_here(pool: ReaderPool) -> None:
    with pytest.raises(LookupError, match="own"):
        await pool.run("a", tasks.fail)


@pytest.mark.parametrize(
    ("task", "reason"),
    [(tasks.spin, StopReason.TIME), (tasks.hoard, StopReason.MEMORY), (tasks.die, StopReason.CRASH)],
)
async def test_a_reader_that_takes_too_much_costs_its_own_message(
    pool: ReaderPool, task: Any, reason: StopReason
) -> None:
    with pytest.raises(ReaderStopped) as error:
        await pool.run("a", task)
    assert error.value.reason is reason
    assert set(stopped(pool)) == {reason}
    assert await pool.run("a", tasks.size, b"abc") == (89, 3)


async def test_a_reader_killed_by_another_is_not_the_messages_fault(pool: ReaderPool, tmp_path: Path) -> None:
    assert await pool.run("a", tasks.die_once, str(tmp_path / "died")) == "read"
    assert stopped(pool) == {StopReason.CRASH: 1}


async def test_readers_that_die_while_none_reads_are_replaced_and_cost_no_message(pool: ReaderPool) -> None:
    """The kernel ends whom it likes when it is out of memory. Which of them tells, the pool does not always notice."""
    assert await pool.run("a", tasks.size, b"abc") == (89, 3)
    for _ in range(3):
        await kill(children(await pool.run("a", tasks.parent)))
        for _ in range(3):
            assert await pool.run("a", tasks.size, b"abc") == (89, 3)


async def test_when_the_server_that_readers_are_forked_from_dies_there_is_another(pool: ReaderPool) -> None:
    await kill([await pool.run("a", tasks.parent)])
    for _ in range(3):
        assert await pool.run("a", tasks.size, b"abc") == (89, 3)


def children(process: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


async def kill(processes: list[int]) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)

    async def are_gone() -> bool:
        return not any(map(alive, processes))

    await until(are_gone)


async def test_one_source_leaves_a_reader_to_the_others(pool: ReaderPool, tmp_path: Path) -> None:
    files = [tmp_path / str(n) for n in range(2)]
    hostile = [asyncio.create_task(pool.run("a", tasks.spin, str(file))) for file in files]
    for file in files:
        await begun(file)
    with pytest.raises(ReadersBusy):
        await pool.run("a", tasks.size, b"")
    assert await pool.run("b", tasks.size, b"abc") == (89, 3)
    found = await asyncio.gather(*hostile, return_exceptions=True)
    assert all(isinstance(one, ReaderStopped) for one in found)


async def test_a_caller_that_leaves_takes_the_reader_with_it(pool: ReaderPool, tmp_path: Path) -> None:
    reading = asyncio.create_task(pool.run("a", tasks.spin, str(tmp_path / "begun")))
    await begun(tmp_path / "begun")
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await pool.run("a", tasks.size, b"abc") == (89, 3)


PARENT = """
import asyncio, sys
from dispatcher.metrics import Metrics
from dispatcher.readers.pool import ReaderLimits, ReaderPool
from dispatcher.readers.process import BoundaryFiles
from tests.readers import tasks

async def main():
    pool = ReaderPool(BoundaryFiles(), ReaderLimits(2, 1, 600.0, 1 << 30, None), Metrics())
    idle = await pool.run("a", tasks.pid)
    reading = asyncio.create_task(pool.run("a", tasks.spin, sys.argv[1]))
    print(idle, flush=True)
    await reading

asyncio.run(main())
"""


async def test_readers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    """At whatever they are: one of them reads something that never ends."""
    file = tmp_path / "begun"
    with subprocess.Popen(  # noqa: ASYNC220 - it begins at once, and is killed below
        [sys.executable, "-c", PARENT, str(file)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as parent:
        assert parent.stdout is not None
        idle = int(await asyncio.to_thread(parent.stdout.readline))
        await begun(file)
        busy = int(file.read_text())
        assert alive(idle)
        assert alive(busy)
        parent.send_signal(signal.SIGKILL)

    async def are_gone() -> bool:
        return not (alive(idle) or alive(busy))

    await until(are_gone)


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"
