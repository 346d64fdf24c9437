"""The table by entrance: what differs from it is noticed; and every command of the program stands in it."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer

from dispatcher.__main__ import app
from dispatcher.access.permissions import Permission
from dispatcher.access.table import (
    OPEN_COMMANDS,
    OPEN_ROUTES,
    REQUIRED_BY_COMMAND,
    REQUIRED_BY_ROUTE,
    Wired,
    differences,
)
from dispatcher.commands.operator import requires

REQUIRED = {"GET /a": Permission.READ_ALERTS}
OPENED = {"GET /livez": "A supervisor asks."}
AS_IT_SHOULD_BE = (Wired("GET /a", Permission.READ_ALERTS), Wired("GET /livez", None))


def test_a_program_that_is_as_the_table_says_differs_nowhere() -> None:
    assert differences(AS_IT_SHOULD_BE, REQUIRED, OPENED) == []


@pytest.mark.parametrize(
    ("wired", "complaint"),
    [
        (Wired("GET /b", None), "GET /b: not in the table of dispatcher/access"),
        (Wired("GET /b", Permission.READ_ALERTS), "GET /b: not in the table of dispatcher/access"),
        (Wired("GET /a", None), "GET /a: requires nothing, by the table alerts.read"),
        (Wired("GET /a", Permission.READ_HELD), "GET /a: requires held.read, by the table alerts.read"),
        (Wired("GET /livez", Permission.READ_HELD), "GET /livez: requires held.read, by the table nothing"),
    ],
)
def test_an_entrance_that_differs_is_noticed(wired: Wired, complaint: str) -> None:
    assert differences((*AS_IT_SHOULD_BE, wired), REQUIRED, OPENED) == [complaint]


def test_a_row_without_an_entrance_is_noticed() -> None:
    """So that a walk which finds nothing is no success."""
    assert differences((), REQUIRED, OPENED) == ["GET /a: in the table only", "GET /livez: in the table only"]


def test_what_is_open_has_a_reason_and_requires_nothing() -> None:
    for opened, required in ((OPEN_ROUTES, REQUIRED_BY_ROUTE), (OPEN_COMMANDS, REQUIRED_BY_COMMAND)):
        assert not set(opened) & set(required)
        assert all(reason.endswith(".") for reason in opened.values())


def commands(found: Any, words: tuple[str, ...] = ()) -> Iterator[Wired]:
    """Every command at or below one, with what it requires."""
    if not hasattr(found, "commands"):
        yield Wired(" ".join(words), getattr(found.callback, "permission", None))
        return
    context = typer.Context(found)
    for name in found.list_commands(context):  # some are imported only when they are asked for
        yield from commands(found.get_command(context, name), (*words, name))


def test_every_command_requires_what_the_table_says() -> None:
    wired = list(commands(typer.main.get_command(app)))
    assert len(wired) > 20
    assert differences(wired, REQUIRED_BY_COMMAND, OPEN_COMMANDS) == []


def test_a_command_that_was_forgotten_is_noticed() -> None:
    other = typer.Typer()

    @other.command("release")
    def release() -> None: ...

    @other.command("show")
    @requires(Permission.READ_HELD)
    def show() -> None: ...

    group = typer.Typer()
    group.add_typer(other, name="held")
    group.add_typer(other, name="kept")
    found = differences(commands(typer.main.get_command(group)), REQUIRED_BY_COMMAND, {})
    assert "held release: requires nothing, by the table held.decide" in found
    assert "kept release: not in the table of dispatcher/access" in found
    assert not any(line.startswith("held show") for line in found)
