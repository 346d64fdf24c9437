"""Commands are loaded when they are used."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from dispatcher.__main__ import GROUPS, app

IMPORTED = """
import json, sys
from typer.testing import CliRunner
from dispatcher.__main__ import app
assert CliRunner().invoke(app, sys.argv[1:]).exit_code == 0
print(json.dumps(sorted(sys.modules)))
"""


def imported_by(*arguments: Any) -> set[Any]:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, *arguments], check=True, capture_output=True, timeout=60
    )
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("place", sorted(GROUPS.values()))
def test_every_group_is_where_it_is_said_to_be(place: Any) -> None:
    module, _, attribute = place.partition(":")
    assert isinstance(getattr(import_module(module), attribute), typer.Typer)


@pytest.mark.parametrize("name", sorted(GROUPS))
def test_every_group_is_found_by_name_and_listed(name: Any) -> None:
    assert f" {name} " in CliRunner().invoke(app, ["--help"]).stdout
    shown = CliRunner().invoke(app, [name, "--help"])
    assert (shown.exit_code, f"{name} [OPTIONS]" in shown.stdout) == (0, True)


def _commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield words, command
    for name in getattr(command, "commands", {}):
        yield from _commands(command.get_command(None, name), (*words, name))


def _bracketed(text: str) -> set[str]:
    """What of a text stands in brackets, which rich would take for markup, as it is to be read."""
    return set(re.findall(r"\[[^\[\]]*\]", text.replace("\\[", "[")))


def _rendered(words: tuple[str, ...]) -> str:
    shown = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "1000", "TERMINAL_WIDTH": "1000"})
    assert shown.exit_code == 0, shown.output
    return " ".join(shown.stdout.split())


def test_help_shows_its_brackets() -> None:
    walked = list(_commands(get_command(app)))
    assert len(walked) > 40
    bracketed = 0
    for words, command in walked:
        texts = [command.help or "", *(getattr(one, "help", None) or "" for one in command.params)]
        for part in set().union(*map(_bracketed, texts)):
            bracketed += 1
            assert " ".join(part.split()) in _rendered(words), (words, part)
    assert bracketed, "there is something to be lost"


def test_help_that_loses_its_brackets_is_noticed() -> None:
    program = typer.Typer()

    @program.command(help="a pair [lat, lon]")
    def run() -> None: ...

    assert _bracketed("a pair [lat, lon], escaped \\[x]") == {"[lat, lon]", "[x]"}
    assert "[lat, lon]" not in CliRunner().invoke(program, ["--help"]).stdout


def test_a_mistyped_group_is_guessed() -> None:
    assert "Did you mean 'held'?" in CliRunner().invoke(app, ["hold"]).output


@pytest.mark.processes
def test_a_client_starts_without_the_service() -> None:
    heavy = {"dispatcher.wiring", "fastapi", "numpy", "redis", "sqlalchemy"}
    assert not imported_by("example") & heavy
    assert imported_by("feeds", "--help") >= {"dispatcher.wiring", "redis"}
