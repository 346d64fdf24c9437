"""The ring's keys are changed and dropped by commands; nobody is lost by it."""

import json
from pathlib import Path
from typing import Any

import pytest

from dispatcher.access.sealing import KeyRing, Sealing
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.sealed.addresses import Addresses
from dispatcher.store.sealed.rotation import Rotation
from tests.support.histories import subscription


@pytest.fixture
def ring_file(surroundings: Any, tmp_path: Path) -> Path:
    """Where the machine's own ring is."""
    surroundings.delenv("WARN_ADDRESS_KEYS")
    return tmp_path / "var" / "keys" / "addresses"


def subscriptions(pool: Any, file: Path) -> Subscriptions:
    return Subscriptions(pool, Addresses(Sealing(ring_in(file))))


async def fill(run: Any, pool: Any, ring_file: Path) -> None:
    assert (await run("secrets", "init")).exit_code == 0
    await subscriptions(pool, ring_file).add_many([subscription(name) for name in "abc"])


async def legible(pool: Any, ring_file: Path) -> list[str]:
    found = await subscriptions(pool, ring_file).endpoints_after("webpush", 0, 10)
    return sorted(one.address.rpartition("/")[2] for one in found)


def ring_in(file: Path) -> KeyRing:
    return KeyRing.parse(file.read_bytes())


def mode(file: Path) -> int:
    return file.stat().st_mode & 0o777


def put(file: Path, ring: KeyRing) -> None:
    file.write_bytes(ring.text())


async def test_a_key_is_made_then_brought_to_all_machines_then_used_then_dropped(
    run: Any, pool: Any, ring_file: Path
) -> None:
    await fill(run, pool, ring_file)
    made = await run("secrets", "rotate", "addresses")
    assert (made.exit_code, made.stdout) == (
        0,
        f"key 2 is in {ring_file}, and nothing is sealed with it yet\n",
    )
    assert "copy it to every machine" in made.stderr
    assert await Rotation(pool).rows_by_key() == {1: 3}
    asked = await run("secrets", "rotate", "addresses")
    assert (asked.exit_code, "a machine whose ring does not have it" in asked.stderr) == (1, True)
    assert await Rotation(pool).rows_by_key() == {1: 3}, "and no third key is made"
    done = await run("secrets", "rotate", "addresses", "--yes", "--as", "anna")
    assert done.exit_code == 0, done.output
    assert done.stdout == "sealed 3 anew; all endpoints are sealed with key 2\n"
    assert await Rotation(pool).rows_by_key() == {2: 3}
    assert await legible(pool, ring_file) == ["a", "b", "c"]
    dropped = await run("secrets", "drop", "addresses", "--yes")
    assert (dropped.exit_code, dropped.stdout) == (0, "the ring has key 2 alone\n")
    assert list(ring_in(ring_file).keys) == [2]
    assert mode(ring_file) == 0o600
    assert await legible(pool, ring_file) == ["a", "b", "c"]
    again = await run("secrets", "drop", "addresses", "--yes")
    assert (again.exit_code, "no key before key 2" in again.stderr) == (1, True)
    lines = await pool.fetch(
        "SELECT actor, action FROM audit WHERE action LIKE 'secret.%' ORDER BY id DESC LIMIT 2"
    )
    assert [line["action"] for line in lines] == ["secret.drop", "secret.rotate"]
    assert lines[1]["actor"] == "operator:anna"


async def test_a_rotation_that_was_killed_is_ended_by_the_same_command(
    run: Any, pool: Any, ring_file: Path
) -> None:
    await fill(run, pool, ring_file)
    for arguments in ((), ("--yes",)):
        assert (await run("secrets", "rotate", "addresses", *arguments)).exit_code == 0
    old = Addresses(Sealing(ring_in(ring_file), current=1))
    await Subscriptions(pool, old).add_many([subscription("d")])
    refused = await run("secrets", "drop", "addresses", "--yes")
    assert (refused.exit_code, "1 endpoint is still sealed with an older key" in refused.stderr) == (
        1,
        True,
    )
    done = await run("secrets", "rotate", "addresses")
    assert done.stdout == "sealed 1 anew; all endpoints are sealed with key 2\n", "without a question"
    assert await Rotation(pool).rows_by_key() == {2: 4}


async def test_a_machine_that_lacks_the_new_key_does_not_start_with_the_old_one(
    run: Any, pool: Any, ring_file: Path
) -> None:
    await fill(run, pool, ring_file)
    before = ring_in(ring_file)
    for arguments in ((), ("--yes",)):
        await run("secrets", "rotate", "addresses", *arguments)
    put(ring_file, before)
    file = ring_file.with_name("subscriptions.jsonl")
    file.write_text(json.dumps({"channel": "app", "address": "https://app.example/a", "places": ["05358"]}))
    refused = await run("subscriptions", "import", file)
    assert refused.exit_code == 1
    assert "lacks a key that endpoints in the record are sealed with" in str(refused.exception)
    assert "(key 2)" in str(refused.exception)


async def test_a_ring_of_the_settings_is_changed_there(run: Any, pool: Any) -> None:
    assert (await run("secrets", "init")).exit_code == 0
    for command, said in (("rotate", "add `key 2 …` there"), ("drop", "no key before key 1")):
        done = await run("secrets", command, "addresses", "--yes")
        assert (done.exit_code, said in done.stderr) == (1, True), done.output


@pytest.mark.parametrize("command", ["rotate", "drop"])
async def test_only_a_ring_has_keys_to_change(run: Any, command: str) -> None:
    done = await run("secrets", command, "pepper", "--yes")
    assert (done.exit_code, "pepper is no ring of keys" in done.stderr) == (1, True)


async def test_a_damaged_row_is_named_and_no_other_waits_for_it(run: Any, pool: Any, ring_file: Path) -> None:
    await fill(run, pool, ring_file)
    await pool.execute(
        "UPDATE subscription SET sealed = sealed || '\\x00' WHERE id = (SELECT min(id) FROM subscription)"
    )
    await run("secrets", "rotate", "addresses")
    done = await run("secrets", "rotate", "addresses", "--yes")
    assert done.exit_code == 1
    assert "1 could be opened with no key" in done.stderr
    assert await Rotation(pool).rows_by_key() == {1: 1, 2: 2}


async def test_another_ring_ends_what_it_does_not_open_until_the_one_before_comes_back(
    run: Any, pool: Any, ring_file: Path
) -> None:
    await fill(run, pool, ring_file)
    first = ring_in(ring_file)
    refused = await run("secrets", "replace", "addresses")
    assert (refused.exit_code, "can be warned no more, 3 in all" in refused.stderr) == (1, True)
    done = await run("secrets", "replace", "addresses", "--yes")
    assert done.exit_code == 0, done.output
    assert list(ring_in(ring_file).keys) == [2]
    assert await pool.fetch("SELECT DISTINCT end_reason FROM subscription") == [("illegible",)]
    await subscriptions(pool, ring_file).add_many([subscription("a")])
    assert await legible(pool, ring_file) == ["a"]
    put(ring_file, first)
    adopted = await run("secrets", "adopt", "addresses", "--yes")
    assert (adopted.exit_code, "can be warned no more, 1 in all" in adopted.stderr) == (0, True)
    assert await legible(pool, ring_file) == ["a", "b", "c"]
