"""`dispatcher doctor`: a line for each part, why and how to mend what is wrong, and an exit code."""

import json
from pathlib import Path
from typing import Any

import pytest

from dispatcher.commands.doctor import examined
from dispatcher.doctor.diagnosis import Grade, Part
from tests.support.hanging_drive import hanging_file


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


async def test_a_file_that_the_environment_names_and_that_hangs_is_said(quiet: Any, tmp_path: Path) -> None:
    quiet.delenv("WARN_KEY_PEPPER")
    quiet.setenv("WARN_KEY_PEPPER_FILE", str(tmp_path / "pepper"))
    with hanging_file(tmp_path / "pepper"):
        found = await examined(outside=False, files_s=0.2)
    assert [(one.part, one.grade) for one in found] == [(Part.SETTINGS, Grade.WRONG)]
    assert found[0].seen.startswith("no answer in 0.2 s of a file that a variable")


async def test_a_server_of_ones_own_whose_secret_hangs_keeps_nothing_else_back(
    quiet: Any, tmp_path: Path
) -> None:
    quiet.delenv("REDIS_URL")
    home = tmp_path / "var" / "valkey"
    home.mkdir(parents=True)
    with hanging_file(home / "secret"):
        found = await examined(outside=False, files_s=0.5)
    assert (Part.SCHEMA, Grade.SOUND) in {(one.part, one.grade) for one in found}
