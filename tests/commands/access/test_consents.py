"""The operator records what a neighbour has said."""

import json
from typing import Any

import pytest

from tests.support.messages import DUEREN

STOLBERG = "05334032"
GIVEN = ("instance", "consent", "stolberg", "dueren", "--given-by", "Ordnungsamt Stolberg, A. Muster")


@pytest.fixture
async def both(run: Any) -> None:
    """Düren, which wants to show Stolberg's warnings."""
    await run("instance", "add", "stolberg", "--place", STOLBERG)
    added = await run("instance", "add", "dueren", "--place", DUEREN, "--shows", "stolberg")
    assert added.exit_code == 0, added.output


async def test_a_consent_is_recorded_shown_and_withdrawn(run: Any, both: None, pool: Any) -> None:
    assert "stolberg (no consent)" in (await run("instance", "show", "dueren")).stdout
    done = await run(*GIVEN, "--as", "anna")
    assert (done.exit_code, done.stdout) == (0, "dueren may show the warnings of stolberg\n")
    assert (
        "stolberg (consent of Ordnungsamt Stolberg, A. Muster, "
        in (await run("instance", "show", "dueren")).stdout
    )
    (shown,) = json.loads((await run("instance", "show", "dueren", "--json")).stdout)["shows"]
    assert (shown["id"], shown["given_by"]) == ("stolberg", "Ordnungsamt Stolberg, A. Muster")
    assert await pool.fetchval("SELECT shown FROM instance WHERE id = 'dueren'") == [DUEREN, STOLBERG]
    assert await pool.fetchval("SELECT actor FROM audit WHERE action = 'consent.give'") == "operator:anna"
    withdrawn = await run("instance", "consent", "stolberg", "dueren", "--withdraw")
    assert withdrawn.stdout == "dueren may no more show the warnings of stolberg\n"
    again = await run("instance", "consent", "stolberg", "dueren", "--withdraw")
    assert (again.exit_code, "has not consented" in again.stderr) == (1, True)
    assert await pool.fetchval("SELECT shown FROM instance WHERE id = 'dueren'") == [DUEREN]


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (GIVEN[:4], 2, "one of --given-by and --withdraw"),
        ((*GIVEN, "--withdraw"), 2, "one of --given-by and --withdraw"),
        ((*GIVEN[:5], "a\nb"), 2, "one line"),
        (("instance", "consent", "nobody", "dueren", "--given-by", "A"), 1, "there is no instance nobody"),
        (("instance", "consent", "dueren", "dueren", "--given-by", "A"), 1, "other instance"),
    ],
)
async def test_what_is_no_consent_is_refused(
    run: Any, both: None, arguments: Any, code: int, why: str
) -> None:
    done = await run(*arguments)
    said = " ".join(word for word in done.output.split() if word.strip("│╭╮╰╯─"))
    assert (done.exit_code, why in said) == (code, True), done.output
