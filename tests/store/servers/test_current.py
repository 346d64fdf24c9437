"""PostgreSQL's own programs go to the server that the service is on."""

import asyncio
import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dispatcher.backup.manifest import BackupError
from dispatcher.commands.backup.programs import load, save
from dispatcher.store import record
from dispatcher.store.backup.contents import exported_snapshot
from dispatcher.store.servers.address import parse
from dispatcher.store.servers.current import url_on
from ops.lab.world import record_group
from ops.lab.world.record_group import RecordGroup


@pytest.fixture
def two_primaries(server_dir: Path) -> Iterator[RecordGroup]:
    """A former primary that is listed first and takes itself for one, and the one that was promoted."""
    with record_group.running(server_dir) as group:
        group.demand_standby(wanted=False)
        group.promote()
        yield group


@pytest.fixture
async def pool(two_primaries: RecordGroup) -> AsyncIterator[Any]:
    """On the promoted one; which one a pool finds among several is its own matter."""
    promoted = two_primaries.owner_url.replace(f"{two_primaries.primary},", "")
    pool = await record.connect(promoted, size=2)
    yield pool
    await pool.close()


async def test_what_is_saved_and_loaded_is_where_the_service_is(
    two_primaries: RecordGroup, pool: Any, tmp_path: Path
) -> None:
    url = two_primaries.owner_url
    await pool.execute("CREATE TABLE kept ()")
    async with exported_snapshot(pool) as snapshot:
        where = url_on(url, snapshot.connection)
        with (tmp_path / "dump").open("wb") as file:
            await asyncio.to_thread(save, where, snapshot.number, file)
        with pytest.raises(BackupError, match="snapshot"):  # why not by the list of servers
            await asyncio.to_thread(save, url, snapshot.number, io.BytesIO())
    await pool.execute("DROP TABLE kept")
    await asyncio.to_thread(load, tmp_path / "dump", where)
    assert await pool.fetchval("SELECT to_regclass('kept')") == "kept"
    former = await record.connect(two_primaries.primary_socket, size=1)
    assert await former.fetchval("SELECT to_regclass('kept')") is None
    await former.close()


def on(url: str, address: tuple[str, int] | str) -> str:
    return url_on(url, SimpleNamespace(_addr=address))


def test_one_of_several_is_named_with_all_that_is_said_of_them() -> None:
    url = "postgresql://u:p%40@a.example,[fd00::2]:5433/db?sslmode=verify-full"
    found = parse(on(url, ("fd00::2", 5433)))
    assert (found.username, found.password, found.several) == ("u", "p@", ())
    assert found.for_programs == (
        "postgresql://u@/db?sslmode=verify-full&host=fd00::2&port=5433&target_session_attrs=read-write"
    )
    assert "host=/run/b&port=5434" in on(
        "postgresql:///db?host=/run/a,/run/b&port=5434", "/run/b/.s.PGSQL.5434"
    )


def test_one_server_is_left_as_it_is() -> None:
    assert on("postgresql://u:p@a.example/db", ("a.example", 5432)) == "postgresql://u:p@a.example/db"


def test_another_server_than_those_named_is_no_guess() -> None:
    with pytest.raises(ValueError, match="names none") as raised:
        on("postgresql://u:GEHEIM@a,b/db", ("c", 5432))
    assert "GEHEIM" not in str(raised.value)
