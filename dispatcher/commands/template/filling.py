"""`dispatcher template fill`: a message (CAP) of a prepared warning, made here or by the service."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

import cap
from dispatcher.commands.desk.moments import future_moment
from dispatcher.commands.desk.service import Service, WrongCall
from dispatcher.commands.desk.session import REFUSED, InsecureHttp, Language, Url, explained, say
from dispatcher.commands.shell.help_text import Where, helped
from dispatcher.commands.template.files import end, finding_lines, prepared, read_file
from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.desk_texts.desk import desk, desk_zone
from dispatcher.desk_texts.templates import TEMPLATE_TEXTS
from dispatcher.model.alerts import new_identifier
from dispatcher.model.vocabulary import Environment
from dispatcher.templates.checking import check
from dispatcher.templates.filling import Circumstances, fill, municipalities_area
from dispatcher.templates.template import ID

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dispatcher.templates.template import Template

FILLED: Final = {
    0: "die Meldung ist ausgegeben; nichts ist gesendet",
    1: "Angaben fehlen oder passen nicht, oder die Vorlage ist nicht genehmigt: keine Meldung",
    2: "falscher Aufruf, oder die Datei ist keine Vorlage",
    3: "keine Antwort, nichts ist gesendet",
}


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What was typed, whoever makes a message of it."""

    values: dict[str, str]
    sender: str
    sender_name: str
    municipalities: list[str]
    area: str
    expires: datetime | None
    severity: cap.Severity | None
    urgency: cap.Urgency | None
    certainty: cap.Certainty | None


@helped(
    Where.ANYWHERE,
    "dispatcher template fill hochwasser --municipality 05358024 --area Jülich --set gewaesser=Rur --set ort=Jülich"
    " > warnung.xml",
    "dispatcher template fill entwurf.toml --sender leitstelle@kreis.example --municipality 05358024 --set ort=Jülich",
    exits=FILLED,
)
def fill_template(  # noqa: PLR0913 - the options of a command
    template: Annotated[
        str,
        typer.Argument(
            help="Vorlage des Dienstes; oder eine Datei, mit --prepared eine mitgelieferte: dann ohne Dienst und "
            "Schlüssel",
            metavar="VORLAGE",
        ),
    ],
    url: Url = "",
    *,
    prepared_set: Annotated[
        bool, typer.Option("--prepared", help="die mitgelieferte Vorlage dieses Namens")
    ] = False,
    pairs: Annotated[
        list[str] | None, typer.Option("--set", help="Wert eines Feldes, je Feld einmal", metavar="NAME=WERT")
    ] = None,
    sender: Annotated[
        str,
        typer.Option(
            help="Absender (CAP sender); beim Dienst sonst der Ihres Schlüssels", metavar="ABSENDER"
        ),
    ] = "",
    sender_name: Annotated[str, typer.Option(help="Name des Absenders, den die Leute lesen")] = "",
    municipalities: Annotated[
        list[str] | None,
        typer.Option("--municipality", help="AGS einer Gemeinde, je Gemeinde einmal", metavar="AGS"),
    ] = None,
    area: Annotated[str, typer.Option(help="wie das Gebiet heißt", metavar="NAME")] = "",
    expires: Annotated[
        str,
        typer.Option(help="Ende: +3h, 18:00 oder 2026-11-28T18:00; sonst das der Vorlage", metavar="ZEIT"),
    ] = "",
    severity: Annotated[cap.Severity | None, typer.Option(help="eine andere erlaubte Schwere")] = None,
    urgency: Annotated[cap.Urgency | None, typer.Option(help="eine andere erlaubte Dringlichkeit")] = None,
    certainty: Annotated[cap.Certainty | None, typer.Option(help="eine andere erlaubte Gewissheit")] = None,
    version: Annotated[
        int | None, typer.Option(min=1, help="Fassung; eine Warnung nimmt nur die genehmigte")
    ] = None,
    exercise: Annotated[bool, typer.Option("--exercise", help="als Übung")] = False,
    language: Language = DeskLanguage.GERMAN,
    insecure_http: InsecureHttp = False,
) -> None:
    """Aus einer Vorlage eine Meldung (CAP) machen und ausgeben, für `dispatcher preview` und `dispatcher submit`."""
    words, now = TEMPLATE_TEXTS[language], datetime.now(desk_zone()).replace(microsecond=0)
    wanted = _Wanted(
        _values(pairs or [], words),
        sender,
        sender_name,
        list(municipalities or ()),
        area,
        _moment(expires, now, words, language),
        severity,
        urgency,
        certainty,
    )
    if prepared_set or not re.fullmatch(ID, template) or Path(template).is_file():
        found = prepared(template, words) if prepared_set else read_file(Path(template), words, language)
        typer.echo(_made_here(found, wanted, now, language, exercise=exercise), nl=False)
        return
    with explained(desk(language)):
        service = Service.at(url, insecure_http=insecure_http)
        if exercise and service.environment is Environment.LIVE:
            end([words["exercise_key"]])
        more = {} if version is None else {"version": version}
        made = service.made(f"{service.api}/templates/{template}/fill", _members(wanted) | more)
    typer.echo(made.decode(), nl=False)


def _made_here(
    template: Template, wanted: _Wanted, now: datetime, language: DeskLanguage, *, exercise: bool
) -> str:
    """Return the message of a template in a file. Ends the command where there is none."""
    words = TEMPLATE_TEXTS[language]
    if not wanted.sender:
        end([words["no_sender"]])
    if not check(template).is_valid:
        end([words["invalid"].format(id=template.id, title=template.title)], REFUSED)
    around = Circumstances(
        sender=wanted.sender,
        identifier=new_identifier(template.id, now),
        sent=now,
        area=municipalities_area(wanted.municipalities, wanted.area) if wanted.municipalities else None,
        sender_name=wanted.sender_name,
        expires=wanted.expires,
        severity=wanted.severity,
        urgency=wanted.urgency,
        certainty=wanted.certainty,
        is_exercise=exercise,
    )
    made = fill(template, wanted.values, around)
    if made.alert is None:
        end([words["not_filled"], *finding_lines(made.faults, language)], REFUSED)
    say(finding_lines(made.faults, language), err=True)
    return cap.render(made.alert).decode()


def _members(wanted: _Wanted) -> dict[str, Any]:
    """Return what was typed as the service takes it."""
    found = {
        "sender": wanted.sender,
        "sender_name": wanted.sender_name,
        "municipalities": wanted.municipalities,
        "area": wanted.area,
        "expires": wanted.expires.isoformat() if wanted.expires else None,
        "severity": wanted.severity,
        "urgency": wanted.urgency,
        "certainty": wanted.certainty,
    }
    return {"values": wanted.values, **{name: value for name, value in found.items() if value}}


def _moment(text: str, now: datetime, words: Mapping[str, str], language: DeskLanguage) -> datetime | None:
    if not text:
        return None
    try:
        return future_moment(text, now, desk(language).zone)
    except WrongCall:
        end([words["time"].format(text=text)])


def _values(pairs: Sequence[str], words: Mapping[str, str]) -> dict[str, str]:
    """Return the values by the name of their field. Ends the command where a pair is none, or is given twice."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator:
            end([words["pair"].format(text=pair)])
        if name in found:
            end([words["twice"].format(name=name)])
        found[name] = value
    return found
