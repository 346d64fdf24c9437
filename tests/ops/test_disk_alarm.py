"""The alarm of a disk that is almost full: a real drive calls at the first look, and its runbook's steps end it."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.metrics_core import Metric

from dispatcher.metrics import Metrics
from dispatcher.settings import Settings
from dispatcher.store.record import Pool
from dispatcher.wiring.doctor.running import self_examination
from dispatcher.worker.health.examination import EVERY_S
from tests.ops.rehearsals import Rehearsal, step
from tests.support.small_drive import enlarge, small_drive
from tests.wiring.doctor import test_running

pool, client = test_running.pool, test_running.client
pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]

DISK_LOW = "DispatcherDiskLow"
SIZE, BACKUP_BYTES, LARGER = "520m", 16 * 1024**2, "5g"
"""Between what warns and what calls lies a backup."""


class Drive(Rehearsal):
    """A worker that looks at the drive of its data."""

    def __init__(self, folder: Path, pool: Pool, client: Any) -> None:
        super().__init__(("warn_diagnosis", "warn_disk_free_bytes"), DISK_LOW)
        self._metrics = Metrics()
        self._examination = self_examination(Settings(data_dir=folder), pool, client, self._metrics)

    async def work(self) -> None:
        await self._examination.examine()

    async def metrics(self) -> Mapping[str, Iterable[Metric]]:
        return {"worker-1": list(self._metrics.registry.collect())}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "var"
    folder.mkdir()
    with small_drive(folder, SIZE):
        yield folder


async def test_a_disk_that_is_almost_full_calls_at_once_and_its_runbook_ends_it(
    folder: Path, pool: Pool, client: Any, promtool: Any, tmp_path: Path
) -> None:
    drive = Drive(folder, pool, client)
    await drive.quiet(int(EVERY_S))
    backup = folder / "backups" / "cap-dispatcher-2026-01-01"
    backup.parent.mkdir()
    backup.write_bytes(bytes(BACKUP_BYTES))
    await drive.calls(0, DISK_LOW)
    await drive.calls(int(EVERY_S), DISK_LOW)  # for as long as nothing is done
    looked = await asyncio.create_subprocess_exec(
        *step(DISK_LOW, "du -xh", DATENVERZEICHNIS=str(folder)).split(), stdout=asyncio.subprocess.PIPE
    )
    assert f"16M\t{backup.parent}" in (await looked.communicate())[0].decode()
    backup.unlink()
    await drive.quiet(30)
    await drive.passes(600)
    drive.expected[drive.now] = {(DISK_LOW, "warning"): 1}  # it is still a small drive
    enlarge(folder, LARGER)
    await drive.quiet(30)
    drive.judge(promtool, tmp_path, DISK_LOW)
