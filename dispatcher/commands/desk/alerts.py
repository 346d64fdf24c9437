"""`dispatcher alerts list | show`: one's own newest alerts; and at the server any alert, of a feed too."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import urlencode

import typer

from dispatcher.access.permissions import Permission
from dispatcher.commands.desk.following import AlertId, alert_number, show_status
from dispatcher.commands.desk.sentences import alert_rows
from dispatcher.commands.desk.service import Service
from dispatcher.commands.desk.session import AsJson, InsecureHttp, Language, Url, explained, say
from dispatcher.commands.operator import requires
from dispatcher.commands.shell.help_text import SHOWN, Where, helped
from dispatcher.commands.terminal import columns, json_line
from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.desk_texts.desk import desk
from dispatcher.model.vocabulary import OPEN_DRILL, WARNING, AlertState

if TYPE_CHECKING:
    from collections.abc import Mapping

app = typer.Typer(help="Meldungen: die eigenen auflisten; am Server jede ansehen.", no_args_is_help=True)
LIMIT_MAX: Final = 500


@app.command("list")
@helped(
    Where.ANYWHERE,
    "dispatcher alerts list",
    "dispatcher alerts list --in-force",
    "dispatcher alerts list --state planned --state accepted --json",
    exits=SHOWN,
)
def list_alerts(  # noqa: PLR0913 - the options of a command
    url: Url = "",
    *,
    state: Annotated[
        list[AlertState] | None, typer.Option(help="nur in diesem Zustand; mehrfach möglich")
    ] = None,
    in_force: Annotated[bool, typer.Option("--in-force", help="nur, was jetzt gilt")] = False,
    limit: Annotated[int, typer.Option(min=1, max=LIMIT_MAX, help="so viele, die neuesten zuerst")] = 50,
    as_json: AsJson = False,
    language: Language = DeskLanguage.GERMAN,
    insecure_http: InsecureHttp = False,
) -> None:
    """Die eigenen Meldungen auflisten, die neuesten zuerst."""
    at = desk(language)
    with explained(at, as_json=as_json):
        service = Service.at(url, insecure_http=insecure_http)
        asked: list[tuple[str, str]] = [("limit", str(limit)), *(("state", one) for one in state or ())]
        if in_force:
            asked.append(("in_force", "true"))
        answer = service.get(f"{service.api}/alerts?{urlencode(asked)}", "alerts")
    now = datetime.now(UTC)
    # A service that knows no such filters yet sends all.
    found = [one for one in answer["alerts"] if _is_wanted(one, state, now, in_force=in_force)]
    if as_json:
        typer.echo(json_line(answer | {"alerts": found}))
    elif found:
        say(columns(alert_rows(found, at)).split("\n"))
    else:
        say([at.line("no_alerts")], err=True)


def _is_wanted(
    alert: Mapping[str, Any], states: list[AlertState] | None, now: datetime, *, in_force: bool
) -> bool:
    if states and alert["state"] not in states:
        return False
    return not in_force or is_in_force(alert, now)


def is_in_force(alert: Mapping[str, Any], now: datetime) -> bool:
    """Whether an alert warns at this time, or is an exercise that goes on, as `StoredAlert` says of the record."""
    warns = alert["reason"] in WARNING | OPEN_DRILL and alert["superseded_by"] is None
    return warns and datetime.fromisoformat(alert["expires"]) > now


@app.command("show")
@requires(Permission.READ_ANY_ALERT)
@helped(
    Where.SERVER,
    "dispatcher alerts show 01K…",
    "dispatcher alerts show 01K… --json",
    exits={0: "shown", 1: "there is none, or the record refuses", 2: "wrong call"},
)
def show_alert(
    alert_id: AlertId, *, as_json: AsJson = False, language: Language = DeskLanguage.GERMAN
) -> None:
    """Jede Meldung ansehen, von einer Leitstelle oder aus einem Feed: wer gewarnt ist, wer wartet und warum."""
    from dispatcher.api.operator_status import alert_status
    from dispatcher.commands.admin import on_record
    from dispatcher.settings import Settings
    from dispatcher.wiring.sms.charges import sms_charges

    at, settings = desk(language), Settings()
    with explained(at, as_json=as_json):
        alert_id = alert_number(alert_id)
    charges = sms_charges(settings)
    found = on_record(settings, lambda pool: alert_status(pool, alert_id, charges))
    if found is None:
        say([at.line("nothing_there")], err=True)
        raise typer.Exit(1)
    show_status(found.model_dump(mode="json"), at, as_json=as_json)
