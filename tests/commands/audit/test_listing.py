"""The audit trail can be read, and names persons."""

import json
import re
from typing import Any

import pytest

from tests.support.messages import DUEREN, SENDER

ADD = ("source", "add", "leitstelle", "--sender", SENDER, "--territory", "05358")


async def test_who_did_what_is_listed(run: Any, surroundings: Any) -> None:
    surroundings.setenv("LOGNAME", "anna")
    await run(*ADD)
    await run("source", "disable", "leitstelle", "--as", "Bernd")
    await run("instance", "add", "dueren", "--place", DUEREN)
    table = (await run("audit", "list", "--action", "source.")).stdout.splitlines()
    assert table[0].split() == ["when", "who", "what", "about"]
    assert "operator:anna   source.add      source=leitstelle  after={" in table[1]
    assert re.match(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d CES?T ", table[1]), "for a desk, with its zone"
    assert table[2].endswith("operator:Bernd  source.disable  source=leitstelle")
    lines = [json.loads(line) for line in (await run("audit", "list", "--json")).stdout.splitlines()]
    assert [line["action"] for line in lines] == [
        "secret.note", "source.add", "key.add", "source.disable", "instance.add", "key.add",
    ]  # fmt: skip
    latest = (await run("audit", "list", "--json", "--limit", "1", "--by", "operator:Bernd")).stdout
    assert json.loads(latest)["action"] == "source.disable"


@pytest.mark.parametrize("name", ["", "anna\n", "anna\x1b[2J", "x" * 81, "   "])
async def test_a_name_that_nobody_could_read_is_refused(run: Any, pool: Any, name: str) -> None:
    done = await run(*ADD, "--as", name)
    assert done.exit_code == (0 if name == "" else 2), done.output
    assert "\x1b[2J" not in done.output


async def test_texts_of_strangers_do_not_control_the_terminal(run: Any, pool: Any) -> None:
    await pool.execute(
        "INSERT INTO audit (actor, action, detail) VALUES ('a\u001b[2J', 'b', $1)", {"x": "\x1b[2J"}
    )
    assert "\x1b" not in (await run("audit", "list")).output
    assert "\x1b" not in (await run("audit", "list", "--json")).output
