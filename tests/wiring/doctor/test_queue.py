"""What the doctor reads off a real Valkey."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from dispatcher.doctor.queue import QueueCondition, UntoldQueue
from dispatcher.queue.address import parse
from dispatcher.queue.wakeups import open_queue
from dispatcher.wiring.doctor.queue import queue_condition

USER = "wachdienst"


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Any]:
    client: Any = open_queue(parse(redis_url))
    yield client
    await client.execute_command("ACL", "DELUSER", USER)
    await client.aclose(close_connection_pool=True)


async def as_user(client: Any, *rules: str) -> None:
    await client.execute_command("ACL", "SETUSER", USER, "reset", "on", "nopass", "+@connection", *rules)


async def test_a_queue_says_how_it_stands(client: Any) -> None:
    found = await queue_condition(client)
    assert isinstance(found, QueueCondition)
    assert (found.role, found.policy, found.may_write) == ("master", "noeviction", True)
    assert found.name.startswith("Valkey ")


@pytest.mark.parametrize(
    ("rules", "may_write"),
    [(("+info",), False), (("+info", "+@write", "~other:*"), False), (("+info", "+@write", "~warn:*"), True)],
)
async def test_a_user_may_ask_and_may_not_write(
    client: Any, redis_url: str, rules: tuple[str, ...], *, may_write: bool
) -> None:
    await as_user(client, *rules)
    other: Any = open_queue(parse(redis_url))
    async with other.client() as connection:
        await connection.execute_command("AUTH", USER, "")
        assert (await queue_condition(connection)).may_write is may_write
    await other.aclose(close_connection_pool=True)


@pytest.mark.parametrize(("rules", "may_write"), [(("+@write", "~*"), True), (("-@write",), False)])
async def test_of_a_user_who_may_not_ask_is_known_whether_it_may_write(
    client: Any, redis_url: str, rules: tuple[str, ...], *, may_write: bool
) -> None:
    await as_user(client, *rules)
    other: Any = open_queue(parse(redis_url))
    async with other.client() as connection:
        await connection.execute_command("AUTH", USER, "")
        assert await queue_condition(connection) == UntoldQueue(may_write)
    await other.aclose(close_connection_pool=True)
