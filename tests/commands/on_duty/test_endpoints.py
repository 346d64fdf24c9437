"""A person's endpoints are added, proven, tested, listed and erased by commands."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from dispatcher.commands.on_duty import endpoints as commands
from dispatcher.on_duty.messages import DutyResult, Following
from tests.support.on_duty import CODE, NUMBER, messages_of

ADD = ("person", "endpoint", "add", "m.keller")


@asynccontextmanager
async def answering(pool: Any, answer: str = "accepted") -> AsyncIterator[None]:
    """A worker to which gateways answer so."""

    async def work() -> None:
        messages = messages_of(pool)
        while True:
            for due in await messages.claim(9):
                result = DutyResult.ACCEPTED if answer == "accepted" else DutyResult.REFUSED
                await messages.answered(due, answer, Following(result), timedelta())
            await asyncio.sleep(0.02)

    working = asyncio.create_task(work())
    try:
        yield
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


@pytest.fixture(autouse=True)
async def keller(run: Any) -> None:
    await run("person", "add", "m.keller", "--environment", "live")


async def listed(run: Any) -> list[Any]:
    done = await run("person", "endpoint", "list", "m.keller", "--json")
    return [json.loads(line) for line in done.stdout.splitlines()]


async def test_a_number_works_once_its_code_came_back_and_is_shown_nowhere(run: Any, pool: Any) -> None:
    async with answering(pool):
        done = await run(*ADD, "sms", "--label", "Diensthandy", input=f"{NUMBER}\n")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("endpoint 1 of m.keller\na code was accepted for it")
    assert [(one["state"], one["label"], one["last_answer"]) for one in await listed(run)] == [
        ("not proven", "Diensthandy", "accepted")
    ]
    wrong = await run("person", "endpoint", "confirm", "1", input="999999\n")
    assert (wrong.exit_code, "this is not the code" in wrong.stderr) == (1, True)
    good = await run("person", "endpoint", "confirm", "1", input=f"{CODE}\n")
    assert (good.exit_code, good.stdout) == (0, "endpoint 1 works\n")
    over = await run("person", "endpoint", "confirm", "1", input=f"{CODE}\n")
    assert (over.exit_code, "no code of this endpoint is good now" in over.stderr) == (1, True)
    shown = await run("person", "endpoint", "list")
    assert "works" in shown.stdout
    for output in (done, good, shown):
        assert NUMBER not in output.output
    assert (await run("person", "endpoint", "remove", "1")).stdout == "endpoint 1 is erased\n"
    assert (await run("person", "endpoint", "remove", "1")).exit_code == 1
    assert await listed(run) == []


async def test_a_test_says_what_came_back(run: Any, pool: Any) -> None:
    async with answering(pool, "550"):
        done = await run(*ADD, "email", input="m.keller@kreis.example\n")
    assert (done.exit_code, "the code was not accepted: 550" in done.stderr) == (1, True)
    soon = await run("person", "endpoint", "test", "1")
    assert (soon.exit_code, "a moment ago" in soon.stderr) == (1, True)
    await pool.execute("UPDATE duty_message SET created_at = created_at - interval '1 hour'")
    async with answering(pool):
        again = await run("person", "endpoint", "test", "1")
    assert (again.exit_code, "a code was accepted" in again.stdout) == (0, True)


async def test_without_a_worker_it_says_so(run: Any, env: pytest.MonkeyPatch) -> None:
    env.setattr(commands, "ANSWER_WITHIN_S", 0.0)
    done = await run(*ADD, "sms", input=f"{NUMBER}\n")
    assert (done.exit_code, "does one run?" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "typed", "code", "why"),
    [
        ((*ADD, "sms"), "0170 1", 2, "a number is written with its country"),
        ((*ADD, "webpush"), "https://push.example/1", 2, "a browser is added in the console"),
        ((*ADD, "sms"), "\n", 2, "the input has 1 to"),
        (("person", "endpoint", "add", "nobody", "sms"), NUMBER, 1, "there is no person nobody"),
        (("person", "endpoint", "test", "9"), "", 1, "there is no endpoint 9"),
    ],
)
async def test_what_cannot_be_is_refused(run: Any, arguments: Any, typed: str, code: int, why: str) -> None:
    done = await run(*arguments, input=f"{typed}\n")
    assert (done.exit_code, why in " ".join(done.stderr.split())) == (code, True), done.output


async def test_nobody_has_any_number_of_them(run: Any, env: pytest.MonkeyPatch) -> None:
    env.setattr(commands, "ANSWER_WITHIN_S", 0.0)
    env.setattr("dispatcher.store.on_duty.endpoints.MOST", 1)
    await run(*ADD, "sms", input=f"{NUMBER}\n")
    done = await run(*ADD, "sms", input=f"{NUMBER}0\n")
    assert (done.exit_code, "as many endpoints as a person may have" in done.stderr) == (1, True)
