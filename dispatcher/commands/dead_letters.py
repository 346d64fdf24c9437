"""`dispatcher dead-letters list | show | replay`. Nothing of it shows an address."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Annotated

import typer

from dispatcher.access.permissions import Permission
from dispatcher.commands.admin import on_record
from dispatcher.commands.desk.session import say
from dispatcher.commands.operator import acts, operator, requires
from dispatcher.commands.shell.help_text import Where, helped
from dispatcher.commands.shell.output import AsJsonLines, OutputLanguage
from dispatcher.commands.terminal import columns, json_line
from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.desk_texts.desk import Desk, desk
from dispatcher.desk_texts.owed import code_words
from dispatcher.model.ledger import DeadLetter, Fate, OpenedLetter
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.store.delivery.dead_letters import DeadLetters, parse_id

ALL = 100_000

app = typer.Typer(help="Recipients that could not be served.", no_args_is_help=True)


@app.command("list")
@requires(Permission.READ_DEAD_LETTERS)
@helped(
    Where.SERVER,
    "dispatcher dead-letters list --alert 01K…",
    "dispatcher dead-letters list --limit 1000 --json",
)
def listed(
    alert: Annotated[str | None, typer.Option(help="only this alert")] = None,
    limit: Annotated[int, typer.Option(min=1, max=ALL, help="so many at most")] = 100,
    as_json: AsJsonLines = False,
    language: OutputLanguage = DeskLanguage.GERMAN,
) -> None:
    """List recipients that were refused or given up, newest first. Without addresses."""

    async def work(pool: record.Pool) -> list[DeadLetter]:
        return await DeadLetters(pool).listed(alert, limit)

    at, letters = desk(language), on_record(Settings(), work)
    if as_json:
        for letter in letters:
            typer.echo(json_line(asdict(letter)))
    elif letters:
        say(columns([_head(at), *(_row(letter, at) for letter in letters)]).split("\n"))
    else:
        say([at.line("no_letters")], err=True)


def _head(at: Desk) -> list[str]:
    names = ("id", "at", "alert", "channel", "gateway", "recipient", "label", "code")
    return [at.texts.columns[name] for name in names]


def _row(letter: DeadLetter, at: Desk) -> list[str]:
    channel = at.texts.channels.get(letter.channel, letter.channel)
    label = at.texts.failures.get(letter.label, letter.label)
    where = (letter.alert_id, channel, letter.gateway, str(letter.recipient))
    return [letter.id, at.time(letter.at), *where, label, code_words(letter.code, at)]


@app.command()
@requires(Permission.READ_DEAD_LETTERS)
@helped(Where.SERVER, "dispatcher dead-letters show 17-4")
def show(
    letter: Annotated[str, typer.Argument(help="id of a dead letter, as `list` prints it")],
    *,
    language: OutputLanguage = DeskLanguage.GERMAN,
) -> None:
    """Show one of them as a JSON document: what it was about, why it failed, what a replay would come to."""
    _require_id(letter)

    async def work(pool: record.Pool) -> OpenedLetter | None:
        return await DeadLetters(pool).opened(letter, operator().actor)

    found = on_record(Settings(), work)
    if found is None:
        say([f"{letter}: {desk(language).texts.fates[Fate.UNKNOWN]}"], err=True)
        raise typer.Exit(1)
    fields = asdict(found)
    typer.echo(json_line(fields.pop("letter") | fields, indent=2))


@app.command()
@acts(Permission.REPLAY_DEAD_LETTERS)
@helped(
    Where.SERVER,
    "dispatcher dead-letters replay 17-4 17-9",
    "dispatcher dead-letters replay --alert 01K…",
    exits={0: "all replayed", 1: "some not: each is named with its reason", 2: "wrong call"},
)
def replay(
    letters: Annotated[list[str] | None, typer.Argument(help="ids of dead letters")] = None,
    alert: Annotated[str | None, typer.Option(help="all of this alert")] = None,
    *,
    language: OutputLanguage = DeskLanguage.GERMAN,
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

    settings, at = Settings(), desk(language)
    fates = on_record(settings, work)
    for letter, fate in fates.items():
        if fate is not Fate.REPLAYED:
            say([f"{letter}: {at.texts.fates[fate]}"], err=True)
    replayed = Counter(fates.values())[Fate.REPLAYED]
    typer.echo(f"{replayed} replayed, {len(fates) - replayed} not")
    if alert and len(fates) == ALL:
        say([at.line("more_letters", alert=alert, most=ALL)], err=True)
    if replayed < len(fates):
        raise typer.Exit(1)


def _require_id(letter: str) -> None:
    try:
        parse_id(letter)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
