"""What hangs costs one thread, is not called again meanwhile, and keeps neither others nor the end waiting."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from dispatcher.wiring.doctor.own_thread import OwnThread, within
from tests.support.histories import until


class Disk:
    """Answers, or hangs until it is back."""

    def __init__(self) -> None:
        self.calls = 0
        self.back = threading.Event()

    def __call__(self) -> int:
        self.calls += 1
        self.back.wait()
        return self.calls


@pytest.fixture
def disk() -> Iterator[Disk]:
    disk = Disk()
    yield disk
    disk.back.set()


async def test_it_answers_each_time(disk: Disk) -> None:
    disk.back.set()
    call = OwnThread(disk)
    assert [await call(), await call()] == [1, 2]


async def test_it_raises_what_is_raised() -> None:
    def gone() -> None:
        raise FileNotFoundError

    call = OwnThread(gone)
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            await call()


async def test_what_hangs_has_one_thread_and_is_not_called_again_before_it_is_back(disk: Disk) -> None:
    call, before = OwnThread(disk), threading.active_count()
    for _ in range(5):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await call()
    assert (disk.calls, threading.active_count() - before) == (1, 1)
    disk.back.set()

    async def answers() -> bool:
        try:
            return await call() > 1
        except TimeoutError:
            return False

    await until(answers)


async def test_it_is_waited_for_within_a_time(disk: Disk) -> None:
    with pytest.raises(TimeoutError):
        await within(0.01, disk)
    disk.back.set()
    assert await within(60, disk) > 1


def test_an_answer_after_the_loop_has_ended_is_nobodys(disk: Disk) -> None:
    ended: list[threading.ExceptHookArgs] = []

    async def give_up() -> threading.Thread:
        before = set(threading.enumerate())
        asking = asyncio.create_task(OwnThread(disk)())
        await asyncio.sleep(0)
        asking.cancel()
        (thread,) = set(threading.enumerate()) - before
        return thread

    hook, threading.excepthook = threading.excepthook, ended.append
    try:
        thread = asyncio.run(give_up())
        disk.back.set()
        thread.join()
    finally:
        threading.excepthook = hook
    assert not ended


@pytest.mark.processes
def test_a_process_ends_while_it_hangs() -> None:
    program = """
import asyncio, threading
from dispatcher.wiring.doctor.own_thread import OwnThread
async def main():
    async with asyncio.timeout(0.01):
        await OwnThread(threading.Event().wait)()
try:
    asyncio.run(main())
except TimeoutError:
    print("ended")"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "ended\n", "")
