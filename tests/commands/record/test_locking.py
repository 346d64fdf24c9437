"""`dispatcher record locks`: what is shown can be typed, and ends that session alone."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dispatcher.commands.record.locking import HIDDEN, OLD_S, OURS, lines
from dispatcher.store import record
from dispatcher.store.audit import listed
from dispatcher.store.servers.locks import Lock
from tests.channels.standstill import until
from tests.store.servers import test_locks
from tests.store.servers.test_locks import locking

weak_url, seeing_url = test_locks.weak_url, test_locks.seeing_url

BEGAN = datetime(2026, 11, 1, 3, 12, 45, 678901, tzinfo=UTC)
LOCK = Lock(
    4711, BEGAN, timedelta(seconds=95), "10.0.0.7", "psql", "idle in transaction", "LOCK TABLE batch", 3
)
AGE = timedelta(seconds=OLD_S)


def test_a_line_says_who_it_is_and_the_last_how_it_is_ended() -> None:
    head, line, end = lines([LOCK], AGE)
    assert head.split() == ["pid", "since", "for", "from", "application", "state", "waiting", "statement"]
    assert re.split(r"\s{2,}", line) == [
        *(
            "4711",
            BEGAN.isoformat(),
            "95 s",
            "10.0.0.7",
            "psql",
            "idle in transaction",
            "3",
            "LOCK TABLE batch",
        ),
    ]
    assert end == f"end one: dispatcher record locks --end 4711 --since {BEGAN.isoformat()}"


def test_of_our_own_nobody_is_told_how_to_end_them_but_when() -> None:
    ours = replace(LOCK, application=record.APPLICATION)
    assert lines([ours], AGE)[2:] == [OURS]
    assert OURS not in lines([LOCK], AGE)


def test_what_this_role_may_not_see_is_said_and_a_statement_controls_no_terminal() -> None:
    hidden = replace(LOCK, since=None, lasts=None, address="", state="", statement="")
    assert lines([hidden], AGE)[1].split() == ["4711", "–", "–", "–", "psql", "–", "3", "–"]
    assert lines([hidden], AGE)[2:] == [HIDDEN]
    assert "\x1b" not in "".join(lines([replace(LOCK, statement="SELECT '\x1b[2J'")], AGE))


async def test_where_nobody_locks_it_says_so(run: Any) -> None:
    done = await run("record", "locks")
    assert (done.exit_code, done.output) == (0, "nobody has kept others waiting for more than 30 s\n")


async def test_what_it_says_ends_the_session_once(run: Any, database_url: str) -> None:
    async with locking(database_url) as somebody:
        [one] = (await run("record", "locks", "--older-than", "0", "--json")).stdout.splitlines()
        found = json.loads(one)
        assert (found["pid"], found["is_ours"]) == (somebody.get_server_pid(), False)
        said = (await run("record", "locks", "--older-than", "0")).stdout.splitlines()[-1]
        command = said.removeprefix("end one: dispatcher ").split()
        done = await run(*command, "--as", "k.wachter")
        assert (done.exit_code, done.output) == (0, f"{found['pid']} is ended\n")
        await until(somebody.is_closed)
        again = await run(*command)
        assert (again.exit_code, "nothing was changed" in again.stderr) == (1, True)
    pool = await record.connect(database_url, size=1)
    [line] = await listed(pool, 1)
    await pool.close()
    assert (line.actor, line.action, line.detail["pid"]) == ("operator:k.wachter", "lock.end", found["pid"])


async def test_the_role_of_the_owner_is_asked_where_that_of_the_service_may_not(
    run: Any, surroundings: Any, database_url: str, seeing_url: str
) -> None:
    surroundings.setenv("DATABASE_URL", seeing_url)
    async with locking(database_url) as somebody:
        said = (await run("record", "locks", "--older-than", "0")).stdout.splitlines()[-1]
        command = said.removeprefix("end one: dispatcher ").split()
        refused = await run(*command)
        assert refused.exit_code == 1, refused.output
        assert f"WHERE pid = {somebody.get_server_pid()} AND xact_start = '{command[-1]}';" in refused.stderr
        assert await somebody.fetchval("SELECT 1") == 1
        surroundings.setenv("WARN_DATABASE_OWNER_URL", database_url)
        ended = await run(*command)
        assert ended.exit_code == 0, ended.output
        await until(somebody.is_closed)


@pytest.mark.parametrize(
    "wrong",
    [
        ("--end", "4711"),
        ("--since", BEGAN.isoformat()),
        ("--end", "4711", "--since", "gestern"),
        ("--end", "4711", "--since", "2026-11-01T03:12:45"),
    ],
)
async def test_a_wrong_call_ends_nothing(run: Any, wrong: tuple[str, ...]) -> None:
    assert (await run("record", "locks", *wrong)).exit_code == 2
