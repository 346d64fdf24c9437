"""What is promised is on the standby, also where a submitter was told "not now" and asks again."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from dispatcher.store.migrate import upgrade
from ops.lab.world import record_group
from tests.api.conftest import Service
from tests.support.histories import until
from tests.support.submissions import stored, warning


@pytest.fixture
def group(server_dir: Path) -> Iterator[Any]:
    with record_group.running(server_dir) as group:
        yield group


@pytest.fixture
def database_url(group: Any) -> str:
    """In place of the session's server."""
    url: str = group.owner_url
    asyncio.run(upgrade(url))
    return url


@asynccontextmanager
async def on_standby(group: Any) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(group.standby_socket)
    try:
        yield connection
    finally:
        connection.terminate()


async def test_a_repetition_is_promised_only_when_the_standby_has_the_alert(
    group: Any, service: Service, pool: Any
) -> None:
    one, other = warning(), warning()
    assert (await service.submit(one)).status == 201
    sender = await pool.fetchval("SELECT pid FROM pg_stat_replication")
    async with on_standby(group) as there:
        os.kill(sender, signal.SIGSTOP)
        try:
            first, again = await service.submit(other), await service.submit(other)
            assert await stored(pool) == 2, "it is committed here, and can be read"
            assert [first.status, again.status] == [503, 503]
            assert await there.fetchval("SELECT count(*) FROM alert") == 1
        finally:
            os.kill(sender, signal.SIGCONT)
        later = await service.submit(other)
        assert (later.status, later.json["repeated"]) == (200, True)
        # It is on the standby's disk; what can be read there follows.
        await until(partial(there.fetchval, "SELECT count(*) = 1 FROM alert WHERE raw = $1", other.xml()))
