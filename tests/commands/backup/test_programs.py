"""PostgreSQL's programs are run, and what they say is heard."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dispatcher.backup.manifest import BackupError, BackupFile
from dispatcher.commands.backup import programs
from dispatcher.commands.backup.programs import file_of, load, save
from dispatcher.store.backup.contents import exported_snapshot


async def saved_to(pool: Any, url: str, target: Any) -> BackupFile:
    async with exported_snapshot(pool) as snapshot:
        return save(url, snapshot.number, target)


async def test_what_is_written_is_hashed_on_its_way(pool: Any, database_url: str, tmp_path: Path) -> None:
    with (tmp_path / "dump").open("wb") as file:
        found = await saved_to(pool, database_url, file)
    assert found == file_of(tmp_path / "dump")


@pytest.fixture
def full() -> Iterator[Any]:
    with Path("/dev/full").open("wb", buffering=0) as file:
        yield file


async def test_a_full_disk_is_an_error(pool: Any, database_url: str, full: Any) -> None:
    with pytest.raises(OSError, match="No space left on device"):
        await saved_to(pool, database_url, full)


def test_what_a_program_complains_of_is_said(database_url: str) -> None:
    with pytest.raises(BackupError, match=r"pg_dump ended with 1: .*invalid snapshot identifier"):
        save(database_url, "none", io.BytesIO())


async def test_what_does_not_fit_is_not_there_at_all(pool: Any, database_url: str, tmp_path: Path) -> None:
    """The second table of it is there already."""
    with (tmp_path / "dump").open("wb") as file:
        await saved_to(pool, database_url, file)
    await pool.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE batch ()")
    with pytest.raises(BackupError, match=r'psql ended with 3: .*relation "batch" already exists'):
        load(tmp_path / "dump", database_url)
    assert not await pool.fetchval("SELECT to_regclass('alert') IS NOT NULL")


def test_no_password_is_in_a_command_line() -> None:
    for url in (
        "postgresql://a:b%40secret@host:5433/name",
        "postgresql://a@host:5433/name?password=b%40secret",
    ):
        assert programs._split(url) == ("postgresql://a@host:5433/name", "b@secret")
        assert programs._environment(url)["PGPASSWORD"] == "b@secret"
    assert "PGPASSWORD" not in programs._environment("postgresql://a@host/name")


def test_a_dump_for_an_older_server_is_without_what_that_does_not_know() -> None:
    """`pg_restore` of PostgreSQL 18 sets `transaction_timeout`, which PostgreSQL 16 refuses."""
    head = [
        b"SET lock_timeout = 0;\n",
        b"SET transaction_timeout = 0;\n",
        b"COPY public.alert (id) FROM stdin;\n",
    ]
    assert list(programs.for_any_server(head)) == [head[0], head[2]]
