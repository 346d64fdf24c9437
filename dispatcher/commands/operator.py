"""The operator: the principal that a command acts as. Its name is written here, and nowhere else."""

from __future__ import annotations

import getpass
import inspect
import os
from contextvars import ContextVar
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, Final, ParamSpec, TypeVar

import typer

from dispatcher.access.principals import Principal, of_operator

if TYPE_CHECKING:
    from collections.abc import Callable

    from dispatcher.access.permissions import Permission

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

LONGEST_NAME: Final = 80
_NAMED: ContextVar[str] = ContextVar("named", default="")
"""Who acts, as `--as` of the command that runs says."""


def _person(name: str) -> str:
    if name and (not name.isprintable() or not name.strip() or len(name) > LONGEST_NAME):
        raise typer.BadParameter(f"a name has 1 to {LONGEST_NAME} characters that can be seen")
    return name.strip()


_AS: Final = Annotated[
    str,
    typer.Option(
        "--as", callback=_person, help="who acts, for the audit trail; default: the account", metavar="NAME"
    ),
]


def operator(name: str = "") -> Principal:
    """Return the person at this machine, by the name given or that of `--as`, else by the account."""
    return of_operator(name or _NAMED.get() or _account())


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


def acts(permission: Permission) -> Callable[[Callable[Arguments, Result]], Callable[..., Result]]:
    """Mark a command as `requires` does, which changes something: with `--as` it is told who acts."""

    def guard(command: Callable[Arguments, Result]) -> Callable[..., Result]:
        guarded = requires(permission)(command)
        signature = inspect.signature(command, eval_str=True)

        @wraps(guarded)
        def named(*args: Any, acting: str = "", **options: Any) -> Result:
            token = _NAMED.set(acting)
            try:
                return guarded(*args, **options)
            finally:
                _NAMED.reset(token)

        option = inspect.Parameter("acting", inspect.Parameter.KEYWORD_ONLY, default="", annotation=_AS)
        parameters = [*signature.parameters.values(), option]
        named.__dict__["__signature__"] = signature.replace(parameters=parameters)
        named.__annotations__ = {one.name: one.annotation for one in parameters}
        return named

    return guard


def _account() -> str:
    """Return the account, of whoever became root by sudo his own."""
    if os.geteuid() == 0 and (behind := os.environ.get("SUDO_USER")):
        return behind
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a number without an account, as containers run under
        return f"uid-{os.getuid()}"
