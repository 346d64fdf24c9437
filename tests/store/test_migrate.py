"""Bringing a database to the schema."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from alembic import command
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from dispatcher.access.credentials import Bearer
from dispatcher.access.keys import digest
from dispatcher.model.feeds import part_of
from dispatcher.model.principals import CredentialState, Instance
from dispatcher.store import record
from dispatcher.store.feeds.feeds import Feeds
from dispatcher.store.keys import Keys
from dispatcher.store.migrate import _config, upgrade
from dispatcher.store.sources import Sources
from tests.conftest import _database
from tests.store.conftest import PEPPER

_numbers = itertools.count(1)
UPGRADE = """
    import asyncio, sys
    from dispatcher.store.migrate import upgrade
    asyncio.run(upgrade(sys.argv[1]))
    print("done")
"""


@pytest.fixture
def empty_database(postgres_url: str, execute: Callable[[str], None]) -> Iterator[str]:
    name = f"empty_{next(_numbers)}"
    execute(f"CREATE DATABASE {name}")
    yield _database(postgres_url, name)
    execute(f"DROP DATABASE {name} WITH (FORCE)")


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


async def test_an_instances_only_key_stays_good(empty_database: str) -> None:
    """And with the record as it was before, nobody else's key is touched."""
    key, old = f"wi_05358008_{'s' * 43}", f"wk_leitstelle-1_{'s' * 43}"
    await _upgrade_to(empty_database, "0006")
    connection = await asyncpg.connect(empty_database)
    await connection.execute(
        "INSERT INTO source (id, name, senders, territory) VALUES ('leitstelle', '', '{}', '{}')"
    )
    await connection.execute(
        "INSERT INTO api_key (id, source_id, digest) VALUES ('leitstelle-1', 'leitstelle', $1)",
        digest(PEPPER, old),
    )
    await connection.execute(
        "INSERT INTO instance (id, name, places, digest) VALUES ('05358008', 'Düren', '{05358008}', $1)",
        digest(PEPPER, key),
    )
    await connection.close()
    await upgrade(empty_database)
    async with connected(empty_database) as pool:
        sources = Sources(pool, PEPPER)
        found = await sources.recognise(key)
        assert (found.state, found.party) == (
            CredentialState.VALID,
            Instance("05358008", "Düren", ("05358008",)),
        )
        assert (await sources.recognise(old)).state is CredentialState.VALID
        new = f"wi_05358008-0a1b2c3d_{'n' * 43}"
        await Keys(pool).rotate(Bearer.of(None, "05358008"), new, PEPPER, timedelta(hours=1))
        assert [(await sources.recognise(one)).state for one in (key, new)] == [CredentialState.VALID] * 2
        await sources.uses.written()


SECRET_URL = "https://source.example:8443/lists/x?apikey=GEHEIM&b=ü"


async def test_addresses_of_feeds_with_keys_in_them_leave_the_record(empty_database: str) -> None:
    """Each list is known again by its new name, so that nothing on it counts as missing."""
    await _upgrade_to(empty_database, "0006")
    plain = "https://source.example/list"
    connection = await asyncpg.connect(empty_database)
    await connection.execute(
        "INSERT INTO feed (name, validators) VALUES ('dwd', jsonb_build_object($1::text, '{\"etag\": \"x\"}'::jsonb)), ('push', '{}')",
        SECRET_URL,
    )
    for key, part in (("a", SECRET_URL), ("b", plain), ("c", "")):
        await connection.execute(
            "INSERT INTO feed_entry (feed, key, part, version, reason, first_seen) VALUES ('dwd', $1, $2, '', 'pending', now())",
            key, part,
        )  # fmt: skip
    await connection.execute(
        "INSERT INTO quarantine (feed, name, sha256, size, content, code, detail, first_at, last_at)"
        " VALUES ('dwd', $1, '', 0, '', '', '', now(), now())",
        SECRET_URL,
    )
    await connection.close()
    await upgrade(empty_database)
    async with connected(empty_database) as pool:
        store = Feeds(pool)
        parts = {key: row.part for key, row in (await store.entries("dwd")).items()}
        assert parts == {"a": part_of(SECRET_URL), "b": part_of(plain), "c": ""}
        assert (await store.state("dwd")).validators == {part_of(SECRET_URL): {"etag": "x"}}
        assert (await store.state("push")).validators == {}
        assert await pool.fetchval("SELECT name FROM quarantine") == part_of(SECRET_URL)


async def test_the_channel_of_sms_gets_its_name_whatever_holds_it(empty_database: str) -> None:
    await _upgrade_to(empty_database, "0013")
    connection = await asyncpg.connect(empty_database)
    await connection.execute("SET session_replication_role = replica")  # no alert is needed for a batch
    for channel in ("sms_http", "webpush"):
        await connection.execute(
            "INSERT INTO subscription (channel, gateway, address, address_hash) VALUES ($1, 'a', 'x', 'x')",
            channel,
        )
        await connection.execute(
            "INSERT INTO gateway (channel, name, paused_until, reason) VALUES ($1, 'a', now(), 'down')",
            channel,
        )
        await connection.execute(
            "INSERT INTO batch (alert_id, chain_id, kind, channel, gateway, language, lane, deadline, recipients,"
            " outcomes) VALUES ('a', 'a', 'alert', $1, 'a', 'de', 'flash', now(), '{}', '')",
            channel,
        )
    await connection.close()
    await upgrade(empty_database)
    connection = await asyncpg.connect(empty_database)
    for table in ("subscription", "batch", "gateway"):
        rows = await connection.fetch(f"SELECT channel FROM {table} ORDER BY channel")
        assert [row["channel"] for row in rows] == ["sms", "webpush"]
    columns = await connection.fetch(
        "SELECT table_name FROM information_schema.columns WHERE column_name = 'channel' AND table_schema = 'public'"
    )
    younger = {"instance_credential", "import_row"}  # than the name
    assert {row["table_name"] for row in columns} - younger == {"subscription", "batch", "gateway"}
    index = await connection.fetchval("SELECT indexdef FROM pg_indexes WHERE indexname = 'batch_reported'")
    assert index.endswith("WHERE (channel = 'sms'::text)")
    await connection.close()


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Any]:
    pool = await record.connect(url)
    try:
        yield pool
    finally:
        await pool.close()


async def _upgrade_to(url: str, revision: str) -> None:
    """Make a record as an older version left it."""
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"), poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(lambda bare: command.upgrade(_config(bare), revision))
    await engine.dispose()


async def test_two_processes_may_upgrade_an_empty_database_at_once(empty_database: str, python: Any) -> None:
    processes = [python(UPGRADE, empty_database) for _ in range(2)]
    answers = [await asyncio.to_thread(process.communicate, timeout=60) for process in processes]
    assert [out for out, _ in answers] == ["done\n"] * 2
    assert (await tables(empty_database))[1] == 1
