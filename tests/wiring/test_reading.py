"""A reading process has what it needs, over few connections, and comes after all others."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.wiring.reading import AUTOGROUP, NICENESS, reading_dependencies

OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


async def test_it_publishes_over_two_connections(database_url: str, redis_url: str, tmp_path: Path) -> None:
    pool = await record.connect(database_url, size=1)
    settings = Settings(database_url=database_url, redis_url=redis_url, data_dir=tmp_path)
    async with reading_dependencies(settings) as parts:
        await parts.publisher.look()
        assert parts.publisher.edition
        assert (await parts.health.check())["record"]
        assert await pool.fetchval(OTHERS) <= 2
        as_of = parts.metrics.registry.get_sample_value("warn_boundaries_timestamp_seconds")
    await pool.close()
    assert as_of == datetime(2016, 1, 1, tzinfo=UTC).timestamp()


@pytest.mark.processes
def test_it_lets_others_come_first() -> None:
    assert _after_yielding("os.nice(0)", own_session=True)[1] >= NICENESS


@pytest.mark.processes
def test_its_session_comes_last_where_it_is_its_own() -> None:
    if not _sessions_can_be_nice():
        pytest.skip("this kernel shares out processors among processes alone")
    nice = f"int((open({str(AUTOGROUP)!r}).read().split() or [0])[-1])"
    assert _after_yielding(nice, own_session=True) == (0, NICENESS)
    before, after = _after_yielding(nice, own_session=False)
    assert after == before  # a shell's stays as it is


def _sessions_can_be_nice() -> bool:
    """Say whether a session says how nice it is and takes that.

    In a container the file may be away, empty (the kernel shares out by groups of processes) or only to be read.
    """
    program = f"""
import pathlib
file = pathlib.Path({str(AUTOGROUP)!r})
said = file.read_text()
try:
    file.write_text("0")
except BlockingIOError:
    pass  # it takes one, only not now
print(said)"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, start_new_session=True
    )
    return done.returncode == 0 and " nice " in done.stdout


def _after_yielding(shown: str, *, own_session: bool) -> tuple[int, int]:
    """Return what a process shows before it yields, and after that."""
    program = f"""
import asyncio, os
from dispatcher.wiring.reading import yield_to_others
print({shown}); asyncio.run(yield_to_others()); print({shown})"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        start_new_session=own_session,
    )
    before, after = map(int, done.stdout.split())
    return before, after
