"""The steps by hand of the page on failover, as they stand there, among three real servers."""

import os
import signal
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import pytest

from ops.lab.world import record_group
from ops.lab.world.record_group import RecordServer
from tests.support.documents import blocks, page, section
from tests.support.histories import until

STANDBYS = {"db1": "db2, db3", "db2": "db1, db3", "db3": "db1, db2"}
"""Who follows each, once it is the primary."""
WAITS = "SELECT wait_event = 'SyncRep' FROM pg_stat_activity WHERE query LIKE 'CREATE TABLE%'"
FOLLOWERS = "SELECT array_agg(application_name::text ORDER BY 1) FROM pg_stat_replication"

pytestmark = pytest.mark.processes


class Servers(NamedTuple):
    """Three servers, of which db2 and db3 follow db1."""

    directory: Path
    addresses: Mapping[str, str]
    running: Mapping[str, RecordServer]

    def again(self) -> RecordServer:
        """The former primary, as it comes back unasked."""
        return RecordServer(self.directory / "db1", self.addresses["db1"])

    def typed(self, statement: str) -> str:
        """What an operator types, with the words of the page's example in place of its dots."""
        password = f"''{record_group.PASSWORD}''"
        return (
            statement.replace("host=db2.example", f"host={self.addresses['db2']}")
            .replace("user=…", "user=postgres")
            .replace("password=…", f"password={password}")
        )


@pytest.fixture
def servers(server_dir: Path) -> Iterator[Servers]:
    directory = server_dir
    directory.mkdir()
    here, there = record_group._addresses()
    addresses = {"db1": here, "db2": there, "db3": f"{there}3"}
    running = {"db1": RecordServer(directory / "db1", here)}
    with running["db1"] as first:
        record_group._asked(first.url, f"ALTER ROLE postgres PASSWORD '{record_group.PASSWORD}'")
        running |= {
            name: RecordServer(directory / name, addresses[name], follows=here, name=name)
            for name in ("db2", "db3")
        }
        with running["db2"], running["db3"]:
            yield Servers(directory, addresses, running)


@asynccontextmanager
async def asking(servers: Mapping[str, RecordServer]) -> AsyncIterator[dict[str, Any]]:
    async with AsyncExitStack() as stack:
        found = {}
        for name, server in servers.items():
            found[name] = await asyncpg.connect(server.url)
            stack.callback(found[name].terminate)
        yield found


async def execute(at: Any, block: str) -> Any:
    """Type each statement of a block; the last answer."""
    answer = None
    for statement in block.split(";"):
        if statement.strip():
            answer = await at.fetchval(statement)
    return answer


async def demand(at: Mapping[str, Any]) -> None:
    """As the page sets it up: the first server waits for one of both, and who is promoted for who follows then."""
    for name, connection in at.items():
        await execute(
            connection,
            f"ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 ({STANDBYS[name]})'; SELECT pg_reload_conf()",
        )
    await until(partial(says, at["db1"], FOLLOWERS, ["db2", "db3"]))
    state = "SELECT array_agg(sync_state) FROM pg_stat_replication"
    await until(partial(says, at["db1"], state, ["quorum", "quorum"]))


async def says(at: Any, question: str, answer: object) -> bool:
    return bool(await at.fetchval(question) == answer)


async def shows(at: Any, question: str, *wanted: tuple[str, str]) -> bool:
    return [tuple(row) for row in await at.fetch(question)] == [*wanted]


async def fail_with_a_standby_behind(servers: Servers, at: Mapping[str, Any]) -> None:
    """Promise a table that db2 alone has, and end the primary as a crash does."""
    behind = await at["db1"].fetchval("SELECT pid FROM pg_stat_replication WHERE application_name = 'db3'")
    os.kill(behind, signal.SIGSTOP)
    await at["db1"].execute("CREATE TABLE promised ()")
    os.kill(servers.running["db1"].pid or 0, signal.SIGQUIT)
    os.kill(behind, signal.SIGKILL)
    servers.running["db1"].stop()


@contextmanager
def waiting(connection: Any) -> Iterator[None]:
    """A commit that is not answered."""
    task = connection._loop.create_task(connection.execute("CREATE TABLE lost ()"))
    try:
        yield
        assert not task.done()
    finally:
        task.cancel()


@pytest.mark.parametrize("name", ["failover.md", "failover.en.md"])
async def test_after_the_steps_by_hand_the_new_one_promises_and_the_former_one_cannot(
    name: str, servers: Servers
) -> None:
    steps = blocks(section(page(name), heading(name)), "sql")
    async with asking(servers.running) as at:
        unhook, promote, follow, look = (servers.typed(one) for one in steps)
        await demand(at)
        await fail_with_a_standby_behind(servers, at)
        lsn = {}
        for one in ("db2", "db3"):
            await execute(at[one], unhook)
            await until(partial(answers, at[one], unhook.split(";")[2]))
            lsn[one] = await at[one].fetchval(unhook.split(";")[2])
        assert lsn["db2"] > lsn["db3"]
        await execute(at["db2"], promote)
        await execute(at["db3"], follow)
        await until(partial(shows, at["db2"], look, ("db3", "quorum")))
        await at["db2"].execute("CREATE TABLE accepted ()", timeout=30)
        await until(partial(says, at["db3"], "SELECT to_regclass('accepted') IS NOT NULL", True))
        assert await at["db3"].fetchval("SELECT to_regclass('promised')")
        with servers.again() as former:
            async with asking({"db1": former, "too": former}) as back:
                with waiting(back["db1"]):
                    await until(partial(says, back["too"], WAITS, True))
                    assert await back["too"].fetchval(FOLLOWERS) is None
                    assert await at["db2"].fetchval(FOLLOWERS) == ["db3"]


async def test_a_promotion_alone_promises_nothing_and_leaves_it_to_the_former_one(servers: Servers) -> None:
    """Why the steps are needed: the standby that was not told goes on with the former primary."""
    async with asking(servers.running) as at:
        await demand(at)
        await fail_with_a_standby_behind(servers, at)
        await at["db2"].execute("SELECT pg_promote()")
        async with asking({"too": servers.running["db2"]}) as beside:
            with waiting(at["db2"]):
                await until(partial(says, beside["too"], WAITS, True))
                with servers.again() as former:
                    async with asking({"db1": former}) as back:
                        await until(partial(says, back["db1"], FOLLOWERS, ["db3"]))
                        await back["db1"].execute("CREATE TABLE promised_by_the_former_one ()", timeout=30)


def heading(name: str) -> str:
    return {
        "failover.md": "## Wenn die Datenbank ausgefallen ist",
        "failover.en.md": "## When the database has failed",
    }[name]


async def answers(at: Any, question: str) -> bool:
    with suppress(asyncpg.PostgresError):
        return await at.fetchval(question) is not None
    return False
