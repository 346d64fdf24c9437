"""The operator: the principal that a command acts as. Its name is written here, and nowhere else."""

from __future__ import annotations

import getpass
import os
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import typer

from dispatcher.access.principals import Principal, of_operator

if TYPE_CHECKING:
    from collections.abc import Callable

    from dispatcher.access.permissions import Permission

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def operator(name: str = "") -> Principal:
    """Return the person at this machine, by the name given, else by the account."""
    return of_operator(name or _account())


def requires(permission: Permission) -> Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]]:
    """Mark a command that only an operator who holds `permission` may run, as `api.authentication.require` of a
    route.
    """

    def guard(command: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        @wraps(command)
        def guarded(*args: Arguments.args, **options: Arguments.kwargs) -> Result:
            if not operator().may(permission):
                typer.echo(f"not allowed: {permission.sentence} ({permission})", err=True)
                raise typer.Exit(1)
            return command(*args, **options)

        guarded.__dict__["permission"] = permission
        return guarded

    return guard


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a number without an account, as containers run under
        return f"uid-{os.getuid()}"
