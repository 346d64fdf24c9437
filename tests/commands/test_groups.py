"""Commands are loaded when they are used."""

import json
import subprocess
import sys
from importlib import import_module
from typing import Any

import pytest
import typer
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


def test_a_mistyped_group_is_guessed() -> None:
    assert "Did you mean 'held'?" in CliRunner().invoke(app, ["hold"]).output


@pytest.mark.processes
def test_a_client_starts_without_the_service() -> None:
    heavy = {"dispatcher.wiring", "fastapi", "numpy", "redis", "sqlalchemy"}
    assert not imported_by("example") & heavy
    assert imported_by("feeds", "--help") >= {"dispatcher.wiring", "redis"}
