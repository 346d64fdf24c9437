"""`dispatcher doctor`: a line for each part, why and how to mend what is wrong, and an exit code."""

import json
from typing import Any

import pytest


@pytest.fixture
def quiet(surroundings: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An installation whose port nobody else has."""
    surroundings.setenv("WARN_API_PORT", "0")
    return surroundings


async def test_what_is_wrong_says_why_and_how_it_is_mended(run: Any, quiet: Any) -> None:
    shown = await run("doctor", "--here")
    lines = shown.stdout.splitlines()
    assert shown.exit_code == 1  # the tests' PostgreSQL does without fsync
    (at,) = [
        number for number, line in enumerate(lines) if line.startswith("wrong") and "fsync = off" in line
    ]
    assert lines[at + 1].strip().startswith("why: a crash of the machine")
    assert lines[at + 2].strip() == "mend: ALTER SYSTEM SET fsync = on; SELECT pg_reload_conf();"
    assert [line for line in lines if line.startswith("sound") and "settings" in line]
    assert " wrong, 0 unknown" in lines[-1]


async def test_a_machine_reads_the_same(run: Any, quiet: Any) -> None:
    shown = await run("doctor", "--here", "--json")
    document = json.loads(shown.stdout)
    assert document["grade"] == "wrong"
    assert {one["grade"] for one in document["parts"]} >= {"sound", "warning", "wrong"}
    assert all(
        one["why"] and one["mend"] for one in document["parts"] if one["grade"] in {"wrong", "warning"}
    )


async def test_settings_that_are_none_are_the_first_thing_said(run: Any, quiet: Any) -> None:
    quiet.setenv("WARN_WORKERS", "0")
    quiet.setenv("WARN_TIME_ZONE", "Mars")
    shown = await run("doctor")
    assert shown.exit_code == 1
    assert "setting WARN_WORKERS" in shown.stdout
    assert "setting WARN_TIME_ZONE" in shown.stdout
    assert shown.stdout.splitlines()[-1] == "0 sound, 0 warnings, 2 wrong, 0 unknown"
