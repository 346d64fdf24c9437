"""Sources are added once, shown, and changed knowingly."""

import json
import re
from typing import Any

import pytest

from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.feeds.feeds import Feeds
from dispatcher.store.sources import Sources
from tests.support.histories import submit
from tests.support.messages import DUEREN, SENDER

ADD = ("source", "add", "leitstelle", "--sender", SENDER, "--territory", "05358")
CHANGE = ("source", "change", "leitstelle")


def said(done: Any) -> str:
    """What a command said, without the frame and the line breaks of an error."""
    return " ".join(word for word in done.output.split() if word.strip("│╭╮╰╯─"))


async def test_a_new_source_gets_a_key_printed_once(dispatcher: Any, party: Any) -> None:
    done = await dispatcher(*ADD, "--name", "Leitstelle Düren", "--quota", "7", "--no-flash")
    assert (done.returncode, done.stderr) == (0, "")
    source = await party(done.stdout.strip())
    assert (source.id, source.name, source.senders, source.territory) == (
        "leitstelle", "Leitstelle Düren", {SENDER}, ("05358",),
    )  # fmt: skip
    assert (source.may_flash, source.quota, source.inset_m) == (False, 7, None)


async def test_a_source_that_is_there_is_left_as_it_is(run: Any, party: Any, pool: Any) -> None:
    key = (await run(*ADD, "--name", "Leitstelle")).stdout.strip()
    before = await party(key)
    again = await run("source", "add", "leitstelle", "--sender", SENDER, "--territory", "05334")
    assert (again.exit_code, again.stdout) == (1, "")
    assert again.stderr == (
        "the source leitstelle is there already, nothing was changed: `dispatcher source change leitstelle …` changes "
        "it, `dispatcher keys add --source leitstelle` issues another key\n"
    )
    assert await party(key) == before
    assert await pool.fetchval("SELECT count(*) FROM api_key") == 1
    more = (await run("keys", "add", "--source", "leitstelle")).stdout.strip()
    assert await party(more) == before == await party(key)


async def test_a_long_name_still_makes_a_valid_key(run: Any, party: Any) -> None:
    done = await run("source", "add", "x" * 40, "--sender", SENDER, "--territory", "05358")
    assert (await party(done.stdout.strip())).id == "x" * 40


BAD = {
    "an id with capitals": (("Leitstelle", "--sender", SENDER, "--territory", "05358"), "at most 40 of a-z"),
    "a feed's id": (("feed-dwd", "--sender", SENDER, "--territory", "05358"), "is a feed"),
    "no territory": (("leitstelle", "--sender", SENDER, "--territory", ""), "not an AGS"),
    "a name": (("leitstelle", "--sender", SENDER, "--territory", "Düren"), "Düren is 05358008"),
    "too many digits": (("leitstelle", "--sender", SENDER, "--territory", "053580080"), "not an AGS"),
    "nowhere": (
        ("leitstelle", "--sender", SENDER, "--territory", "99"),
        "begins with 99; its keys begin with 05",
    ),
    "one digit off": (("leitstelle", "--sender", SENDER, "--territory", "05385"), "the nearest is 05358"),
    "without its zero": (
        ("leitstelle", "--sender", SENDER, "--territory", "5358"),
        "with its zero it is 05358",
    ),
    "no place": (("leitstelle", "--sender", SENDER), "--territory"),
    "an empty sender": (("leitstelle", "--sender", "", "--territory", "05358"), "a CAP sender is a text"),
    "a sender with a blank": (("leitstelle", "--sender", "a b", "--territory", "05358"), "without blanks"),
    "no sender": (("leitstelle", "--territory", "05358"), "--sender"),
    "a negative quota": (
        ("leitstelle", "--sender", SENDER, "--territory", "05358", "--quota", "-1"),
        "--quota",
    ),
}


@pytest.mark.parametrize("name", sorted(BAD))
async def test_a_source_that_makes_no_sense_is_refused(run: Any, known: Sources, name: str) -> None:
    arguments, why = BAD[name]
    done = await run("source", "add", *arguments)
    assert (done.exit_code, why in said(done)) == (2, True), done.output
    assert await known.names() == []


