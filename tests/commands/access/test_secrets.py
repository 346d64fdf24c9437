"""What all machines have alike is shown by fingerprints and changed on purpose."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from channels.webpush.vapid import key_name
from dispatcher.access.fingerprints import SecretName
from dispatcher.runtime.secrets.files import fingerprint
from dispatcher.store.secrets import Secrets
from tests.support.messages import SENDER

ADD = ("source", "add", "leitstelle", "--sender", SENDER, "--territory", "05358")


@pytest.fixture
def keys(surroundings: Any, tmp_path: Path) -> Path:
    """Where the machine's own secrets are."""
    surroundings.delenv("WARN_KEY_PEPPER")
    surroundings.delenv("WARN_ADDRESS_KEYS")
    return tmp_path / "var" / "keys"


def contents(directory: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in directory.iterdir()}


async def shown(run: Any, code: int = 0) -> dict[str, Any]:
    done = await run("secrets", "show", "--json")
    assert done.exit_code == code
    return {line["secret"]: line for line in map(json.loads, done.stdout.splitlines())}


async def test_secrets_are_shown_by_their_fingerprints(run: Any, keys: Path) -> None:
    assert {name: line["state"] for name, line in (await shown(run)).items()} == {
        "pepper": "none",
        "vapid": "none",
        "addresses": "none",
    }
    await run(*ADD)
    pepper = (await shown(run))["pepper"]
    assert (pepper["state"], pepper["here"] == pepper["record"], pepper["place"]) == (
        "same", True, str(keys / "pepper"),
    )  # fmt: skip
    table = (await run("secrets", "show")).stdout
    secret = (keys / "pepper").read_text()
    assert pepper["here"][:16] in table
    assert secret not in table + json.dumps(pepper)


async def test_secrets_are_made_before_anything_is_started(run: Any, keys: Path) -> None:
    done = await run("secrets", "init")
    assert [line.split()[:2] for line in done.stdout.splitlines()] == [
        ["secret", "state"], ["pepper", "same"], ["vapid", "same"], ["addresses", "same"],
    ]  # fmt: skip
    made = contents(keys)
    assert sorted(made) == ["addresses", "pepper", "vapid.pem"]
    assert (await run("secrets", "init")).exit_code == 0
    assert contents(keys) == made, "once"


async def test_a_machine_with_another_secret_is_told_apart(run: Any, keys: Path) -> None:
    await run(*ADD)
    (keys / "pepper").write_text("another pepper that came from elsewhere")
    assert (await shown(run, code=1))["pepper"]["state"] == "different"


async def test_only_a_machine_that_has_them_all_is_well(
    run: Any, pool: Any, keys: Path, tmp_path: Path
) -> None:
    assert {line["state"] for line in (await shown(run)).values()} == {"none"}, (
        "before the first start of all"
    )
    await run("secrets", "init")
    assert {line["state"] for line in (await shown(run)).values()} == {"same"}
    aside = shutil.move(keys, tmp_path / "aside")
    assert {line["state"] for line in (await shown(run, code=1)).values()} == {"missing here"}
    shutil.move(aside, keys)
    await pool.execute("DELETE FROM shared_secret WHERE name = 'vapid'")
    assert (await shown(run, code=1))["vapid"]["state"] == "not noted yet"


async def test_another_pepper_is_adopted_when_somebody_says_so(run: Any, pool: Any, keys: Path) -> None:
    await run(*ADD)
    (keys / "pepper").write_text("another pepper that came from elsewhere")
    assert (await run("keys", "add", "--source", "leitstelle")).exit_code == 1
    refused = await run("secrets", "adopt", "pepper")
    assert refused.exit_code == 1
    assert "every key that was issued under the pepper before is worthless then, 1 in all" in refused.stderr
    assert (await shown(run, code=1))["pepper"]["state"] == "different"
    done = await run("secrets", "adopt", "pepper", "--yes", "--as", "anna")
    assert done.exit_code == 0, done.output
    assert (await shown(run))["pepper"]["state"] == "same"
    assert (await run("keys", "add", "--source", "leitstelle")).exit_code == 0
    actor = await pool.fetchval("SELECT actor FROM audit WHERE action = 'secret.replace'")
    assert actor == "operator:anna"
    again = await run("secrets", "adopt", "pepper", "--yes")
    assert (again.exit_code, "already, nothing was changed" in again.stderr) == (1, True)


