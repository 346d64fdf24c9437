"""`dispatcher person on-duty`: who would be told now, and why the others are not."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dispatcher.access.permissions import Permission
from dispatcher.access.roles import Role
from dispatcher.commands.access.confirmation import refuse
from dispatcher.commands.access.parties import AsJson
from dispatcher.commands.admin import on_record
from dispatcher.commands.operator import requires
from dispatcher.commands.terminal import columns, json_line
from dispatcher.model.vocabulary import EXTREME, Environment
from dispatcher.on_duty.matters import DutyLevel, Matter
from dispatcher.on_duty.roster import roster
from dispatcher.runtime.secrets.ring import agreed_addresses
from dispatcher.settings import Settings
from dispatcher.store.clock import record_time
from dispatcher.store.on_duty.endpoints import DutyEndpoints
from dispatcher.store.persons.persons import Persons

if TYPE_CHECKING:
    from dispatcher.on_duty.roster import Roster
    from dispatcher.store import record


def _table(found: Roster) -> list[list[str]]:
    """Return a line for each person: whether it is told, and why, or why not."""
    instead = "escalated" if found.is_covered else "nobody on duty can be told"
    told = [
        [
            one.person_id,
            "yes",
            "on duty" if one.level is DutyLevel.ON_DUTY else f"{_words(one.level.name.lower())}: {instead}",
        ]
        for one in found.told
    ]
    return [*told, *([person, "no", _words(why)] for person, why in sorted(found.left_out.items()))]


def _words(name: str) -> str:
    return name.replace("_", " ")


@requires(Permission.READ_PERSONS)
def on_duty(
    territory: Annotated[
        list[str] | None, typer.Option(help="AGS of a municipality concerned; repeatable; default: not known")
    ] = None,
    role: Annotated[
        Role, typer.Option(help="approver: of what waits for a second person; operator: of what is held else")
    ] = Role.APPROVER,
    *,
    escalated: Annotated[bool, typer.Option("--escalated", help="as if nobody had decided in time")] = False,
    as_json: AsJson = False,
) -> None:
    """Show whom a warning for these municipalities would be told to now, those on duty first, and why not the others.
    Ends with 1 where nobody on duty can be told.
    """
    if role not in {Role.APPROVER, Role.OPERATOR}:
        raise typer.BadParameter("--role is approver or operator: nobody else decides")
    settings = Settings()

    async def work(pool: record.Pool) -> Roster:
        now = await record_time(pool)
        matter = Matter(
            "", now, Environment.LIVE, role, "", "", EXTREME, now + timedelta(1), tuple(territory or ())
        )
        reachable = await DutyEndpoints(pool, await agreed_addresses(pool, settings)).reachable()
        level = DutyLevel.ADMIN if escalated else DutyLevel.ON_DUTY
        return roster(matter, await Persons(pool).all(), reachable, level, now)

    found = on_record(settings, work)
    rows: list[dict[str, Any]] = [
        {"person": one.person_id, "told": True, "as": one.level.name.lower()} for one in found.told
    ]
    rows += [
        {"person": person, "told": False, "as": why.value} for person, why in sorted(found.left_out.items())
    ]
    for row in rows if as_json else ():
        typer.echo(json_line(row))
    if rows and not as_json:
        typer.echo(columns([["person", "told", "because"], *_table(found)]))
    if not found.is_covered:
        refuse("nobody on duty can be told")
