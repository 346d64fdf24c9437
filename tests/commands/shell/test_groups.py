"""Commands are loaded when they are used."""

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup
from typer.testing import CliRunner

from dispatcher.__main__ import COMMANDS, GROUPS, Commands, app
from dispatcher.commands.shell.groups import help_in_source, loaded

IMPORTED = """
import json, sys
from typer.testing import CliRunner
from dispatcher.__main__ import app
done = CliRunner().invoke(app, sys.argv[2:])
assert done.exit_code == int(sys.argv[1]), done.output
print(json.dumps(sorted(sys.modules)))
"""
IN_TURN = """
import json, sys
from typer.testing import CliRunner
from dispatcher.__main__ import app
before, found = set(sys.modules), {}
for name in sys.argv[1:]:
    assert CliRunner().invoke(app, [name, "--help"]).exit_code == 0
    found[name] = sorted(set(sys.modules) - before)
    before.update(sys.modules)
print(json.dumps(found))
"""
COMPUTED = """
import typer
app = typer.Typer(help="Comp" + "uted.")
other = typer.Typer()
@app.command()
@other.command()
def some() -> None: ...
"""
SERVICE = {
    *("alembic", "arq", "asyncpg", "fastapi", "numpy", "pydantic_settings", "redis", "shapely"),
    *("sqlalchemy", "starlette", "structlog", "uvicorn"),
    *("dispatcher.api", "dispatcher.settings", "dispatcher.store", "dispatcher.wiring"),
}
"""What only the service needs, and takes most of a second to import."""

OF_COMMANDS = SERVICE | {
    *("argon2", "cap", "cryptography", "lxml", "msgspec", "phonenumbers", "pycurl", "pydantic", "pyproj"),
    *("rich", "signxml", "ssl", "urllib.request"),
}
"""What no command needs to be listed."""


OF_ACTS = {
    *(
        "alembic",
        "arq",
        "fastapi",
        "jinja2",
        "lxml",
        "numpy",
        "prometheus_client",
        "pycurl",
        "pyproj",
        "redis",
    ),
    *("shapely", "sqlalchemy", "uvicorn"),
}
"""What a command needs only when it acts: to match, to send, to reach the queue, to migrate."""


def imported_by(*arguments: Any, code: int = 0) -> set[Any]:
    # A setting of the service is checked by the service's own module.
    here = {name: value for name, value in os.environ.items() if name != "WARN_ADDRESS_KEYS"}
    command = [sys.executable, "-c", IMPORTED, str(code), *arguments]
    done = subprocess.run(command, check=True, capture_output=True, timeout=60, env=here)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("place", sorted((GROUPS | COMMANDS).values()))
def test_every_command_is_where_it_is_said_to_be(place: Any) -> None:
    module, _, attribute = place.partition(":")
    found = getattr(import_module(module), attribute)
    assert isinstance(found, typer.Typer) if place in GROUPS.values() else callable(found)


@pytest.mark.parametrize("name", sorted(GROUPS))
def test_every_group_is_found_by_name_and_listed(name: Any) -> None:
    assert f" {name} " in CliRunner().invoke(app, ["--help"]).stdout
    shown = CliRunner().invoke(app, [name, "--help"])
    assert (shown.exit_code, f"{name} [OPTIONS]" in shown.stdout) == (0, True)


@pytest.mark.parametrize(("name", "place"), (COMMANDS | GROUPS).items())
def test_the_help_of_a_command_is_read_off_its_source_as_it_is(name: str, place: str) -> None:
    read, own = TyperGroup(name=name, help=help_in_source(place)), loaded(name, place)
    assert read.get_short_help_str(10**6) == own.get_short_help_str(10**6) != ""


