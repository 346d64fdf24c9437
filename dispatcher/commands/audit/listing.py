"""`dispatcher audit list`: who did what, and when."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from dispatcher.access.permissions import Permission
from dispatcher.commands.access.parties import AsJson
from dispatcher.commands.admin import on_record
from dispatcher.commands.operator import requires
from dispatcher.commands.terminal import columns, json_line
from dispatcher.model.desk_time import desk_time
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.store.audit import AuditLine, listed

HEAD = ("when", "who", "what", "about")


@requires(Permission.READ_AUDIT)
def list_lines(
    action: Annotated[str, typer.Option(help="what an action begins with, e.g. source. or key.add")] = "",
    by: Annotated[str, typer.Option(help="whose, e.g. operator:anna or source:leitstelle")] = "",
    alert: Annotated[str, typer.Option(help="about this alert")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="at most; the latest ones")] = 50,
    *,
    as_json: AsJson = False,
) -> None:
    """List the latest lines of the audit trail, in the order in which they were written."""
    settings = Settings()

    async def work(pool: record.Pool) -> list[AuditLine]:
        return await listed(pool, limit, action=action, actor=by, alert_id=alert)

    lines = on_record(settings, work)
    if as_json:
        for one in lines:
            values = {
                "at": one.at.isoformat(),
                "actor": one.actor,
                "action": one.action,
                "alert": one.alert_id,
            }
            typer.echo(json_line({**values, "detail": one.detail}))
        return
    zone = ZoneInfo(settings.time_zone)
    rows = [
        [desk_time(one.at, zone, "en", seconds=True), one.actor, one.action, _about(one)] for one in lines
    ]
    typer.echo(columns([HEAD, *rows]))


def _about(line: AuditLine) -> str:
    details = sorted(line.detail.items(), key=lambda item: (not isinstance(item[1], str), item[0] == "after"))
    said = {**({"alert": line.alert_id} if line.alert_id else {}), **dict(details)}
    return "  ".join(
        f"{name}={value if isinstance(value, str) else json_line(value)}" for name, value in said.items()
    )
