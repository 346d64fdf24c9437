"""What holds for sources and instances alike."""

import json
from typing import Any

import pytest

from dispatcher.model.principals import CredentialState
from dispatcher.store.sources import Sources
from tests.support.messages import DUEREN, SENDER

ADD = {
    "source": ("source", "add", "leitstelle", "--sender", SENDER, "--territory", "05358"),
    "instance": ("instance", "add", "leitstelle", "--place", DUEREN),
}
BOTH = pytest.mark.parametrize("group", sorted(ADD))


@BOTH
async def test_who_is_disabled_is_listed_so_and_its_keys_are_refused(
    run: Any, known: Sources, party: Any, group: str
) -> None:
    key = (await run(*ADD[group])).stdout.strip()
    done = await run(group, "disable", "leitstelle")
    assert (done.exit_code, "is disabled: its keys are refused" in done.output) == (0, True)
    assert (await known.recognise(key)).state is CredentialState.DISABLED
    again = await run(group, "disable", "leitstelle")
    assert (again.exit_code, again.output) == (1, "leitstelle is disabled already\n")
    line = json.loads((await run(group, "list", "--json")).stdout)
    assert (line["id"], line["state"], line["keys"]) == ("leitstelle", "disabled", 1)
    assert (await run(group, "list")).stdout.splitlines()[1].split()[:3] == ["leitstelle", "disabled", "1"]
    assert (await run(group, "change", "leitstelle", "--name", "x")).exit_code == 0
    assert (await known.recognise(key)).state is CredentialState.DISABLED, "changing it does not enable it"
    assert (await run(group, "enable", "leitstelle")).output == "leitstelle is enabled\n"
    assert await party(key) is not None


@BOTH
@pytest.mark.parametrize("words", [("show",), ("change", "--name", "x"), ("disable",), ("enable",)])
async def test_an_id_that_nobody_has_is_refused_with_the_nearest(
    run: Any, group: str, words: tuple[str, ...]
) -> None:
    await run(*ADD[group])
    done = await run(group, words[0], "leitstele", *words[1:])
    told = " ".join(word for word in done.output.split() if word.strip("│╭╮╰╯─"))
    assert done.exit_code == 1
    assert (
        f"there is no {group} leitstele; the nearest is leitstelle; `dispatcher {group} list` shows all"
        in told
    )
