"""The command `dispatcher`."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import version
from typing import Any

import asyncpg
import pydantic_settings
import typer
from pydantic import ValidationError
from typer.core import TyperGroup
from typer.main import get_group

from dispatcher.commands import client, geodata, serve
from dispatcher.settings import Settings, SettingsError, explained

GROUPS = {
    "source": "dispatcher.commands.access.sources:app",
    "instance": "dispatcher.commands.access.instances:app",
    "keys": "dispatcher.commands.keys:app",
    "secrets": "dispatcher.commands.access.secrets:app",
    "audit": "dispatcher.commands.access.audit:app",
    "subscriptions": "dispatcher.commands.subscriptions:app",
    "dead-letters": "dispatcher.commands.dead_letters:app",
    "geodata": "dispatcher.commands.geodata:app",
    "feeds": "dispatcher.commands.feeds:app",
    "held": "dispatcher.commands.held:app",
    "webhook": "dispatcher.commands.webhooks:app",
}
"""Commands that have commands of their own, and where they stand."""


class Commands(TyperGroup):
    """Imports a group when it is asked for: what it needs of the service takes most of a second to load, which
    `dispatcher submit` and the processes of `dispatcher up` would each spend for nothing.
    """

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self._unloaded = dict(GROUPS)
        self.commands.update({name: TyperGroup(name=name) for name in GROUPS})

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if place := self._unloaded.pop(cmd_name, ""):
            module, _, attribute = place.partition(":")
            self.commands[cmd_name] = group = get_group(getattr(import_module(module), attribute))
            group.name = cmd_name
        return super().get_command(ctx, cmd_name)


app = typer.Typer(
    name="dispatcher",
    cls=Commands,
    help="Emergency warning dispatch.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _say_version(wanted: bool) -> None:  # noqa: FBT001 - typer's callback
    if wanted:
        typer.echo(f"cap-dispatcher {version('cap-dispatcher')}")
        raise typer.Exit


@app.callback()
def _options(
    show_version: bool = typer.Option(  # noqa: FBT001 - handled by its callback
        False, "--version", help="Say which version this is.", callback=_say_version, is_eager=True
    ),
) -> None:
    """Emergency warning dispatch."""
    del show_version
    Settings.require_known_names()


app.command()(serve.up)
app.command()(serve.api)
app.command()(serve.worker)
app.command()(serve.migrate)
app.command()(client.example)
app.command()(client.submit)
app.command()(client.preview)
app.command()(client.status)
app.command()(geodata.match)


def main() -> None:
    """Run the command line. What an operator can mend is a sentence, not a traceback."""
    try:
        app()
    except ValidationError as error:
        for item in error.errors(include_url=False, include_input=False):
            print(explained(item), file=sys.stderr)
        sys.exit(SettingsError.exit_status)
    except (
        pydantic_settings.SettingsError
    ) as error:  # says: error parsing value for field "sms_gateways" from ...
        print(f"setting WARN_{str(error).split(chr(34))[1].upper()}: is no JSON", file=sys.stderr)
        sys.exit(1)
    except asyncpg.PostgresError as error:
        older = isinstance(error, asyncpg.UndefinedTableError | asyncpg.UndefinedColumnError)
        advice = "; run `dispatcher migrate` first" if older else ""
        print(f"the record (DATABASE_URL) refuses: {error}{advice}", file=sys.stderr)
        sys.exit(1)
    except (SettingsError, OSError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(error.exit_status if isinstance(error, SettingsError) else 1)


if __name__ == "__main__":
    main()
