"""The policy of approval, and what waits because of it, at the command line."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.approval_world import ApprovalWorld, approval_world
from tests.support.submissions import warning


@pytest.fixture
async def world(database_url: str, redis_url: str) -> AsyncIterator[ApprovalWorld]:
    async with approval_world(database_url, redis_url) as made:
        yield made


async def test_a_policy_is_set_shown_and_dropped(run: Any) -> None:
    assert (await run("approval", "policy", "show")).stderr == "no rule: nothing waits for a second person\n"
    await run("approval", "policy", "set", "--people", "1000", "--remind", "2m")
    exempt = ("--source", "feed-*", "--severity", "Extreme", "--exempt", "--release", "15m")
    assert (await run("approval", "policy", "set", *exempt, "--as", "anna")).exit_code == 0
    head, first, second = (await run("approval", "policy", "show")).stdout.splitlines()
    assert head.split() == [
        "source",
        "severity",
        "people",
        "second",
        "person",
        "remind",
        "escalate",
        "release",
    ]
    assert first.split() == ["feed-*", "Extreme", "0", "no", "never", "never", "0:15:00"]
    assert second.split() == ["*", "Severe", "1000", "yes", "0:02:00", "never", "never"]
    lines = [
        json.loads(line) for line in (await run("approval", "policy", "show", "--json")).stdout.splitlines()
    ]
    assert [(one["is_needed"], one["remind_s"], one["release_s"]) for one in lines] == [
        (False, None, 900),
        (True, 120, None),
    ]
    assert "operator:anna" in (await run("audit", "list", "--action", "approval.rule")).stdout
    assert (await run("approval", "policy", "drop")).exit_code == 1
    assert (await run("approval", "policy", "drop", "--people", "1000")).exit_code == 0
    assert len((await run("approval", "policy", "show")).stdout.splitlines()) == 2


@pytest.mark.parametrize(
    "wrong", [("--remind", "soon"), ("--release", "0m"), ("--severity", "Bad"), ("--people", "-1")]
)
async def test_a_rule_that_cannot_be_meant_is_refused(run: Any, wrong: tuple[str, str]) -> None:
    assert (await run("approval", "policy", "set", *wrong)).exit_code == 2


async def test_what_waits_is_listed_and_shown_with_all_that_is_bound(run: Any, world: ApprovalWorld) -> None:
    assert (await run("approval", "list")).stderr == "keine Meldung wartet auf eine zweite Person\n"
    await run("approval", "policy", "set")
    held = (await world.submit(warning(), "m.keller")).alert.id
    assert (await run("approval", "list")).stdout.splitlines()[1].startswith(held)
    shown = (await run("approval", "show", held)).stdout
    for said in (
        f"{held} wartet auf eine zweite Person",
        "SMS (de, de-DE):\nWARNUNG: Hochwasser an der Rur",
        "SMS (en):\nWARNING: Hochwasser an der Rur",
        "05358008 Düren",
        "Sie ginge an 0 Personen; höchstens freigegeben: 50.",
        "m.keller",
        await world.binding(held),
    ):
        assert said in shown
    document = json.loads((await run("approval", "show", held, "--json")).stdout)
    languages = [name.partition("/")[2] for name in document["texts"] if name.startswith("text/")]
    written = ", ".join(re.findall(r"^SMS \((.*)\):$", shown, re.MULTILINE)).split(", ")
    assert sorted(written) == sorted(languages) != []
    assert (document["state"], document["is_as_held"], document["authors"]) == ("waiting", True, ["m.keller"])
    assert json.loads((await run("approval", "list", "--json")).stdout)["id"] == held
    await world.pool.execute("DELETE FROM affected WHERE alert_id = $1", held)
    assert "kann nicht mehr freigegeben werden" in (await run("approval", "show", held)).stdout
    assert (await run("approval", "show", "nothing")).exit_code == 1
    refused = await run("held", "release", held, "--why", "eilt")
    assert refused.exit_code == 1
    assert "zweiten Person" in refused.stderr


async def test_what_nobody_has_counted_yet_says_so(run: Any, world: ApprovalWorld) -> None:
    await run("approval", "policy", "set", "--people", "10")
    held = await world.submit_uncounted(warning(), "m.keller")
    assert "–" in (await run("approval", "list")).stdout.splitlines()[1].split()
    shown = (await run("approval", "show", held)).stdout
    assert "Wie viele Menschen es sind, ist noch nicht bekannt" in shown
    assert "geht sie dann von selbst hinaus" in shown
    assert "höchstens freigegeben" not in shown
    document = json.loads((await run("approval", "show", held, "--json")).stdout)
    assert (document["people"], document["most_recipients"]) == (None, None)
