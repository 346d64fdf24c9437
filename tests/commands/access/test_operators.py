"""Operators away from the machine are let in, listed, and kept out; their keys end."""

import json
from typing import Any

from dispatcher.model.principals import CredentialState, RemoteOperator
from dispatcher.store.sources import Sources

ADD = ("operator", "add", "anna")


async def test_a_new_operator_gets_a_key_that_ends(run: Any, party: Any) -> None:
    done = await run(*ADD, "--name", "Anna Muster")
    assert (done.exit_code, done.stderr) == (0, "it ends after 90 days\n")
    key = done.stdout.strip()
    assert key.startswith("wo_anna-")
    assert await party(key) == RemoteOperator("anna", "Anna Muster")
    (line,) = [
        json.loads(one)
        for one in (await run("keys", "list", "--operator", "anna", "--json")).stdout.splitlines()
    ]
    assert (line["bearer"], line["state"]) == ("remote-operator anna", "valid")
    assert line["expires"]
    again = await run(*ADD)
    assert (again.exit_code, again.stdout) == (1, "")
    assert "`dispatcher keys rotate --operator anna` issues another key" in again.stderr


async def test_one_who_is_disabled_is_refused_until_enabled(run: Any, known: Sources) -> None:
    key = (await run(*ADD)).stdout.strip()
    assert (await run("operator", "disable", "anna")).output == "anna is disabled: its keys are refused\n"
    assert (await known.recognise(key)).state is CredentialState.DISABLED
    line = json.loads((await run("operator", "list", "--json")).stdout)
    assert line == {
        "id": "anna",
        "state": "disabled",
        "keys": 1,
        "name": "anna",
        "disabled": line["disabled"],
    }
    assert (await run("operator", "enable", "anna")).output == "anna is enabled\n"
    assert (await known.recognise(key)).state is CredentialState.VALID
    lost = await run("operator", "disable", "ana")
    assert "there is no operator ana; the nearest is anna; `dispatcher operator list`" in lost.output


async def test_a_key_is_rotated_and_never_made_endless(run: Any, party: Any) -> None:
    old = (await run(*ADD)).stdout.strip()
    new = (await run("keys", "rotate", "--operator", "anna", "--overlap", "0m")).stdout.strip()
    assert (await party(old), (await party(new)).id) == (None, "anna")
    for end in (("--never",), ("--in", "91d")):
        kept = await run("keys", "expire", new, *end)
        assert (kept.exit_code, "end within 90 days" in kept.stderr) == (1, True)
    assert (await run("keys", "expire", new, "--in", "30d")).exit_code == 0
    revoked = await run("keys", "revoke", new)
    assert "dispatcher keys rotate --operator anna" in revoked.stderr


async def test_what_is_no_operator_is_refused(run: Any, pool: Any) -> None:
    for arguments, why in (
        (("Anna",), "an id is made of"),
        (("anna", "--name", "a\nb"), "of at most 80 characters"),
    ):
        done = await run("operator", "add", *arguments)
        said = " ".join(word for word in done.output.split() if word.strip("│╭╮╰╯─"))
        assert (done.exit_code, why in said) == (2, True), done.output
    assert await pool.fetchval("SELECT count(*) FROM remote_operator") == 0
