"""A reading process has what it needs, over few connections, and comes after all others."""

import subprocess
import sys
from pathlib import Path

import pytest

from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.wiring.reading import NICENESS, reading_dependencies

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
    await pool.close()


@pytest.mark.processes
def test_it_lets_others_come_first() -> None:
    program = "import os; from dispatcher.wiring.reading import yield_to_others; yield_to_others(); print(os.nice(0))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(done.stdout) >= NICENESS