async def test_keys_of_a_replaced_pepper_are_called_worthless_until_it_comes_back(
    run: Any, keys: Path
) -> None:
    await run("secrets", "init")
    await run(*ADD)
    await run("secrets", "replace", "pepper", "--yes")
    assert [line["state"] for line in await listed(run, "keys")] == ["worthless"]
    assert [line["keys"] for line in await listed(run, "source")] == [0]
    rotated = await run("keys", "rotate", "--source", "leitstelle")
    assert (rotated.exit_code, rotated.stderr) == (0, ""), (
        "no overlap is promised of keys that nobody can use"
    )
    assert sorted(line["state"] for line in await listed(run, "keys")) == ["valid", "worthless"]
    shutil.move(keys / "pepper.1", keys / "pepper")
    adopted = await run("secrets", "adopt", "pepper", "--yes")
    assert "worthless then, 1 in all" in adopted.stderr
    assert sorted(line["state"] for line in await listed(run, "keys")) == ["valid", "worthless"]
    assert [line["keys"] for line in await listed(run, "source")] == [1]


async def listed(run: Any, group: str) -> list[dict[str, Any]]:
    done = await run(group, "list", "--json")
    return [json.loads(one) for one in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("name", "lost"),
    [("pepper", "every key that was issued"), ("vapid", "lose nothing as long as every machine has it")],
)
async def test_a_secret_is_replaced_and_the_one_before_kept(
    run: Any, pool: Any, keys: Path, name: str, lost: str
) -> None:
    secret = SecretName(name)
    file = keys / {"pepper": "pepper", "vapid": "vapid.pem"}[name]
    assert (await run("secrets", "replace", name, "--yes")).exit_code == 0
    first = file.read_bytes()
    refused = await run("secrets", "replace", name)
    assert (refused.exit_code, lost in refused.stderr) == (1, True)
    assert file.read_bytes() == first
    done = await run("secrets", "replace", name, "--yes")
    assert (done.exit_code, f"the one before is kept in {file}.1" in done.stderr) == (0, True), done.output
    second = file.read_bytes()
    assert second != first == file.with_name(f"{file.name}.1").read_bytes()
    assert (await Secrets(pool).noted(secret)).fingerprint == fingerprint(secret, second)
    file.write_bytes(first)
    assert (await run("secrets", "adopt", name, "--yes")).exit_code == 0, "and there is a way back"
    assert (await shown(run))[name]["state"] == "same"


async def test_a_secret_of_the_settings_is_replaced_there(run: Any, pool: Any) -> None:
    done = await run("secrets", "replace", "pepper", "--yes")
    said = "comes from WARN_KEY_PEPPER: put another one there, then `dispatcher secrets adopt pepper`\n"
    assert (done.exit_code, done.stderr) == (1, f"this machine's pepper {said}")
    assert await Secrets(pool).noted(SecretName.PEPPER) is None


async def test_nothing_can_be_adopted_where_there_is_nothing(run: Any, pool: Any, keys: Path) -> None:
    done = await run("secrets", "adopt", "vapid", "--yes")
    assert (done.exit_code, "this machine has no vapid" in done.stderr) == (1, True)
    assert await Secrets(pool).noted(SecretName.VAPID) is None


async def test_earlier_vapid_keys_are_shown_and_say_where_they_are_missing(run: Any, keys: Path) -> None:
    await run("secrets", "init")
    first = (await shown(run))["vapid"]["here"]
    await run("secrets", "replace", "vapid", "--yes")
    before = (await shown(run))["vapid before"]
    assert (before["state"], before["here"], before["record"], before["place"]) == (
        "kept", first, first, str(keys / "vapid.pem.1"),
    )  # fmt: skip
    (keys / "vapid.pem.1").unlink()
    assert (await shown(run))["vapid before"]["state"] == "missing here"
    table = (await run("secrets", "show")).stdout
    assert first[:16] in table


async def test_going_back_to_a_vapid_key_asks_before_the_newer_one_and_its_subscriptions_are_lost(
    run: Any, pool: Any, keys: Path
) -> None:
    """One file moved over the other loses two subscriptions of five; swapped, none."""
    await run("secrets", "init")
    old = (await shown(run))["vapid"]["here"]
    await run("secrets", "replace", "vapid", "--yes")
    new = (await shown(run))["vapid"]["here"]
    for number, made_with in enumerate([old, old, None, new, new]):
        await pool.execute(
            """INSERT INTO subscription (channel, gateway, sealed, address_hash, keys)
               VALUES ('webpush', 'https://push.example', $1, $1, $2)""",
            bytes([0, 1, number]),
            {"vapid": key_name(made_with)} if made_with else {},
        )
    newer = (keys / "vapid.pem").read_bytes()
    shutil.move(keys / "vapid.pem.1", keys / "vapid.pem")
    refused = await run("secrets", "adopt", "vapid")
    assert refused.exit_code == 1
    assert "VAPID key this machine does not have, 2 in all" in refused.stderr
    assert (await shown(run, code=1))["vapid"]["state"] == "different", "nothing was changed"
    (keys / "vapid.pem.1").write_bytes(newer)
    done = await run("secrets", "adopt", "vapid", "--yes")
    assert (done.exit_code, "5 in all, which lose nothing" in done.stderr) == (0, True), done.output
    lines = await shown(run)
    assert (lines["vapid"]["state"], lines["vapid before"]["here"]) == ("same", new)
