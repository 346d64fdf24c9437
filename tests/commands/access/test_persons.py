"""Persons are let in, given roles, invited and kept out by commands."""

import json
from typing import Any

import pytest

from dispatcher.access.secret_tokens import token_digest
from dispatcher.store.persons.invitations import Invitations
from tests.support.messages import DUEREN

ADD = ("person", "add", "m.keller", "--environment", "live")
CONSOLE = "https://warnung.dueren.example"


@pytest.fixture(autouse=True)
def with_a_console(surroundings: Any) -> None:
    surroundings.setenv("WARN_CONSOLE_URL", f"{CONSOLE}/")


async def shown(run: Any, person: str = "m.keller") -> Any:
    return json.loads((await run("person", "show", person, "--json")).stdout)


async def test_a_person_has_nothing_until_a_role_is_granted(run: Any) -> None:
    done = await run(*ADD)
    assert (done.exit_code, done.output) == (
        0,
        "m.keller is of the live service; without a role it may do nothing\n",
    )
    assert (await shown(run))["roles"] == []
    done = await run(
        *("person", "grant", "m.keller", "author", "--territory", DUEREN),
        *("--until", "2099-12-31T18:00", "--on-call", "mon 00:00-sun 23:59"),
    )
    assert done.output == "m.keller is author\n"
    (granted,) = (await shown(run))["granted"]
    assert (granted["territory"], granted["until"]) == ([DUEREN], "2099-12-31T17:00:00+00:00")
    assert granted["on_call"] == ["mon 00:00-sun 23:59"]
    assert (
        await run("person", "withdraw", "m.keller", "author")
    ).output == "m.keller is no author any more\n"
    again = await run("person", "withdraw", "m.keller", "author")
    assert (again.exit_code, again.output) == (1, "m.keller is no author, nothing was changed\n")


async def test_a_role_that_is_over_is_named_with_its_reason(run: Any) -> None:
    await run(*ADD)
    await run("person", "grant", "m.keller", "approver", "--until", "2026-01-01T00:00")
    found = await shown(run)
    assert (found["roles"], found["granted"][0]["holds"], found["granted"][0]["because"]) == (
        [],
        False,
        "ended",
    )
    assert "ended" in (await run("person", "show", "m.keller")).output


async def test_a_link_is_printed_once_and_recorded_as_a_hash(run: Any, pool: Any) -> None:
    await run(*ADD)
    done = await run("person", "invite", "m.keller")
    assert (done.exit_code, done.stderr) == (0, "it works once, within 24 h\n")
    start, _, token = done.stdout.strip().rpartition("/")
    assert start == f"{CONSOLE}/console/live/invitation"
    assert (await Invitations(pool).invited(token_digest(token))).id == "m.keller"
    recovered = await run("person", "recover", "m.keller", "--yes")
    assert recovered.stdout.startswith(f"{CONSOLE}/console/live/invitation/")
    assert await Invitations(pool).invited(token_digest(token)) is None
    trail = json.dumps([dict(row) for row in await pool.fetch("SELECT detail FROM audit")])
    assert token not in trail


async def test_recovering_asks_before_it_deletes(run: Any) -> None:
    await run(*ADD)
    done = await run("person", "recover", "m.keller")
    assert (done.exit_code, "to do it say --yes; nothing was changed" in done.stderr) == (1, True)


async def test_without_a_console_nobody_is_invited(run: Any, surroundings: Any) -> None:
    await run(*ADD)
    surroundings.setenv("WARN_CONSOLE_URL", "")
    done = await run("person", "invite", "m.keller")
    assert (done.exit_code, "WARN_CONSOLE_URL" in done.stderr) == (1, True)


