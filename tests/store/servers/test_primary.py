"""The server that takes writes is found, among real ones."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from dispatcher.store import record
from dispatcher.store.migrate import upgrade
from dispatcher.store.servers.address import parse
from dispatcher.store.servers.primary import HOST_TIMEOUT_S, SILENT_S, PrimaryConnector
from ops.lab.world import record_group
from ops.lab.world.record_group import RecordGroup
from tests.support.histories import until

WHERE = "SELECT host(inet_server_addr())"


@pytest.fixture(scope="module")
def group(servers_dir: Path) -> Iterator[RecordGroup]:
    """For tests that leave the standby one."""
    with record_group.running(servers_dir / "record-group") as group:
        yield group


@pytest.fixture
def own_group(server_dir: Path) -> Iterator[RecordGroup]:
    with record_group.running(server_dir) as group:
        yield group


@asynccontextmanager
async def connected(connector: PrimaryConnector) -> AsyncIterator[Any]:
    connection = await connector(command_timeout=10)
    try:
        yield connection
    finally:
        connection.terminate()


async def found(connector: PrimaryConnector) -> Any:
    async with connected(connector) as connection:
        return await connection.fetchval(WHERE)


async def test_a_promoted_standby_is_found_behind_a_server_that_says_nothing(own_group: RecordGroup) -> None:
    running = PrimaryConnector(parse(own_group.owner_url))
    assert await found(running) == own_group.primary
    os.kill(own_group.primary_pid, signal.SIGSTOP)  # its kernel lets everybody in, and nobody answers
    try:
        with pytest.raises(OSError, match="a standby"):
            await found(running)
        await asyncio.to_thread(own_group.promote)
        since = time.monotonic()
        assert await found(running) == own_group.standby
        assert time.monotonic() - since < HOST_TIMEOUT_S + SILENT_S
        with pytest.raises(TimeoutError):  # why not by the driver alone
            await asyncpg.connect(own_group.owner_url, target_session_attrs="read-write", timeout=1)
    finally:
        os.kill(own_group.primary_pid, signal.SIGCONT)
    # The former primary is back and takes itself for one.
    either = f"{WHERE} WHERE NOT pg_is_in_recovery()"
    former = await asyncpg.connect(own_group.primary_socket)
    assert await former.fetchval(either.replace(WHERE, "SELECT true"))
    await former.close()
    assert await found(PrimaryConnector(parse(own_group.owner_url))) == own_group.standby
    assert await found(running) == own_group.standby


async def test_what_an_asynchronous_standby_does_not_have_is_lost_with_the_primary(
    own_group: RecordGroup,
) -> None:
    """That of a synchronous one nothing is: `tests/intake/test_synchronous_standby.py`."""
    await asyncio.to_thread(own_group.demand_standby, wanted=False)
    pool = await record.connect(own_group.owner_url, size=1)
    try:
        sender = await pool.fetchval("SELECT pid FROM pg_stat_replication")
        os.kill(sender, signal.SIGSTOP)  # the standby is behind
        await pool.execute("CREATE TABLE promised ()")
        os.kill(own_group.primary_pid, signal.SIGQUIT)
        os.kill(sender, signal.SIGKILL)
        await asyncio.to_thread(own_group.promote)
        await until(partial(asks, pool, "SELECT NOT pg_is_in_recovery()"), within_s=30)
        assert await pool.fetchval("SELECT to_regclass('promised')") is None
    finally:
        pool.terminate()


async def asks(pool: record.Pool, statement: str) -> Any:
    """The answer, or none while the record is away."""
    with suppress(*record.UNAVAILABLE):
        return await pool.fetchval(statement)


async def test_pool_and_migration_go_where_writes_are_taken(group: RecordGroup) -> None:
    other_way_round = f"{group.standby},{group.primary}"
    url = group.owner_url.replace(f"{group.primary},{group.standby}", other_way_round)
    await upgrade(url)
    pool = await record.connect(url, size=1)
    assert await pool.fetchval(WHERE) == group.primary
    await pool.close()
    alone = await record.connect(group.owner_url.replace(f"{group.primary},", ""), size=1)
    with pytest.raises(record.UNAVAILABLE):
        await alone.execute("CREATE TABLE on_a_standby ()")
    await alone.close()


async def test_the_kernel_watches_over_a_connection(group: RecordGroup) -> None:
    for url in (group.owner_url, group.owner_url.replace(f",{group.standby}", "")):
        async with connected(PrimaryConnector(parse(url))) as connection:
            used = connection._transport.get_extra_info("socket")
            assert used.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 1000 * SILENT_S
            assert used.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


async def test_a_wrong_password_everywhere_is_said_as_what_it_is(group: RecordGroup) -> None:
    wrong = parse(group.owner_url.replace("postgres:", "postgres:x"))
    with pytest.raises(asyncpg.InvalidPasswordError):
        await PrimaryConnector(wrong)()


async def test_where_nobody_listens_every_server_is_named(server_dir: Path) -> None:
    with pytest.raises(OSError, match=r"127\.0\.0\.1:1: .*; 127\.0\.0\.1:2: ") as raised:
        await record.connect("postgresql://u:GEHEIM@127.0.0.1:1,127.0.0.1:2/x", size=1)
    assert "GEHEIM" not in str(raised.value)
