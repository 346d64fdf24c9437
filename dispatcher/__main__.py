"""The command `dispatcher`."""

from __future__ import annotations

import os

import typer

from dispatcher.commands.shell.groups import LazyGroup
from dispatcher.setting_names import OF_THE_CLIENT, PREFIX

COMMANDS = {
    "up": "dispatcher.commands.serve:up",
    "api": "dispatcher.commands.serve:api",
    "worker": "dispatcher.commands.serve:worker",
    "reading": "dispatcher.commands.serve:reading",
    "citizens": "dispatcher.commands.serve:citizens",
    "migrate": "dispatcher.commands.serve:migrate",
    "backup": "dispatcher.commands.backup.making:backup",
    "restore": "dispatcher.commands.backup.restoring:restore",
    "retention": "dispatcher.commands.retention.enforcing:retention",
    "doctor": "dispatcher.commands.doctor:doctor",
    "example": "dispatcher.commands.desk.submission:example",
    "preview": "dispatcher.commands.desk.submission:preview",
    "submit": "dispatcher.commands.desk.submission:submit",
    "status": "dispatcher.commands.desk.following:status",
    "update": "dispatcher.commands.desk.follow_ups:update",
    "cancel": "dispatcher.commands.desk.follow_ups:cancel",
    "all-clear": "dispatcher.commands.desk.follow_ups:all_clear",
    "correct": "dispatcher.commands.desk.correcting:correct",
    "withdraw": "dispatcher.commands.desk.withdrawing:withdraw",
    "match": "dispatcher.commands.geodata:match",
}
"""Commands of one word, and where they stand."""
GROUPS = {
    "alerts": "dispatcher.commands.desk.alerts:app",
    "held": "dispatcher.commands.held:app",
    "approval": "dispatcher.commands.access.approvals:app",
    "dead-letters": "dispatcher.commands.dead_letters:app",
    "feeds": "dispatcher.commands.feeds:app",
    "gateway": "dispatcher.commands.gateways:app",
    "canary": "dispatcher.commands.canary.group:app",
    "source": "dispatcher.commands.access.sources:app",
    "instance": "dispatcher.commands.access.instances:app",
    "operator": "dispatcher.commands.access.operators:app",
    "person": "dispatcher.commands.access.persons:app",
    "webhook": "dispatcher.commands.webhooks:app",
    "keys": "dispatcher.commands.keys:app",
    "secrets": "dispatcher.commands.access.secrets:app",
    "signing": "dispatcher.commands.access.signing:app",
    "audit": "dispatcher.commands.audit.group:app",
    "record": "dispatcher.commands.record.locking:app",
    "subscriptions": "dispatcher.commands.subscriptions:app",
    "subscribers": "dispatcher.commands.access.subscribers:app",
    "geodata": "dispatcher.commands.geodata:app",
    "drill": "dispatcher.commands.drill.group:app",
    "template": "dispatcher.commands.template.group:app",
}
"""Commands that have commands of their own, and where they stand."""
CHEAP = OF_THE_CLIENT | {"WARN_API_PORT", "WARN_TIME_ZONE"}
"""Names in the environment that are known to be right without loading the settings."""


class Commands(LazyGroup):
    """All commands."""

    places = COMMANDS | GROUPS


app = typer.Typer(
    name="dispatcher",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _say_version(wanted: bool) -> None:  # noqa: FBT001 - typer's callback
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - `--help` alone takes a quarter longer with it

        typer.echo(f"cap-dispatcher {version('cap-dispatcher')}")
        raise typer.Exit


@app.callback()
def _options(
    show_version: bool = typer.Option(  # noqa: FBT001 - handled by its callback
        False, "--version", help="Say which version this is.", callback=_say_version, is_eager=True
    ),
) -> None:
    """Emergency warning dispatch. A duty officer's commands are in German, an operator's in English."""
    del show_version
    require_known_names()


def require_known_names() -> None:
    """Refuse names in the environment that begin like a setting's and are none. Whoever sets only what the desk reads
    does not wait for the settings to be imported.
    """
    if any(name.upper().startswith(PREFIX) and name not in CHEAP for name in os.environ):
        from dispatcher.settings import Settings  # noqa: PLC0415 - takes longer than all that the desk needs

        Settings.require_known_names()


def main() -> None:
    """Run the command line. What an operator can mend is a sentence, not a traceback."""
    try:
        app()
    except Exception as error:  # noqa: BLE001 - raised again where nobody outside the program can mend it
        from dispatcher.commands.mistakes import leave  # noqa: PLC0415 - imports the service

        leave(error)


if __name__ == "__main__":
    main()