async def test_one_who_is_disabled_is_not_invited_until_enabled(run: Any) -> None:
    await run(*ADD)
    done = await run("person", "disable", "m.keller")
    assert "it cannot sign in, and its keys open nothing" in done.output
    assert (await run("person", "disable", "m.keller")).output == "m.keller is disabled already\n"
    refused = await run("person", "invite", "m.keller")
    assert (refused.exit_code, "`dispatcher person enable m.keller` first" in refused.stderr) == (1, True)
    assert (await run("person", "enable", "m.keller")).output == "m.keller is enabled\n"
    (line,) = [json.loads(one) for one in (await run("person", "list", "--json")).stdout.splitlines()]
    assert (line["id"], line["state"], line["environment"]) == ("m.keller", "enabled", "live")


async def test_a_person_writes_for_a_source_that_is_there(run: Any) -> None:
    await run("source", "add", "leitstelle", "--sender", "a@b.example", "--territory", "05358")
    await run(*ADD)
    assert (await run("person", "change", "m.keller", "--source", "leitstelle")).output == (
        "m.keller writes for leitstelle\n"
    )
    assert (await shown(run))["source"] == "leitstelle"
    assert (await run("person", "change", "m.keller", "--source", "leitstelle")).exit_code == 1
    lost = await run("person", "change", "m.keller", "--source", "nobody")
    assert (lost.exit_code, "there is no source nobody" in lost.stderr) == (1, True)
    assert (
        await run("person", "change", "m.keller", "--source", "none")
    ).output == "m.keller writes for nobody\n"


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (("person", "add", "M. Keller", "--environment", "live"), 2, "a person is called by"),
        (("person", "add", "a.b", "--environment", "test"), 2, "live"),
        (
            ("person", "add", "a.b", "--environment", "live", "--source", "nobody"),
            1,
            "there is no source nobody",
        ),
        (ADD, 1, "there is a person m.keller already"),
        (("person", "show", "m.kell"), 1, "the nearest is m.keller"),
        (("person", "grant", "m.keller", "author", "--territory", "99"), 2, "no municipality"),
        (("person", "grant", "m.keller", "author", "--on-call", "friday"), 2, "fri 17:00-mon 07:00"),
        (("person", "grant", "m.keller", "author", "--until", "soon"), 2, "no date and time"),
        (
            (
                "person",
                "grant",
                "m.keller",
                "author",
                "--since",
                "2027-01-02T00:00",
                "--until",
                "2027-01-01T00:00",
            ),
            2,
            "--until is not after --since",
        ),
        (("person", "grant", "m.uebung", "admin"), 1, "the exercise has no admin"),
    ],
)
async def test_what_makes_no_sense_is_refused(run: Any, arguments: Any, code: int, why: str) -> None:
    await run(*ADD)
    await run("person", "add", "m.uebung", "--environment", "exercise")
    done = await run(*arguments)
    said = " ".join(word for word in done.output.split() if word.strip("│╭╮╰╯─"))
    assert (done.exit_code, why in said) == (code, True), done.output


async def test_an_account_at_the_provider_is_linked_and_unlinked(run: Any, surroundings: Any) -> None:
    await run(*ADD)
    await run("person", "add", "a.other", "--environment", "live")
    done = await run("person", "link", "m.keller", "--subject", "8c1f")
    assert (done.exit_code, "WARN_OIDC_LIVE_ISSUER is not set" in done.stderr) == (1, True)
    surroundings.setenv("WARN_OIDC_LIVE_ISSUER", "https://sso.kreis.example")
    assert (await run("person", "link", "m.keller", "--subject", "8c1f")).exit_code == 0
    assert (await shown(run))["shows"] == ["oidc"]
    taken = await run("person", "link", "a.other", "--subject", "8c1f")
    assert (taken.exit_code, "another person's, nothing was changed" in taken.stderr) == (1, True)
    assert (await run("person", "link", "m.keller", "--subject", "a\nb")).exit_code == 2
    assert (await run("person", "unlink", "m.keller")).exit_code == 0
    assert (await run("person", "unlink", "m.keller")).exit_code == 1
    assert (await shown(run))["shows"] == []
