"""The hooks before a commit and a push call what `make setup` brings, and nothing from elsewhere."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONFIGURATION = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")


def values(configuration: str, key: str) -> list[str]:
    """What stands at every place where the key does; these files are written one key a line."""
    return re.findall(rf"^[ -]*{key}: (.+)$", configuration, re.MULTILINE)


def missing(entries: list[str]) -> list[str]:
    """Those whose command, or target of make, is not there."""
    return [entry for entry in entries if not _is_there(*shlex.split(entry)[:2])]


def _is_there(command: str, argument: str = "") -> bool:
    if command != "make":
        return (ROOT / command).is_file()
    done = subprocess.run(
        ["make", "--dry-run", argument], cwd=ROOT, capture_output=True, timeout=60, check=False
    )
    return done.returncode == 0


def test_every_hook_is_a_local_one() -> None:
    assert values(CONFIGURATION, "repo") == ["local"]
    hooks = values(CONFIGURATION, "id")
    assert hooks == ["ruff-format", "ruff-check", "mypy", "lint-imports", "test-fast"]
    assert len(values(CONFIGURATION, "entry")) == len(hooks)
    assert set(values(CONFIGURATION, "language")) == {"system"}


@pytest.mark.processes
def test_every_hook_s_command_is_there() -> None:
    assert missing(values(CONFIGURATION, "entry")) == []
    assert missing([".venv/bin/no-such-tool", "make no-such-target"]) == [
        ".venv/bin/no-such-tool",
        "make no-such-target",
    ]


def test_what_make_check_runs_is_run_before_a_commit() -> None:
    """`make check` looks at the format only; a hook writes it."""
    recipe = re.search(
        r"^check: .*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )[1]
    tools = {
        line.strip().removeprefix("@$(BIN)/").split(" -")[0].removesuffix(" .")
        for line in recipe.splitlines()
    }
    entries = {entry.removeprefix(".venv/bin/").split(" -")[0] for entry in values(CONFIGURATION, "entry")}
    assert tools == entries - {"make test-fast"}
