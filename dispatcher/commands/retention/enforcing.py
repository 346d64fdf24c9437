"""`dispatcher retention`: take out of the record what is older than the settings allow, or say what that would be."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import SystemRandom
from typing import TYPE_CHECKING, Annotated

import typer

from dispatcher.access.permissions import Permission
from dispatcher.commands.access.confirmation import refuse
from dispatcher.commands.admin import on_record
from dispatcher.commands.operator import acts, operator
from dispatcher.commands.shell.help_text import Where, helped
from dispatcher.model.sentences.count import how_many
from dispatcher.settings import Settings
from dispatcher.store import audit
from dispatcher.store.retention.ledgers import (
    OldLedgers,
    forget_duty_messages,
    forget_recipients,
    old_ledgers,
)

if TYPE_CHECKING:
    from dispatcher.access.principals import Actor
    from dispatcher.store.record import Pool


@acts(Permission.ENFORCE_RETENTION)
@helped(Where.SERVER, "dispatcher retention --dry-run", "dispatcher retention")
def retention(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="say what it would be, and change nothing")
    ] = False,
) -> None:
    """Take the numbers of recipients out of the ledgers of alerts of whose situation nothing was in force for
    WARN_LEDGERS_KEPT_DAYS, and delete messages to people on duty of before. How many were reached, and how, stays; who
    they were nobody can say any more.

    It may be ended at any time, and goes on when the command is given again. The audit trail has what was taken out.
    """
    settings = Settings()
    if not settings.ledgers_kept_days:
        refuse("WARN_LEDGERS_KEPT_DAYS is 0: ledgers are kept for good; nothing was changed")
    age = timedelta(days=settings.ledgers_kept_days)
    if dry_run:
        _say(on_record(settings, lambda pool: old_ledgers(pool, age)))
        typer.echo("nothing was changed")
    else:
        _say(on_record(settings, lambda pool: enforce(pool, age, operator().actor)))


async def enforce(pool: Pool, age: timedelta, by: Actor) -> OldLedgers:
    """Take it out, with a line on the audit trail for each alert, and one for the messages. Returns what it was."""
    found = await forget_recipients(pool, age, by, SystemRandom().shuffle)
    async with pool.acquire() as connection, connection.transaction():
        messages = await forget_duty_messages(connection, age)
        if messages:
            await audit.note(connection, by, "retention.run", days=age.days, duty_messages=messages)
    return replace(found, duty_messages=messages)


def _say(found: OldLedgers) -> None:
    since = f", the oldest of {found.oldest:%Y-%m-%d}" if found.oldest else ""
    typer.echo(
        f"ledgers: {how_many(found.recipients, 'recipient')} of {how_many(found.alerts, 'alert')}{since}"
    )
    typer.echo(f"messages to people on duty: {found.duty_messages:,}")
