"""`dispatcher status`: how an alert stands, once or until everybody is accounted for."""

from __future__ import annotations

import re
import sys
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import quote

import typer

from dispatcher.commands.desk.sentences import change_line, status_lines
from dispatcher.commands.desk.service import Service, Unanswered, WrongCall
from dispatcher.commands.desk.session import AsJson, InsecureHttp, Language, Url, explained, say
from dispatcher.commands.shell.help_text import SHOWN, Where, helped
from dispatcher.commands.terminal import json_line, shown
from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.desk_texts.desk import Desk, desk
from dispatcher.model.vocabulary import FINAL_STATES

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from rich.live import Live

FOLLOW_S: Final = 0.5
PATIENCE_S: Final = 60
"""How long `--follow` goes on without an answer: an API that starts again takes seconds."""

_NUMBER: Final = re.compile("[0-9A-HJKMNP-TV-Z]{26}", re.ASCII)
"""An id of an alert: a ULID."""

AlertId = Annotated[str, typer.Argument(help="Nummer der Meldung, wie `submit` sie nennt", metavar="NUMMER")]


@helped(
    Where.ANYWHERE,
    "dispatcher status 01K…",
    "dispatcher status 01K… --follow",
    "dispatcher status 01K… --json",
    exits=SHOWN,
)
def status(
    alert_id: AlertId,
    url: Url = "",
    *,
    follow: Annotated[
        bool, typer.Option("--follow", help="bis feststeht, was aus jedem Empfänger wurde")
    ] = False,
    as_json: AsJson = False,
    language: Language = DeskLanguage.GERMAN,
    insecure_http: InsecureHttp = False,
) -> None:
    """Zeigen, wie es um eine eigene Meldung steht: wer gewarnt ist, wer noch wartet und warum.

    Meldungen anderer, auch die von Feeds, zeigt am
    Server `dispatcher alerts show NUMMER`.
    """
    at = desk(language)
    with explained(at, as_json=as_json):
        alert_id = alert_number(alert_id)
        service = Service.at(url, insecure_http=insecure_http)
        if follow:
            follow_alert(service, alert_id, at, as_json=as_json)
        else:
            show_status(service.get(page_of(service, alert_id), "channels"), at, as_json=as_json)


def alert_number(typed: str) -> str:
    """Return an alert's id as the record writes it: the case of its letters says nothing. Raises `WrongCall` for what
    can be none.
    """
    number = typed.strip().upper()
    if not number:
        raise WrongCall("id_missing")
    if not _NUMBER.fullmatch(number):
        raise WrongCall("id_wrong", text=typed)
    return number


def page_of(service: Service, alert_id: str) -> str:
    return f"{service.api}/alerts/{quote(alert_id, safe='')}"


def show_status(answer: dict[str, Any], at: Desk, *, as_json: bool) -> None:
    """Print how an alert stands."""
    if as_json:
        typer.echo(json_line(answer))
    else:
        say(status_lines(answer, at))


def follow_alert(service: Service, alert_id: str, at: Desk, *, as_json: bool) -> None:
    """Show how an alert comes on until it is final. At a terminal one page changes in its place; elsewhere there is a
    line for each change, and the page at the end. An outage in between is waited for. Raises what `Service.get` does.
    """
    from rich.text import Text

    page, last = page_of(service, alert_id), ""
    live = sys.stdout.isatty() and not as_json
    with _live() if live else nullcontext() as view:
        while True:
            answer = _patiently(service, page)
            is_final = answer["alert"]["state"] in FINAL_STATES
            line = json_line(answer) if as_json else change_line(answer, at)
            if view is not None:
                view.update(Text("\n".join(map(shown, status_lines(answer, at)))), refresh=True)
            elif line != last and (as_json or not is_final):
                typer.echo(line if as_json else shown(line))
            last = line
            if is_final:
                break
            time.sleep(FOLLOW_S)
    if not live and not as_json:
        say(status_lines(answer, at))


def _live() -> AbstractContextManager[Live]:
    """Return the page that changes."""
    from rich.console import Console
    from rich.live import Live

    return Live(console=Console(), auto_refresh=False, vertical_overflow="visible")


def _patiently(service: Service, page: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return service.get(page, "channels")
        except Unanswered:
            if time.monotonic() > deadline:
                raise
            time.sleep(FOLLOW_S)