def test_a_help_that_is_computed_is_not_read_off_and_the_command_loaded(
    tmp_path: Path, env: pytest.MonkeyPatch
) -> None:
    (tmp_path / "computed.py").write_text(COMPUTED, encoding="utf-8")
    env.syspath_prepend(tmp_path)
    places = {name: f"computed:{name}" for name in ("app", "other")}
    assert [help_in_source(place) for place in places.values()] == ["", ""]
    env.setattr(Commands, "places", places)
    assert " Computed." in CliRunner().invoke(app, ["--help"]).stdout


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["hold"], "Did you mean 'held'?"),
        (["submti", "x"], "Did you mean 'submit'?"),
        (["held", "lsit"], "Did you mean 'list'?"),
        (["alerts", "shwo"], "Did you mean 'show'?"),
        (["list"], "There is 'alerts list', 'held list', "),
        (["release"], "There is 'held release'."),
        (["submit", "x", "--folow"], "--follow"),
        (["feeds", "list", "--jsn"], "--json"),
        (["alerts", "list", "--langage", "en"], "--language"),
    ],
)
def test_what_is_mistyped_is_answered_with_the_nearest(typed: list[str], said: str) -> None:
    done = CliRunner().invoke(app, typed)
    assert (done.exit_code, said in " ".join(done.output.split())) == (2, True), done.output


def test_what_nothing_is_like_is_refused() -> None:
    done = CliRunner().invoke(app, ["qqqq"])
    assert (done.exit_code, "No such command 'qqqq'." in done.output) == (2, True)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_can_complete(shell: str, env: Any) -> None:
    env.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    done = CliRunner().invoke(app, ["--show-completion", shell])
    assert (done.exit_code, "dispatcher" in done.output) == (0, True)


@pytest.mark.processes
@pytest.mark.parametrize(
    ("words", "offered"), [("dispatcher all", "all-clear"), ("dispatcher held rel", "release")]
)
def test_words_of_lazily_loaded_commands_are_completed(words: str, offered: str) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("dispatcher")],
        env={
            "_DISPATCHER_COMPLETE": "complete_bash",
            "COMP_WORDS": words,
            "COMP_CWORD": str(words.count(" ")),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert offered in done.stdout.split(), done.stderr


@pytest.mark.processes
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--version",), 0),
        (("--help",), 0),
        (("example",), 0),
        (("submit", "--help"), 0),
        (("status", ""), 2),
        (("cancel", ""), 2),
        (("alerts", "list", "--url", "x"), 2),
    ],
)
def test_the_desk_starts_without_the_service(arguments: Any, code: int, env: Any) -> None:
    env.setenv("WARN_TIME_ZONE", "Europe/Berlin")
    found = imported_by(*arguments, code=code)
    assert not found & SERVICE
    # Three of them say which role, person and environment may do what, two let no garbage be sought meanwhile.
    assert len([name for name in found if name.startswith("dispatcher")]) < 46


@pytest.mark.processes
@pytest.mark.parametrize("typed", ["--help", "--version"])
def test_commands_are_listed_without_what_any_of_them_needs(typed: str) -> None:
    assert not imported_by(typed) & OF_COMMANDS


@pytest.mark.processes
def test_a_command_loads_nothing_that_matches_sends_or_migrates_before_it_does() -> None:
    names = sorted(COMMANDS | GROUPS)
    done = subprocess.run(
        [sys.executable, "-c", IN_TURN, *names], check=True, capture_output=True, timeout=60
    )
    found = {name: OF_ACTS & set(imported) for name, imported in json.loads(done.stdout).items()}
    assert list(found) == names
    # What restores migrates, and shows that it would be seen.
    assert {name: heavy for name, heavy in found.items() if heavy} == {"restore": {"alembic", "sqlalchemy"}}


@pytest.mark.processes
def test_a_template_is_checked_without_the_service(env: Any) -> None:
    env.setenv("WARN_TIME_ZONE", "Europe/Berlin")
    assert not imported_by("template", "check", "--prepared") & SERVICE


@pytest.mark.processes
def test_what_the_service_needs_is_seen_where_it_is_imported() -> None:
    assert imported_by("restore", "--help") >= {
        "alembic",
        "cap",
        "cryptography",
        "dispatcher.wiring",
        "sqlalchemy",
    }
    assert "dispatcher.settings" not in imported_by("example")
