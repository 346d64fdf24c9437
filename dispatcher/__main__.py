"""The command `dispatcher`."""

from __future__ import annotations

import os
from importlib.metadata import version

import typer

from dispatcher.commands.shell.groups import LazyGroup
from dispatcher.setting_names import OF_THE_CLIENT, PREFIX

COMMANDS = {
    "up": "dispatcher.commands.serve:up",
    "api": "dispatcher.commands.serve:api",
    "worker": "dispatcher.commands.serve:worker",
    "reading": "dispatcher.commands.serve:reading",
    "migrate": "dispatcher.commands.serve:migrate",
    "example": "dispatcher.commands.desk.submission:example",
    "preview": "dispatcher.commands.desk.submission:preview",
    "submit": "dispatcher.commands.desk.submission:submit",
    "status": "dispatcher.commands.desk.following:status",
    "update": "dispatcher.commands.desk.follow_ups:update",
    "cancel": "dispatcher.commands.desk.follow_ups:cancel",
    "all-clear": "dispatcher.commands.desk.follow_ups:all_clear",
    "correct": "dispatcher.commands.desk.correcting:correct",
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
    "source": "dispatcher.commands.access.sources:app",
    "instance": "dispatcher.commands.access.instances:app",
    "operator": "dispatcher.commands.access.operators:app",
    "person": "dispatcher.commands.access.persons:app",
    "webhook": "dispatcher.commands.webhooks:app",
    "keys": "dispatcher.commands.keys:app",
    "secrets": "dispatcher.commands.access.secrets:app",
    "signing": "dispatcher.commands.access.signing:app",
    "audit": "dispatcher.commands.audit.group:app",
    "subscriptions": "dispatcher.commands.subscriptions:app",
    "subscribers": "dispatcher.commands.access.subscribers:app",
    "geodata": "dispatcher.commands.geodata:app",
}
"""Commands that have commands of their own, and where they stand."""
SUMMARIES = {
    "up": "Run everything on this machine: servers for record and queue unless given, API, workers.",
    "api": "Run one API process; needs DATABASE_URL and REDIS_URL.",
    "worker": "Run one worker process; needs DATABASE_URL and REDIS_URL.",
    "reading": "Run one process that serves what anybody may read, and nothing else; needs DATABASE_URL and REDIS_URL.",
    "migrate": "Bring the database to this version's schema: the one at DATABASE_URL, or of `dispatcher up` "
    "that runs here.",
    "example": "Eine gültige Warnung ausgeben, eben gesendet, zum Ausprobieren.",
    "preview": "Zeigen, was geschähe, würde die Meldung jetzt gesendet; ohne jede Wirkung.",
    "submit": "Eine Warnung senden; der Schlüssel steht in WARN_API_KEY.",
    "status": "Zeigen, wie es um eine eigene Meldung steht: wer gewarnt ist, wer noch wartet und warum.",
    "update": "Eine eigene Warnung ändern oder verlängern, nach Vorschau und Rückfrage.",
    "cancel": "Eine eigene Warnung zurücknehmen (CAP: Cancel), nach Vorschau und Rückfrage.",
    "all-clear": "Zu einer eigenen Warnung Entwarnung geben (CAP: Update mit AllClear), nach Vorschau und Rückfrage.",
    "correct": "Eine falsche Warnung sofort zurücknehmen und richtigstellen, ohne Vorschau und Rückfrage.",
    "match": "Zeigen, welche Gemeinden eine Meldung betrifft und warum: eine Tabelle, und eine Karte neben der Datei.",
    "alerts": "Meldungen: die eigenen auflisten; am Server jede ansehen.",
    "held": "Messages that wait for a person: of feeds, and of control centres that may not go out by themselves.",
    "approval": "Warnings that wait for a second person, and which ones do.",
    "dead-letters": "Recipients that could not be served.",
    "feeds": "Feeds: how they stand, and by hand.",
    "gateway": "SMS gateways: which there are, and how one answers.",
    "source": "Who may submit.",
    "instance": "Municipalities' apps.",
    "operator": "Operators away from the machine.",
    "person": "Who signs in: persons and their roles.",
    "webhook": "Webhooks of municipalities' apps.",
    "keys": "Keys of sources, feeds, instances and operators.",
    "secrets": "The pepper, the VAPID key and the ring of keys of endpoints, the same on all machines.",
    "signing": "Keys that sign the alerts which the service passes on.",
    "audit": "Who did what, and proof that nobody changed it.",
    "subscriptions": "Endpoints.",
    "subscribers": "People who subscribed, or were imported: show, export, erase.",
    "geodata": "Boundary data.",
}
"""What `--help` says of each: the first sentence of its own help. Nothing is imported to list them."""
CHEAP = OF_THE_CLIENT | {"WARN_API_PORT", "WARN_TIME_ZONE"}
"""Names in the environment that are known to be right without loading the settings."""


class Commands(LazyGroup):
    """All commands."""

    places = COMMANDS | GROUPS
    summaries = SUMMARIES


app = typer.Typer(
    name="dispatcher",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
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
