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


async def test_a_territory_is_kept_as_it_is_named_and_its_municipalities_beside_it(
    run: Any, party: Any
) -> None:
    key = (await run("instance", "add", "kreis", "--territory", "05358")).stdout.strip()
    instance = await party(key)
    assert (len(instance.places), instance.territory) == (15, ("05358",))
    await run("instance", "change", "kreis", "--place", DUEREN)
    assert ((await party(key)).places, (await party(key)).territory) == ((DUEREN,), ())


async def test_an_instance_has_a_profile(run: Any, party: Any) -> None:
    await run("instance", "add", "stolberg", "--place", "05334032")
    more = (
        *("--language", "de", "--language", "uk", "--colour", "#00457C", "--text-colour", "#ffffff"),
        *("--logo", "https://www.dueren.example/wappen.svg", "--contact", "app@dueren.example"),
        *("--quota", 600, "--shows", "stolberg"),
    )
    key = (await run(*ADD, *more)).stdout.strip()
    instance = await party(key)
    assert (instance.languages, instance.quota, instance.shows) == (("de", "uk"), 600, ("stolberg",))
    assert (instance.branding.colour, instance.contact) == ("#00457c", "app@dueren.example")
    changed = await run(
        "instance", "change", "dueren", "--quota", "default", "--logo", "", "--shows", "", "--json"
    )
    assert json.loads(changed.stdout)["after"] == {"quota": None, "logo": "", "shows": []}
    assert (await party(key)).branding.text_colour == "#ffffff", "what is not named stays"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "say which municipalities: --place or --territory"),
        (("--territory", "04"), "begins with 04"),
        (("--place", DUEREN, "--colour", "#777777", "--text-colour", "#ffffff"), "a contrast of 4.48"),
        (("--place", DUEREN, "--language", "Deutsch"), "no language such as"),
        (("--place", DUEREN, "--shows", "dueren"), "no neighbour of its own"),
        (("--place", DUEREN, "--quota", "-1"), "--quota"),
    ],
)
async def test_what_an_instance_cannot_be_is_a_sentence(
    run: Any, pool: Any, arguments: Any, why: str
) -> None:
    done = await run("instance", "add", "dueren", *arguments)
    said = " ".join(word for word in done.output.split() if word.strip("│╭╮╰╯─"))
    assert (done.exit_code, why in said) == (2, True), done.output
    assert await pool.fetchval("SELECT count(*) FROM instance") == 0


async def test_a_neighbour_has_to_be_there(run: Any) -> None:
    await run("instance", "add", "stolberg", "--place", "05334032")
    done = await run(*ADD, "--shows", "stollberg")
    assert (done.exit_code, "the nearest is stolberg" in done.stderr) == (1, True)


async def test_a_key_is_rotated_while_the_old_one_goes_on(run: Any, party: Any) -> None:
    old = (await run(*ADD)).stdout.strip()
    done = await run("instance", "rotate", "dueren", "--overlap", "1h")
    assert (done.exit_code, " ends at " in done.stderr) == (0, True)
    assert (await party(done.stdout.strip())).id == (await party(old)).id == "dueren"
    missing = await run("instance", "rotate", "nobody")
    assert (missing.exit_code, missing.stderr) == (1, "there is no instance nobody\n")
