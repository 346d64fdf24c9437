"""Every help says where its command works, and what its exit codes mean."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from dispatcher.__main__ import app
from dispatcher.commands.shell.help_text import (
    OPERATED,
    HelpText,
    Where,
    epilog,
    exits_of,
    help_text_of,
    helped,
)


def leaves(found: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if not hasattr(found, "commands"):
        yield words, found
        return
    context = typer.Context(found)
    for name in found.list_commands(context):
        yield from leaves(found.get_command(context, name), (*words, name))


COMMANDS = dict(leaves(typer.main.get_command(app)))
DESK = [words for words, command in COMMANDS.items() if help_text_of(command.callback).is_german]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_help_says_where_it_works_and_how_it_ends(words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, [*words, "--help"])
    assert done.exit_code == 0
    assert any(where.value in done.output for where in Where)
    told = done.output.partition("Exit code")[2] or done.output.partition("Exit-Codes")[2]
    text = help_text_of(COMMANDS[words].callback)
    for code, meaning in exits_of(text).items():
        assert f"  {code}  {meaning}\n" in told
    for example in text.examples:
        assert f"  {example}\n" in done.output
        assert example.startswith(f"dispatcher {' '.join(words)}")


def test_the_desk_is_helped_in_german_and_with_examples() -> None:
    assert {" ".join(words) for words in DESK} == {
        *(
            "example",
            "preview",
            "submit",
            "status",
            "update",
            "cancel",
            "all-clear",
            "correct",
            "withdraw",
            "alerts list",
        ),
        *("drill run", "drill list", "drill show", "drill compare"),
        *("template check", "template fill"),
        "match",
    }
    for words in DESK:
        assert help_text_of(COMMANDS[words].callback).examples, words


def test_what_is_said_of_a_command_is_kept_through_other_marks() -> None:
    @helped(Where.ALONE, "dispatcher x", exits={0: "gut"})
    def command() -> None: ...

    text = help_text_of(command)
    assert text == HelpText(Where.ALONE, ("dispatcher x",), {0: "gut"})
    assert epilog(text).split("\n\n")[1:] == ["\b\nBeispiele:\n  dispatcher x", "\b\nExit-Codes:\n  0  gut"]
    assert exits_of(help_text_of(None)) == OPERATED


def test_nothing_in_a_help_is_taken_for_markup() -> None:
    done = CliRunner().invoke(app, ["subscriptions", "import", "--help"])
    assert "[[lat, lon]" in " ".join(done.output.split())
