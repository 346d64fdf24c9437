"""`dispatcher dead-letters list | show | replay`. Nothing of it shows an address."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Annotated

import typer

from dispatcher.access.permissions import Permission
from dispatcher.commands.admin import on_record
from dispatcher.commands.operator import acts, operator, requires
from dispatcher.commands.terminal import json_line
from dispatcher.model.ledger import DeadLetter, Fate, OpenedLetter
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.store.delivery.dead_letters import DeadLetters, parse_id

ALL = 100_000
WHY = {
    Fate.UNKNOWN: "gibt es nicht (mehr)",
    Fate.EXPIRED: "die Warnung ist abgelaufen",
    Fate.SUPERSEDED: "die Warnung ist ersetzt oder aufgehoben",
    Fate.ENDED: "das Abonnement ist beendet",
    Fate.IN_FLIGHT: "wird gerade bearbeitet, bitte noch einmal versuchen",
}

app = typer.Typer(help="Recipients that could not be served.", no_args_is_help=True)


@app.command("list")
@requires(Permission.READ_DEAD_LETTERS)
def listed(
    alert: Annotated[str | None, typer.Option(help="only this alert")] = None,
    limit: Annotated[int, typer.Option(min=1, max=ALL)] = 100,
) -> None:
    """Print one JSON line per recipient that was refused or given up, newest first. Without addresses."""

    async def work(pool: record.Pool) -> list[DeadLetter]:
        return await DeadLetters(pool).listed(alert, limit)

    for letter in on_record(Settings(), work):
        typer.echo(json_line(asdict(letter)))


@app.command()
@requires(Permission.READ_DEAD_LETTERS)
def show(letter: Annotated[str, typer.Argument(help="id of a dead letter, as `list` prints it")]) -> None:
    """Show one of them: what it was about, why it failed, what a replay would come to."""
    _require_id(letter)

    async def work(pool: record.Pool) -> OpenedLetter | None:
        return await DeadLetters(pool).opened(letter)

    found = on_record(Settings(), work)
    if found is None:
        typer.echo(f"{letter}: {WHY[Fate.UNKNOWN]}", err=True)
        raise typer.Exit(1)
    fields = asdict(found)
    typer.echo(json_line(fields.pop("letter") | fields, indent=2))


@app.command()
@acts(Permission.REPLAY_DEAD_LETTERS)
def replay(
    letters: Annotated[list[str] | None, typer.Argument(help="ids of dead letters")] = None,
    alert: Annotated[str | None, typer.Option(help="all of this alert")] = None,
) -> None:
    """Send again to recipients that were refused or given up, once the reason is mended.

    Never after the warning's end, nor for one that was replaced. What cannot be replayed is named with its reason; then
    the exit code is 1.
    """
    if bool(letters) == bool(alert):
        raise typer.BadParameter("name dead letters, or an alert with --alert")
    for letter in letters or ():
        _require_id(letter)

    async def work(pool: record.Pool) -> dict[str, Fate]:
        store = DeadLetters(pool)
        ids = letters or [letter.id for letter in await store.listed(alert, ALL)]
        return await store.replay(ids, settings.delivery.suspicion.crashes_kept, operator().actor)

    settings = Settings()
    fates = on_record(settings, work)
    for letter, fate in fates.items():
        if fate is not Fate.REPLAYED:
            typer.echo(f"{letter}: {WHY[fate]}", err=True)
    replayed = Counter(fates.values())[Fate.REPLAYED]
    typer.echo(f"{replayed} replayed, {len(fates) - replayed} not")
    if alert and len(fates) == ALL:
        typer.echo(f"{alert}: mehr als {ALL}, bitte noch einmal aufrufen", err=True)
    if replayed < len(fates):
        raise typer.Exit(1)


def _require_id(letter: str) -> None:
    try:
        parse_id(letter)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
