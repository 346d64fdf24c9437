"""The webhooks of apps, at the machine."""

import json
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Any

import pytest
from standardwebhooks import Webhook

from tests.channels.far_side import FarSide, answer, far_side
from tests.support.messages import DUEREN, JUELICH

GIVEN = "whsec_" + b64encode(b"g" * 32).decode()


@pytest.fixture
async def side(run: Any, surroundings: Any) -> AsyncIterator[FarSide]:
    """A receiver, beside an installation with an instance."""
    async with far_side() as side:
        surroundings.setenv("WARN_ALLOWED_ORIGINS", side.origin)
        added = await run("instance", "add", "dueren", "--place", DUEREN, "--place", JUELICH)
        assert added.exit_code == 0, added.output
        yield side


async def test_from_nothing_to_a_test_notice(run: Any, side: FarSide) -> None:
    done = await run("webhook", "set", "dueren", f"{side.origin}/x")
    assert (done.exit_code, done.stderr) == (0, "told of all its places, environment production\n")
    secret = done.stdout.strip()
    assert secret.startswith("whsec_")
    again = await run("webhook", "set", "dueren", f"{side.origin}/x")
    assert (again.exit_code, again.stdout) == (0, "")
    tested = await run("webhook", "test", "dueren")
    assert (tested.exit_code, tested.stdout.startswith("accepted: 201 after ")) == (0, True)
    (seen,) = side.seen
    Webhook(secret).verify(seen.body, seen.headers)
    soon = await run("webhook", "test", "dueren")
    assert (soon.exit_code, "a moment ago" in soon.stderr) == (1, True)


async def test_a_webhook_may_be_for_a_neighbour_that_is_shown(run: Any, side: FarSide) -> None:
    await run("instance", "add", "stolberg", "--place", "05334032")
    await run("instance", "change", "dueren", "--shows", "stolberg")
    one = ("webhook", "set", "dueren", f"{side.origin}/x", "--place", "05334032")
    assert "Gehört nicht zu den Orten" in (await run(*one)).stderr
    await run("instance", "consent", "stolberg", "dueren", "--given-by", "A. Muster")
    assert (await run(*one)).stderr == "told of 1 of its places, environment production\n"


async def test_a_receiver_that_refuses_is_an_exit_code(run: Any, side: FarSide) -> None:
    await run("webhook", "set", "dueren", f"{side.origin}/x")
    side.react = answer(401)
    tested = await run("webhook", "test", "dueren", "--json")
    assert (tested.exit_code, json.loads(tested.stdout)["meaning"]) == (1, "retried")


async def test_it_is_shown_rotated_and_removed(run: Any, side: FarSide) -> None:
    given = ("webhook", "set", "dueren", f"{side.origin}/x", "--place", DUEREN, "--secret-stdin")
    assert (await run(*given, input=GIVEN + "\n")).stdout == ""
    rotated = await run("webhook", "rotate", "dueren", "--overlap-hours", 1)
    assert rotated.stdout.startswith("whsec_")
    assert re.search(
        r"^a secret before it signs until [0-9]{4}-\d\d-\d\d \d\d:\d\d CES?T$", rotated.stderr, re.MULTILINE
    )
    shown = json.loads((await run("webhook", "show", "dueren", "--json")).stdout)
    assert (shown["places"], shown["all_places"], len(shown["previous_secrets_end"])) == ([DUEREN], False, 1)
    assert GIVEN not in json.dumps(shown)
    assert f"places               {DUEREN}" in (await run("webhook", "show", "dueren")).stdout
    assert [(await run("webhook", "remove", "dueren")).exit_code for _ in range(2)] == [0, 1]
    assert (await run("webhook", "show", "dueren")).exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("http://app.dueren.example/",),
            (
                "url: Die Adresse muss mit https:// beginnen. "
                "Der Betreiber kann den Ursprung ausnehmen: WARN_ALLOWED_ORIGINS=callback=ORIGIN."
            ),
        ),
        (
            ("https://a.example/", "--place", "05358016"),
            "places/0: Gehört nicht zu den Orten der Instanz: 05358016.",
        ),
    ],
)
async def test_what_cannot_be_has_a_sentence(run: Any, side: FarSide, arguments: Any, said: str) -> None:
    done = await run("webhook", "set", "dueren", *arguments)
    assert (done.exit_code, done.stderr.strip()) == (1, said)


async def test_an_instance_that_is_not_there_is_named(run: Any, side: FarSide) -> None:
    done = await run("webhook", "test", "nobody")
    assert (done.exit_code, "there is no instance nobody" in done.stderr) == (1, True)


async def test_a_sandbox_has_a_name_of_its_own_and_is_told_of_nothing(run: Any, side: FarSide) -> None:
    made = await run("webhook", "sandbox", "probe", "--place", DUEREN)
    assert made.stdout.startswith("wi_probe-")
    taken = await run("webhook", "sandbox", "dueren", "--place", DUEREN)
    assert (taken.exit_code, taken.stdout) == (1, "")
    done = await run("webhook", "set", "probe", f"{side.origin}/probe")
    assert done.stderr == "told of all its places, environment sandbox\n"
    assert (await run("webhook", "test", "probe")).exit_code == 0


async def test_a_siren_takes_signed_messages(run: Any, side: FarSide) -> None:
    done = await run("webhook", "set", "dueren", f"{side.origin}/x", "--form", "cap")
    assert done.exit_code == 0, done.output
    assert json.loads((await run("webhook", "show", "dueren", "--json")).stdout)["form"] == "cap"
    tested = await run("webhook", "test", "dueren")
    assert (tested.exit_code, tested.stdout.startswith("accepted: 201 after ")) == (0, True)
    [seen] = side.seen
    Webhook(done.stdout.strip()).verify(seen.body, seen.headers, json_parse=False)
    assert seen.headers["content-type"] == "application/cap+xml"
    assert b"<status>Test</status>" in seen.body
    assert b"Signature" in seen.body
    assert json.loads(seen.headers["alert-delivery"])["test"] is True
    unknown = await run("webhook", "set", "dueren", f"{side.origin}/x", "--form", "xml")
    assert unknown.exit_code == 2
