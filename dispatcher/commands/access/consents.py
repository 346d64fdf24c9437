"""`dispatcher instance consent`: a neighbour lets its warnings be shown in another app, or does so no more."""

from __future__ import annotations

from typing import Annotated

import typer

from dispatcher.access.permissions import Permission
from dispatcher.commands.access.confirmation import refuse
from dispatcher.commands.admin import on_record
from dispatcher.commands.operator import acts, operator
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.store.instances.neighbours import Neighbours
from dispatcher.store.keys import NoSuchBearer

LONGEST = 200


@acts(Permission.MANAGE_CONSENTS)
def consent(
    neighbour: Annotated[str, typer.Argument(help="the instance whose warnings are shown")],
    instance_id: Annotated[str, typer.Argument(metavar="INSTANCE", help="the instance that shows them")],
    given_by: Annotated[str, typer.Option(help="who of the neighbour's says so, e.g. office and name")] = "",
    *,
    withdraw: Annotated[bool, typer.Option(help="from now on it shows nothing more of it")] = False,
) -> None:
    """Record that a neighbour lets another instance show its warnings. It may do so itself, with its own key.

    They are shown when the other instance names it too: `dispatcher instance change INSTANCE --shows NEIGHBOUR`.
    """
    if withdraw == bool(given_by):
        raise typer.BadParameter("give one of --given-by and --withdraw")
    if len(given_by) > LONGEST or not given_by.isprintable():
        raise typer.BadParameter(f"--given-by: one line of at most {LONGEST} characters")

    async def work(pool: record.Pool) -> bool:
        store, by = Neighbours(pool), operator().actor
        if withdraw:
            return await store.withdraw(neighbour, instance_id, by)
        await store.consent(neighbour, instance_id, given_by, by)
        return True

    try:
        done = on_record(Settings(), work)
    except NoSuchBearer as error:
        refuse(f"there is no {error}")
    if not done:
        refuse(f"{neighbour} has not consented that {instance_id} shows its warnings")
    typer.echo(f"{instance_id} may {'no more ' if withdraw else ''}show the warnings of {neighbour}")
