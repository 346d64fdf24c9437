"""The command `dispatcher`."""

from __future__ import annotations

import sys
from importlib.metadata import version

import asyncpg
import pydantic_settings
import typer
from pydantic import ValidationError

from dispatcher.commands import admin, client, dead_letters, feeds, geodata, held, serve
from dispatcher.settings import SettingsError, explained

app = typer.Typer(
    name="dispatcher",
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


app.command()(serve.up)
app.command()(serve.api)
app.command()(serve.worker)
app.command()(serve.migrate)
app.command()(client.example)
app.command()(client.submit)
app.command()(client.preview)
app.command()(client.status)
app.command()(geodata.match)
app.add_typer(admin.sources, name="source")
app.add_typer(admin.instances, name="instance")
app.add_typer(admin.subscriptions, name="subscriptions")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(geodata.app, name="geodata")
app.add_typer(feeds.app, name="feeds")
app.add_typer(held.app, name="held")


def main() -> None:
    """Run the command line. What an operator can mend is a sentence, not a traceback."""
    try:
        app()
    except ValidationError as error:
        for item in error.errors(include_url=False, include_input=False):
            print(explained(item), file=sys.stderr)
        sys.exit(2)
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
