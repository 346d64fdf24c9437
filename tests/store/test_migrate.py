"""Bringing a database to the schema."""

import asyncio
import itertools
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from dispatcher.store.migrate import upgrade
from tests.conftest import _database, _execute

_numbers = itertools.count(1)
UPGRADE = """
    import asyncio, sys
    from dispatcher.store.migrate import upgrade
    asyncio.run(upgrade(sys.argv[1]))
    print("done")
"""


@pytest.fixture
def empty_database(postgres_url: str) -> Iterator[str]:
    name = f"empty_{next(_numbers)}"
    _execute(postgres_url, f"CREATE DATABASE {name}")
    yield _database(postgres_url, name)
    _execute(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


async def tables(url: str) -> Any:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    versions = await connection.fetch("SELECT version_num FROM alembic_version")
    await connection.close()
    return {row["tablename"] for row in rows}, len(versions)


async def test_an_upgrade_can_be_run_again(database_url: str) -> None:
    before = await tables(database_url)
    await upgrade(database_url)
    assert await tables(database_url) == before
    assert {"alert", "batch", "audit", "subscription"} <= before[0]
    assert before[1] == 1


async def test_two_processes_may_upgrade_an_empty_database_at_once(empty_database: str, python: Any) -> None:
    processes = [python(UPGRADE, empty_database) for _ in range(2)]
    answers = [await asyncio.to_thread(process.communicate, timeout=60) for process in processes]
    assert [out for out, _ in answers] == ["done\n"] * 2
    assert (await tables(empty_database))[1] == 1
