"""Instances are added once, shown, and changed."""

import json
from typing import Any

import pytest

from tests.support.messages import DUEREN, JUELICH

ADD = ("instance", "add", "dueren", "--place", DUEREN)


async def test_a_new_instance_gets_a_key_that_works(run: Any, party: Any) -> None:
    done = await run(*ADD, "--name", "Stadt Düren")
    instance = await party(done.stdout.strip())
    assert (instance.id, instance.name, instance.places) == ("dueren", "Stadt Düren", (DUEREN,))


async def test_an_instance_that_is_there_is_left_as_it_is(run: Any, party: Any) -> None:
    key = (await run(*ADD, "--name", "Stadt Düren")).stdout.strip()
    before = await party(key)
    again = await run("instance", "add", "dueren", "--place", JUELICH)
    assert (again.exit_code, again.stdout) == (1, "")
    assert "`dispatcher keys add --instance dueren` issues another key" in again.stderr
    assert await party(key) == before


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("Düren", "--place", DUEREN), "an id is made of"),
        (("dueren", "--place", "05358"), "not an AGS of 8 digits: 05358"),
        (("dueren", "--place", "05358009"), "begins with 05358009; the nearest is 053580"),
        (("dueren", "--place", "053580008008"), "this is an ARS, the AGS of Düren is 05358008"),
        (("dueren", "--place", "Julich"), "Jülich is 05358024"),
        (("dueren", "--place", "05358"), "the beginning of 15 municipalities, such as 05358004 (Aldenhoven)"),
        (("dueren",), "--place"),
    ],
)
async def test_an_instance_whose_key_could_never_work_is_refused(
    run: Any, pool: Any, arguments: tuple[Any, ...], why: str
) -> None:
    done = await run("instance", "add", *arguments)
    assert done.exit_code == 2
    assert why in " ".join(word for word in done.output.split() if word.strip("│╭╮╰╯─")), done.output
    assert await pool.fetchval("SELECT count(*) FROM instance") == 0


async def test_an_instance_is_changed_and_shown(run: Any, party: Any, pool: Any) -> None:
    key = (await run(*ADD)).stdout.strip()
    done = await run("instance", "change", "dueren", "--place", DUEREN, "--place", JUELICH, "--name", "Düren")
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["name", "dueren", "→", "Düren"],
        ["places", DUEREN, "→", DUEREN, JUELICH],
    ]
    assert (await party(key)).places == (DUEREN, JUELICH)
    shown = json.loads((await run("instance", "show", "dueren", "--json")).stdout)
    assert (shown["name"], shown["places"], len(shown["keys"])) == ("Düren", [DUEREN, JUELICH], 1)
    again = await run("instance", "change", "dueren", "--name", "Düren")
    assert (again.exit_code, again.stderr) == (1, "dueren is so already, nothing was changed\n")
    wrong = await run("instance", "change", "dueren", "--place", "99999999")
    assert wrong.exit_code == 2
    assert await pool.fetchval("SELECT count(*) FROM audit WHERE action = 'instance.change'") == 1
