"""The command line of what waits for a person, against a real record."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

import cap
from dispatcher.commands.held import WHY, _line, _why
from dispatcher.model.vocabulary import Doubt
from tests.support.feed_messages import archive, warning
from tests.support.messages import stored

Run = Callable[..., Awaitable[list[str]]]


@pytest.fixture
def run(run_with_feeds: Run) -> Run:
    return run_with_feeds


async def test_deciding_what_waits(run: Any, tmp_path: Path) -> None:
    for number in (1, 2):
        file = tmp_path / f"{number}.zip"
        file.write_bytes(archive(warning(number, event=f"E{number}", severity=cap.Severity.EXTREME)))
        await run("feeds", "replay", "dwd", file, "--shift")
    first, second = (json.loads(line) for line in await run("held", "list"))
    assert (first["state"], first["reason"], first["held_for"]) == ("held", "held", "severity")
    shown = "\n".join(await run("held", "show", first["id"]))
    assert "STARKREGEN" in shown or "E1" in shown
    assert "05358008 Düren" in shown
    assert "Wartet wegen (held_for): severity (diese Schwere geht nicht von selbst hinaus)\n" in shown
    await run("held", "show", "nothing", code=1)
    [line] = await run("held", "release", first["id"], "--why", "geprüft", "--who", "a")
    released = json.loads(line)
    assert (released["state"], released["reason"]) == ("accepted", "first_notice")
    assert "held_for" not in released, "it waits for nobody now"
    assert "Wartet wegen" not in "\n".join(await run("held", "show", first["id"]))
    await run("held", "release", first["id"], "--why", "geprüft", code=1)
    await run("held", "discard", second["id"], "--why", "Irrläufer")
    await run("held", "discard", second["id"], "--why", "Irrläufer", code=1)
    assert await run("held", "list") == []


def test_every_reason_to_hold_a_message_is_explained() -> None:
    assert set(Doubt) | {"audience", "target_changed"} == set(WHY)
    assert _why("area, sender").startswith("area (welche Gemeinde")
    assert "; sender (dieser Absender" in _why("area, sender")
    assert _why("audience: 9, not 5").startswith("audience: 9, not 5 (sie ginge an")
    assert _why("of a later version") == "of a later version"


def test_a_held_messages_headline_controls_no_terminal() -> None:
    line = _line(stored(headline="Hoch\x9b2J\u202ewasser\x1b", held_for="area"))
    assert line.isprintable()
    assert json.loads(line)["headline"] == "Hoch\x9b2J\u202ewasser\x1b"
