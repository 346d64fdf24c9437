"""Loads a command when it is asked for: what it needs of the service takes most of a second to import, which
`dispatcher submit` and the processes of `dispatcher up` would each spend for nothing.
"""

from __future__ import annotations

import ast
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

from dispatcher.commands.shell.desk_command import DeskCommand
from dispatcher.commands.shell.help_text import Where, epilog, help_text_of
from dispatcher.runtime import gc_tuning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OF_FILES: Final = frozenset({"geodata"})
"""What works on files alone. All other commands that do not say where they work need the server's data."""


class LazyGroup(TyperGroup):
    """Knows where its commands stand, and imports one when it is used."""

    places: ClassVar[Mapping[str, str]] = {}
    """Each command's name, and the module and attribute where it is: a `typer.Typer` with commands of its own, or a
    function.
    """

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self._unloaded = dict(self.places)
        self.commands.update({name: TyperGroup(name=name) for name in self.places})

    def list_commands(self, ctx: Any) -> list[str]:
        del ctx
        return list(self.places)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if place := self._unloaded.pop(cmd_name, ""):
            self.commands[cmd_name] = loaded(cmd_name, place)
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands, without importing those whose help stands in their source."""
        listed = {
            name: TyperGroup(name=name, help=said)
            if (said := help_in_source(self._unloaded.get(name, "")))
            else self.get_command(ctx, name)
            for name in self.list_commands(ctx)
        }
        TyperGroup(name=self.name, commands=listed).format_commands(ctx, formatter)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command; where none is meant by a similar name, name the groups that have one of this name."""
        name = args[0] if args else ""
        known = list(self.places)
        if (
            not name.startswith("-")
            and not get_close_matches(name, known)
            and (found := list(self._with(ctx, name)))
        ):
            ctx.fail(f"No such command {name!r}. There is {', '.join(found)}.")
        return super().resolve_command(ctx, args)

    def _with(self, ctx: Any, name: str) -> Iterator[str]:
        for group in self.list_commands(ctx):
            command = self.get_command(ctx, group)
            if name in getattr(command, "commands", ()):
                yield f"'{group} {name}'"


def help_in_source(place: str) -> str:
    """Return the help of a command or a group, as its source at `module:attribute` has it; "" where that is not to be
    read off: it is computed.
    """
    module, _, attribute = place.partition(":")
    spec = find_spec(module) if module else None
    source = Path(spec.origin).read_text("utf-8") if spec and spec.origin else ""
    for node in ast.parse(source).body:
        match node:
            case ast.FunctionDef(name=name) if name == attribute:
                return ast.get_docstring(node) or ""
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(keywords=given)) if name == attribute:
                return next((_text(one.value) for one in given if one.arg == "help"), "")
    return ""


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def loaded(name: str, place: str) -> Any:
    """Import a command or a group from `module:attribute`. Its help is plain: what is typed can be copied."""
    module, _, attribute = place.partition(":")
    with gc_tuning.paused():
        found = getattr(import_module(module), attribute)
    default = Where.FILES if name in OF_FILES else Where.SERVER
    if isinstance(found, typer.Typer):
        found.rich_markup_mode = None
        for info in found.registered_commands:
            if help_text_of(info.callback, default).is_german:
                info.cls = DeskCommand
        command: Any = get_group(found)
    else:
        alone = typer.Typer(rich_markup_mode=None, add_completion=False)
        desk = help_text_of(found, default).is_german
        alone.command(name, cls=DeskCommand if desk else None)(found)
        command = get_command(alone)
    command.name = name
    _explain(command, default)
    return command


def _explain(command: Any, default: Where) -> None:
    """Say at the end of each command's help where it works, how it is typed, and its exit codes."""
    for each in getattr(command, "commands", {}).values():
        _explain(each, default)
    if not hasattr(command, "commands"):
        command.epilog = epilog(help_text_of(command.callback, default))
