"""`dispatcher operator add | list | disable | enable`: who minds municipalities' apps over HTTP."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from dispatcher.access.keys import LIFE, KeyKind
from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.permissions import Permission
from dispatcher.commands.access import parties
from dispatcher.commands.access.parties import AsJson, PartyId
from dispatcher.commands.operator import acts, requires
from dispatcher.model.principals import RemoteOperator

LONGEST_NAME: Final = 80

app = typer.Typer(help="Operators away from the machine.", no_args_is_help=True)


@app.command("add")
@acts(Permission.MANAGE_OPERATORS)
def add(
    operator_id: Annotated[str, typer.Argument(help="short name of one person or program, e.g. anna")],
    name: Annotated[str, typer.Option(help="as people know it")] = "",
) -> None:
    """Create an operator away from the machine and print the key, once. With it he creates, changes and disables
    municipalities' apps over HTTP (`/v1/operator/instances`), and nothing else. It ends after 90 days: rotate it before
    (`dispatcher keys rotate --operator ID`).
    """
    parties.require_key_name(operator_id)
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise typer.BadParameter(f"--name: one line of at most {LONGEST_NAME} characters")
    parties.add(PrincipalKind.REMOTE_OPERATOR, RemoteOperator(operator_id, name.strip() or operator_id))
    typer.echo(f"it ends after {LIFE[KeyKind.OPERATOR].days} days", err=True)


@app.command("list")
@requires(Permission.READ_KEYS)
def list_operators(*, as_json: AsJson = False) -> None:
    """List all operators away from the machine, with the number of their valid keys."""
    parties.list_parties(PrincipalKind.REMOTE_OPERATOR, as_json=as_json)


@app.command("disable")
@acts(Permission.MANAGE_OPERATORS)
def disable(operator_id: PartyId) -> None:
    """Refuse all the operator's keys from now on, on every machine. What he has done stays."""
    parties.disable(PrincipalKind.REMOTE_OPERATOR, operator_id, "")


@app.command("enable")
@acts(Permission.MANAGE_OPERATORS)
def enable(operator_id: PartyId) -> None:
    """Let the operator's keys be good again."""
    parties.enable(PrincipalKind.REMOTE_OPERATOR, operator_id)
