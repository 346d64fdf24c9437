"""Ask before what cannot be taken back, or reaches further than before."""

from __future__ import annotations

import sys
from typing import Annotated, NoReturn

import typer

Yes = Annotated[bool, typer.Option("--yes", help="do not ask")]


def require_confirmation(consequence: str, *, yes: bool) -> None:
    """Let a person at a terminal confirm; ends the command with 1 where nobody does, and where there is no terminal and
    no `yes`.
    """
    if yes:
        typer.echo(consequence, err=True)
    elif not sys.stdin.isatty():
        refuse(f"{consequence}; to do it say --yes; nothing was changed")
    elif not typer.confirm(f"{consequence}. Do it?", err=True):
        refuse("nothing was changed")


def refuse(sentence: str) -> NoReturn:
    """End the command with 1 and a sentence."""
    typer.echo(sentence, err=True)
    raise typer.Exit(1)
