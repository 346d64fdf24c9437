"""Operators' commands on the record."""

from typing import Any

import pytest

from dispatcher.store.sources import Sources
from tests.commands.conftest import PEPPER
from tests.store import conftest as on_record
from tests.support.messages import DUEREN, SENDER

pool = on_record.pool
ADD = ("source", "add", "leitstelle", "--sender", SENDER, "--territory", "05358")


@pytest.fixture
def known(pool: Any) -> Sources:
    return Sources(pool, PEPPER.encode())


async def test_a_new_source_gets_a_key_printed_once(dispatcher: Any, known: Sources, pool: Any) -> None:
    done = await dispatcher(*ADD, "--name", "Leitstelle Düren")
    assert (done.returncode, done.stderr) == (0, "")
    source = await known.by_key(done.stdout.strip())
    assert (source.id, source.name, source.senders, source.territory) == (
        "leitstelle", "Leitstelle Düren", {SENDER}, ("05358",),
    )  # fmt: skip


async def test_a_source_added_again_gets_another_key_and_keeps_the_first(run: Any, known: Sources) -> None:
    first, second = [(await run(*ADD)).stdout.strip() for _ in range(2)]
    assert first != second
    assert await known.by_key(first) == await known.by_key(second)


async def test_a_long_name_still_makes_a_valid_key(run: Any, known: Sources) -> None:
    done = await run("source", "add", "x" * 40, "--sender", SENDER, "--territory", "05358")
    assert (await known.by_key(done.stdout.strip())).id == "x" * 40


@pytest.mark.parametrize(
    "arguments",
    [
        ("Leitstelle", "--sender", SENDER, "--territory", "05358"),
        ("leitstelle", "--sender", SENDER, "--territory", ""),
        ("leitstelle", "--sender", SENDER, "--territory", "Düren"),
        ("leitstelle", "--sender", SENDER, "--territory", "053580080"),
        ("leitstelle", "--sender", SENDER),
        ("leitstelle", "--territory", "05358"),
    ],
)
async def test_a_source_that_makes_no_sense_is_refused(
    run: Any, known: Sources, arguments: tuple[Any, ...]
) -> None:
    assert (await run("source", "add", *arguments)).exit_code == 2
    assert await known.names() == []


async def test_a_revoked_key_is_worthless_and_revoking_it_again_fails(run: Any, known: Sources) -> None:
    key = (await run(*ADD)).stdout.strip()
    key_id = key.split("_")[1]
    assert (await run("source", "revoke", key_id)).exit_code == 0
    assert await known.by_key(key) is None
    again = await run("source", "revoke", key_id)
    assert (again.exit_code, "no such valid key" in again.output) == (1, True)


async def test_a_new_instance_gets_a_key_that_works(run: Any, known: Sources) -> None:
    done = await run("instance", "add", "dueren", "--place", DUEREN, "--name", "Stadt Düren")
    instance = await known.instance_by_key(done.stdout.strip())
    assert (instance.id, instance.name, instance.places) == ("dueren", "Stadt Düren", (DUEREN,))


@pytest.mark.parametrize(
    "arguments", [("Düren", "--place", DUEREN), ("dueren", "--place", "05358"), ("dueren",)]
)
async def test_an_instance_whose_key_could_never_work_is_refused(
    run: Any, pool: Any, arguments: tuple[Any, ...]
) -> None:
    assert (await run("instance", "add", *arguments)).exit_code == 2
    assert await pool.fetchval("SELECT count(*) FROM instance") == 0


async def test_without_a_record_it_says_what_to_do(run: Any, dispatcher: Any, surroundings: Any) -> None:
    surroundings.delenv("DATABASE_URL")
    done = await run("subscriptions", "count")
    assert done.exit_code == 2
    assert "DATABASE_URL" in done.output
    assert (await dispatcher("migrate")).returncode == 2


async def test_migrate_brings_the_record_up_to_date(dispatcher: Any) -> None:
    done = await dispatcher("migrate")
    assert (done.returncode, done.stdout) == (0, "the record is at this version's schema\n")


async def test_without_arguments_it_shows_what_there_is(run: Any) -> None:
    done = await run()
    for name in (
        "submit",
        "preview",
        "status",
        "source",
        "subscriptions",
        "dead-letters",
        "up",
        "worker",
        "api",
    ):
        assert name in done.output
