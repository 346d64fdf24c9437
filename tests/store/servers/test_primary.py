"""The server that takes writes is found, among real ones."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from dispatcher.store import record
from dispatcher.store.migrate import upgrade
from dispatcher.store.servers import primary
from dispatcher.store.servers.address import parse
from dispatcher.store.servers.primary import HOST_TIMEOUT_S, SILENT_S, PrimaryConnector
from ops.lab.world import record_group
from ops.lab.world.record_group import RecordGroup
from tests.support.histories import until

WHERE = "SELECT host(inet_server_addr())"
IS_STANDBY = "SELECT pg_is_in_recovery()"


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


@contextmanager
def standing_still(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def filled(url: str, *, command_timeout_s: float) -> record.Pool:
    """A pool of four with three connections open."""
    pool = await record.connect(url, size=4, command_timeout_s=command_timeout_s)
    await asyncio.gather(*(pool.execute("SELECT pg_sleep(0.2)") for _ in range(3)))
    assert (pool.get_size(), pool.get_idle_size()) == (3, 3)
    return pool


async def writes(pool: record.Pool) -> str | None:
    """Write in a transaction, and return where; none where it came to nothing."""
    with suppress(*record.UNAVAILABLE):
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("INSERT INTO written VALUES (1)")
            where: str = await connection.fetchval(WHERE)
        return where
    return None


async def test_open_connections_are_replaced_once_another_server_is_found(own_group: RecordGroup) -> None:
    """The former server's open connections work: what is written by them would be on another timeline."""
    await asyncio.to_thread(own_group.demand_standby, wanted=False)
    pool = await filled(own_group.owner_url, command_timeout_s=10)
    try:
        await pool.execute("CREATE TABLE written (of int)")
        with standing_still(own_group.primary_pid):
            await asyncio.to_thread(own_group.promote)
            async with pool.acquire(), pool.acquire(), pool.acquire():
                assert await writes(pool) == own_group.standby
            assert [await writes(pool) for _ in range(4)] == [own_group.standby] * 4
        assert {await writes(pool) for _ in range(4)} == {own_group.standby}
    finally:
        pool.terminate()


async def test_after_a_statement_that_took_too_long_all_servers_are_asked(own_group: RecordGroup) -> None:
    """The former server lets everybody in, and promises nothing, as nobody follows it."""
    pool = await filled(own_group.owner_url, command_timeout_s=2)
    try:
        await pool.execute("CREATE TABLE written (of int)")
        sender = await pool.fetchval("SELECT pid FROM pg_stat_replication")
        with standing_still(sender):
            await asyncio.to_thread(own_group.promote)
            assert await writes(pool) is None
            assert [await writes(pool) for _ in range(4)] == [own_group.standby] * 4
    finally:
        pool.terminate()


async def test_a_connection_whose_answer_somebody_did_not_wait_for_is_not_handed_on(
    group: RecordGroup,
) -> None:
    pool = await record.connect(group.owner_url, size=1)
    try:
        before = await pool.fetchval("SELECT pg_backend_pid()")
        assert await record.known_within(0.1, pool.fetchval("SELECT pg_sleep(60)")) is None
        assert await pool.fetchval("SELECT pg_backend_pid()") != before
    finally:
        pool.terminate()


class Address:
    """One address that leads to one server now and to another later, as a virtual one or a balancer's."""

    def __init__(self, to: str) -> None:
        self.to = to
        self._leading: set[asyncio.Task[None] | None] = set()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        async with await asyncio.start_server(self._lead, "127.0.0.1", 0) as server:
            yield server.sockets[0].getsockname()[1]
        await asyncio.gather(*filter(None, self._leading))

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._leading.add(asyncio.current_task())
        there, back = await asyncio.open_connection(self.to, record_group.PORT)
        await asyncio.gather(pass_on(reader, back), pass_on(there, writer))


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
    writer.close()


async def test_a_pool_leaves_the_standby_to_which_its_one_address_led(group: RecordGroup) -> None:
    address = Address(group.standby)
    async with address.listening() as port:
        url = group.owner_url.replace(f"{group.primary},{group.standby}", f"127.0.0.1:{port}")
        pool = await filled(url, command_timeout_s=10)
        try:
            assert await pool.fetchval(IS_STANDBY), "it can be read on purpose"
            with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
                await pool.execute("CREATE TABLE led ()")
            address.to = group.primary
            assert [await pool.fetchval(IS_STANDBY) for _ in range(4)] == [False] * 4
            await pool.execute("CREATE TABLE led ()")
        finally:
            pool.terminate()


async def asked_for_room(used: socket.socket) -> bool:
    """Whether the kernel asked three times, which takes more than a second, if there is room for more (`tcpi_backoff`
    in Linux's tcp.h).
    """
    return used.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 5)[4] >= 3


async def test_a_server_that_is_slow_to_read_is_there(
    group: RecordGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(primary, "SILENT_S", 0.3)
    pool = await record.connect(group.owner_url, size=1, command_timeout_s=30)
    try:
        async with pool.acquire() as connection:
            await connection.execute("CREATE TEMPORARY TABLE much (text text)")
            used = connection._transport.get_extra_info("socket")
            pid = connection.get_server_pid()

            def rows() -> Iterator[tuple[str]]:
                os.kill(pid, signal.SIGSTOP)
                yield from [("x" * 1_000_000,)] * 16

            copying = asyncio.create_task(connection.copy_records_to_table("much", records=rows()))
            try:
                await until(partial(asked_for_room, used))
            finally:
                os.kill(pid, signal.SIGCONT)
            assert await copying == "COPY 16"
            assert used.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 300
    finally:
        pool.terminate()
