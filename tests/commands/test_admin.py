"""Operators' commands on the record."""

import json
from typing import Any

import pytest

from dispatcher.model.principals import CredentialState
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.feeds.feeds import Feeds
from dispatcher.store.sources import Sources
from tests.commands.conftest import PEPPER
from tests.store import conftest as on_record
from tests.support.histories import submit
from tests.support.messages import DUEREN, SENDER

pool = on_record.pool
ADD = ("source", "add", "leitstelle", "--sender", SENDER, "--territory", "05358")


@pytest.fixture
def known(pool: Any) -> Sources:
    return Sources(pool, PEPPER.encode())


async def test_a_new_source_gets_a_key_printed_once(dispatcher: Any, known: Sources, pool: Any) -> None:
    done = await dispatcher(*ADD, "--name", "Leitstelle Düren")
    assert (done.returncode, done.stderr) == (0, "")
    source = await party(known, done.stdout.strip())
    assert (source.id, source.name, source.senders, source.territory) == (
        "leitstelle", "Leitstelle Düren", {SENDER}, ("05358",),
    )  # fmt: skip


async def party(sources: Sources, key: str) -> Any:
    """Whom a key authenticates now."""
    found = await sources.recognise(key)
    return found.party if found.state is CredentialState.VALID else None


async def test_a_source_added_again_gets_another_key_and_keeps_the_first(run: Any, known: Sources) -> None:
    done = [await run(*ADD) for _ in range(2)]
    first, second = (one.stdout.strip() for one in done)
    assert ["older keys are good: 1" in one.stderr for one in done] == [False, True]
    assert first != second
    assert await party(known, first) == await party(known, second)


async def test_a_source_may_be_given_less_than_the_most_urgent_lane_and_a_quota_of_its_own(
    run: Any, known: Sources
) -> None:
    as_ever = await party(known, (await run(*ADD)).stdout.strip())
    assert (as_ever.may_flash, as_ever.quota) == (True, None)
    changed = await party(known, (await run(*ADD, "--no-flash", "--quota", "7")).stdout.strip())
    assert (changed.may_flash, changed.quota) == (False, 7)
    assert (await run(*ADD, "--quota", "-1")).exit_code == 2


async def test_that_adding_again_sets_every_option_anew_is_told_and_so(run: Any, known: Sources) -> None:
    told = " ".join((await run("source", "add", "--help")).output.split())
    assert "all options are set anew: give all of them, --no-flash and --quota too" in told
    for options, expected in ((("--no-flash", "--quota", "5"), (False, 5)), ((), (True, None))):
        source = await party(known, (await run(*ADD, *options)).stdout.strip())
        assert (source.may_flash, source.quota) == expected


async def test_a_long_name_still_makes_a_valid_key(run: Any, known: Sources) -> None:
    done = await run("source", "add", "x" * 40, "--sender", SENDER, "--territory", "05358")
    assert (await party(known, done.stdout.strip())).id == "x" * 40


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


@pytest.mark.parametrize("group", ["source", "instance"])
async def test_who_is_disabled_is_listed_so_and_its_keys_are_refused(
    run: Any, known: Sources, group: str
) -> None:
    add = ADD if group == "source" else ("instance", "add", "leitstelle", "--place", DUEREN)
    key = (await run(*add)).stdout.strip()
    done = await run(group, "disable", "leitstelle")
    assert (done.exit_code, "is disabled: its keys are refused" in done.output) == (0, True)
    assert (await known.recognise(key)).state is CredentialState.DISABLED
    again = await run(group, "disable", "leitstelle")
    assert (again.exit_code, again.output) == (1, "leitstelle is disabled already\n")
    line = json.loads((await run(group, "list", "--json")).stdout)
    assert (line["id"], line["state"], line["keys"]) == ("leitstelle", "disabled", 1)
    assert (await run(group, "list")).stdout.splitlines()[1].split()[:3] == ["leitstelle", "disabled", "1"]
    added = await run(*add)
    assert "leitstelle is disabled: no key of it is good" in added.stderr, "changing it does not enable it"
    assert (await run(group, "enable", "leitstelle")).output == "leitstelle is enabled\n"
    assert await party(known, key) is not None
    assert (await run(group, "enable", "nobody")).exit_code == 2


async def test_disabling_a_source_says_what_it_has_in_force(run: Any, pool: Any) -> None:
    await run(*ADD)
    await submit(Alerts(pool), "A", DUEREN)
    done = await run("source", "disable", "leitstelle")
    assert "its warnings in force stay so until they expire or another message ends them: 1\n" in done.output
    assert await pool.fetchval("SELECT stopped_at FROM alert") is None


async def test_a_feed_is_not_disabled_as_a_source(run: Any, pool: Any) -> None:
    """One that is polled would go on: its keys are not what lets it in."""
    await Feeds(pool).register(["dwd"])
    done = await run("source", "disable", "feed-dwd")
    assert (done.exit_code, "take it out of the file of feeds" in " ".join(done.output.split())) == (2, True)


async def test_a_new_instance_gets_a_key_that_works(run: Any, known: Sources) -> None:
    done = await run("instance", "add", "dueren", "--place", DUEREN, "--name", "Stadt Düren")
    instance = await party(known, done.stdout.strip())
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
