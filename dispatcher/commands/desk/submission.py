"""`dispatcher example | preview | submit`: a message that somebody has written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import resources
from string import Template
from typing import Annotated, Any
from xml.sax.saxutils import escape as escape_xml

import typer

from dispatcher.commands.desk.following import follow_alert
from dispatcher.commands.desk.sentences import (
    accepted_lines,
    finding_lines,
    is_sent_to_people,
    preview_lines,
)
from dispatcher.commands.desk.service import Service
from dispatcher.commands.desk.session import (
    SENT_TO_NOBODY,
    AsJson,
    File,
    InsecureHttp,
    Language,
    Url,
    explained,
    say,
)
from dispatcher.commands.shell.help_text import SUBMITTED, Where, helped
from dispatcher.commands.terminal import json_line
from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.desk_texts.desk import Desk, desk, desk_zone


@helped(
    Where.ALONE,
    "dispatcher example > warnung.xml",
    "dispatcher example --sender leitstelle@kreis.example > warnung.xml",
    "dispatcher example --test > test.xml",
    exits={0: "ausgegeben", 2: "falscher Aufruf"},
)
def example(
    sender: Annotated[
        str, typer.Option(help="Absender (CAP sender), den Ihr Schlüssel verwenden darf", metavar="ABSENDER")
    ] = "leitstelle@kreis-dueren.example",
    *,
    test: Annotated[
        bool,
        typer.Option("--test", help="als Test (CAP status): sie wird verzeichnet und erreicht niemanden"),
    ] = False,
) -> None:
    """Eine gültige Warnung ausgeben, eben gesendet, zum Ausprobieren."""
    now = datetime.now(desk_zone()).replace(microsecond=0)
    text = (resources.files("dispatcher") / "commands" / "example.xml").read_text(encoding="utf-8")
    filled = Template(text).substitute(
        identifier=f"{'test' if test else 'beispiel'}-{now.astimezone(UTC):%Y%m%d%H%M%S}",
        sender=escape_xml(sender),
        status="Test" if test else "Actual",
        sent=_cap_time(now),
        expires=_cap_time(now + timedelta(hours=2)),
    )
    typer.echo(filled, nl=False)


def _cap_time(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "-00:00")


@helped(
    Where.ANYWHERE,
    "dispatcher submit warnung.xml --follow",
    "dispatcher submit warnung.xml --url https://warn.kreis.example --json --expect-sent",
    exits=SUBMITTED,
)
def submit(  # noqa: PLR0913 - the options of a command
    file: File,
    url: Url = "",
    *,
    follow: Annotated[bool, typer.Option("--follow", help="danach den Verlauf zeigen")] = False,
    expect_sent: Annotated[
        bool,
        typer.Option(
            "--expect-sent", help="Exit-Code 5, wenn niemand gewarnt wird, obwohl sie angenommen ist"
        ),
    ] = False,
    as_json: AsJson = False,
    language: Language = DeskLanguage.GERMAN,
    insecure_http: InsecureHttp = False,
) -> None:
    """Eine Warnung senden; der Schlüssel steht in WARN_API_KEY.

    Dieselbe Datei noch einmal zu senden schadet nie: Dieselbe
    Kennung wird nicht doppelt angenommen.
    """
    at = desk(language)
    with explained(at, as_json=as_json, advice=at.line("repeat")):
        service = Service.at(url, insecure_http=insecure_http)
        sent = send(service, file.read_bytes(), at, as_json=as_json)
    if follow:
        with explained(at, as_json=as_json):
            follow_alert(service, sent.alert_id, at, as_json=as_json)
    if expect_sent and not sent.to_people:
        raise typer.Exit(SENT_TO_NOBODY)


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of a submission: the alert of record, and whether people are told of it."""

    alert_id: str
    to_people: bool


def send(service: Service, body: bytes, at: Desk, *, as_json: bool) -> Sent:
    """Submit a message, say what came of it, and return that in short. Raises what `Service.post` does."""
    answer = post(service, body)
    show_accepted(answer, at, as_json=as_json)
    return Sent(str(answer["alert"]["id"]), bool(answer["sent_to_people"]))


def post(service: Service, body: bytes) -> dict[str, Any]:
    """Submit a message and return the answer. Raises what `Service.post` does."""
    answer = service.post(f"{service.api}/alerts", body, "alert")
    # Which an older service does not say.
    return answer | {"sent_to_people": is_sent_to_people(answer["alert"]["reason"], answer)}


def show_accepted(answer: dict[str, Any], at: Desk, *, as_json: bool) -> None:
    """Say what came of a message that was submitted."""
    if as_json:
        typer.echo(json_line(answer))
    else:
        say(accepted_lines(answer, at))
        say(finding_lines(answer, at), err=True)


@helped(
    Where.ANYWHERE,
    "dispatcher preview warnung.xml",
    "dispatcher preview warnung.xml --json",
    exits={
        0: "gezeigt; sie würde angenommen",
        1: "sie würde abgelehnt",
        2: "falscher Aufruf",
        3: "keine Antwort",
    },
)
def preview(
    file: File,
    url: Url = "",
    *,
    as_json: AsJson = False,
    language: Language = DeskLanguage.GERMAN,
    insecure_http: InsecureHttp = False,
) -> None:
    """Zeigen, was geschähe, würde die Meldung jetzt gesendet; ohne jede Wirkung."""
    at = desk(language)
    with explained(at, as_json=as_json):
        service = Service.at(url, insecure_http=insecure_http)
        show_preview(service, file.read_bytes(), at, as_json=as_json)


def show_preview(service: Service, body: bytes, at: Desk, *, as_json: bool) -> None:
    """Ask what submitting would do, and show it. Raises what `Service.post` does."""
    answer = service.post(f"{service.api}/alerts/preview", body, "reach_by_municipality")
    if as_json:
        typer.echo(json_line(answer))
    else:
        say(preview_lines(answer, at))
        say(finding_lines(answer, at), err=True)