async def test_a_change_changes_what_is_named_and_says_it(run: Any, party: Any) -> None:
    key = (await run(*ADD, "--name", "Leitstelle", "--quota", "7")).stdout.strip()
    done = await run(*CHANGE, "--no-flash", "--quota", "default", "--inset-m", "0")
    assert done.exit_code == 0, done.output
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["inset_m", "-", "→", "0.0"],
        ["flash", "yes", "→", "no"],
        ["quota", "7", "→", "-"],
    ]
    source = await party(key)
    assert (source.name, source.may_flash, source.quota, source.inset_m) == ("Leitstelle", False, None, 0.0)
    done = await run(*CHANGE, "--name", "Neu", "--sender", "b@example.org", "--json")
    assert json.loads(done.stdout) == {
        "id": "leitstelle",
        "before": {"name": "Leitstelle", "senders": [SENDER]},
        "after": {"name": "Neu", "senders": ["b@example.org"]},
    }
    assert (await party(key)).senders == {"b@example.org"}


async def test_a_wider_territory_has_to_be_confirmed(run: Any, party: Any, pool: Any) -> None:
    key = (await run(*ADD)).stdout.strip()
    wider = (*CHANGE, "--territory", "053")
    refused = await run(*wider)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "leitstelle may then also warn 053, with every key that it has: " in refused.stderr
    assert "now 15; to do it say --yes; nothing was changed" in refused.stderr
    assert (await party(key)).territory == ("05358",)
    done = await run(*wider, "--yes", "--as", "Anna Muster")
    assert (done.exit_code, done.stdout) == (0, "territory  05358  →  053\n")
    assert (await party(key)).territory == ("053",)
    line = await pool.fetchrow("SELECT actor, detail FROM audit WHERE action = 'source.change'")
    assert tuple(line) == (
        "operator:Anna Muster",
        {"source": "leitstelle", "before": {"territory": ["05358"]}, "after": {"territory": ["053"]}},
    )
    narrower = await run(*CHANGE, "--territory", DUEREN)
    assert (narrower.exit_code, narrower.stderr) == (0, ""), "less needs no confirmation"


@pytest.mark.parametrize(
    ("options", "code", "why"),
    [
        (("--territory", "99"), 2, "begins with 99"),
        (("--quota", "many"), 2, "--quota: no number, and not `default`: many"),
        (("--quota", "1000001"), 2, "not between 0 and 1000000"),
        (("--inset-m", "nan"), 2, "not between 0 and 10000.0"),
        (("--flash",), 1, "leitstelle is so already, nothing was changed"),
        ((), 1, "leitstelle is so already, nothing was changed"),
    ],
)
async def test_a_change_that_makes_no_sense_is_refused(
    run: Any, party: Any, options: tuple[str, ...], code: int, why: str
) -> None:
    key = (await run(*ADD)).stdout.strip()
    before = await party(key)
    done = await run(*CHANGE, *options, "--yes")
    assert (done.exit_code, why in said(done)) == (code, True), done.output
    assert await party(key) == before


async def test_a_source_is_shown_with_its_keys_and_warnings(run: Any, pool: Any) -> None:
    key = (await run(*ADD, "--name", "Leitstelle Düren")).stdout.strip()
    await submit(Alerts(pool), "A", DUEREN)
    found = json.loads((await run("source", "show", "leitstelle", "--json")).stdout)
    assert found.pop("created")
    assert found == {
        "id": "leitstelle",
        "state": "enabled",
        "name": "Leitstelle Düren",
        "senders": [SENDER],
        "territory": ["05358"],
        "inset_m": None,
        "by_severity": False,
        "flash": True,
        "quota": None,
        "municipalities": 15,
        "keys": ["_".join(key.split("_")[:2])],
        "in_force": 1,
        "disabled": None,
    }
    table = (await run("source", "show", "leitstelle")).stdout.splitlines()
    assert ["municipalities", "15"] in [line.split() for line in table]
    [created] = [line for line in table if line.startswith("created")]
    assert re.fullmatch(r"created +20\d\d-\d\d-\d\d \d\d:\d\d CES?T", created), "for a desk, with its zone"


async def test_disabling_a_source_says_what_it_has_in_force(run: Any, pool: Any) -> None:
    await run(*ADD)
    await submit(Alerts(pool), "A", DUEREN)
    done = await run("source", "disable", "leitstelle")
    assert "its warnings in force stay so until they expire or another message ends them: 1\n" in done.output
    assert await pool.fetchval("SELECT stopped_at FROM alert") is None


@pytest.mark.parametrize("words", [("disable",), ("change", "--name", "x")], ids=["disable", "change"])
async def test_a_feed_is_not_handled_as_a_source(run: Any, pool: Any, words: tuple[str, ...]) -> None:
    """One that is polled would go on: its keys are not what lets it in."""
    await Feeds(pool).register(["dwd"])
    done = await run("source", words[0], "feed-dwd", *words[1:])
    assert (done.exit_code, "take it out of the file of feeds" in said(done)) == (2, True)
    assert (await run("source", "show", "feed-dwd")).exit_code == 0
