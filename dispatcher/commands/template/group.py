"""`dispatcher template`: prepared warnings; here what works on files alone, and all of its commands."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import cap
from dispatcher.commands.desk.moments import future_moment
from dispatcher.commands.desk.service import WrongCall
from dispatcher.commands.desk.session import REFUSED, AsJson, Language, say
from dispatcher.commands.shell.help_text import Where, helped
from dispatcher.commands.template.files import end, finding_lines, prepared, read_file
from dispatcher.commands.template.recorded import (
    list_templates,
    reject,
    retire,
    save_templates,
    show_template,
)
from dispatcher.commands.terminal import columns, json_line
from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.desk_texts.desk import desk, desk_zone
from dispatcher.desk_texts.templates import TEMPLATE_TEXTS
from dispatcher.templates.checking import HEADLINE, check
from dispatcher.templates.filling import Circumstances, fill, municipalities_area
from dispatcher.templates.prepared_set import prepared_templates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dispatcher.templates.checking import Checked
    from dispatcher.templates.template import Template

app = typer.Typer(
    help="Vorlagen: vorbereitete Warnungen prüfen, aufbewahren und ausfüllen.", no_args_is_help=True
)

CHECKED = {
    0: "in Ordnung, vielleicht mit Hinweisen",
    1: "eine Vorlage ist so nicht zu gebrauchen",
    2: "falscher Aufruf, oder eine Datei ist keine Vorlage",
}
FILLED = {
    0: "die Meldung ist ausgegeben; nichts ist gesendet",
    1: "Angaben fehlen oder passen nicht, keine Meldung",
    2: "falscher Aufruf, oder die Datei ist keine Vorlage",
}
Prepared = Annotated[bool, typer.Option("--prepared", help="die mitgelieferten Vorlagen statt Dateien")]


app.command("list")(list_templates)
app.command("show")(show_template)
app.command("save")(save_templates)
app.command("reject")(reject)
app.command("retire")(retire)


@app.command("check")
@helped(
    Where.ALONE,
    "dispatcher template check hochwasser.toml",
    "dispatcher template check --prepared",
    exits=CHECKED,
)
def check_templates(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Vorlagen (TOML, JSON)", metavar="[DATEI]...")
    ] = None,
    *,
    prepared_set: Prepared = False,
    as_json: AsJson = False,
    language: Language = DeskLanguage.GERMAN,
) -> None:
    """Vorlagen prüfen: Jede Sprache wird mit den Beispielen zu einer Meldung, die den Regeln von CAP genügt.

    Gezeigt werden die Länge der Überschrift mit den längsten Werten und die Teile einer SMS.
    """
    words = TEMPLATE_TEXTS[language]
    if bool(files) == prepared_set:
        end([words["nothing"]])
    found = prepared_templates() if prepared_set else [read_file(one, words, language) for one in files or ()]
    checked = [(one, check(one)) for one in found]
    for template, result in checked:
        if as_json:
            typer.echo(json_line(_members(template, result)))
        else:
            say(_lines(template, result, language))
    if not all(result.is_valid for _, result in checked):
        raise typer.Exit(REFUSED)


def _members(template: Template, result: Checked) -> dict[str, object]:
    return {
        "id": template.id,
        "sha256": template.digest(),
        "is_valid": result.is_valid,
        "languages": [
            {
                "language": one.language,
                "headline": one.headline,
                "headline_longest": one.headline_longest,
                "sms_parts": one.sms_parts,
            }
            for one in result.languages
        ],
        "findings": [
            {
                "code": one.code,
                "severity": one.severity,
                "path": one.path,
                "message": one.message,
                "message_de": one.message_de,
            }
            for one in result.findings
        ],
    }


def _lines(template: Template, result: Checked, language: DeskLanguage) -> list[str]:
    words = TEMPLATE_TEXTS[language]
    said = words["valid" if result.is_valid else "invalid"].format(id=template.id, title=template.title)
    rows = [
        [
            f"  {one.language}",
            words["language_row"].format(characters=one.headline_longest, most=HEADLINE, parts=one.sms_parts),
        ]
        for one in result.languages
    ]
    table = columns(rows).split("\n") if rows else []
    return [said, *table, *finding_lines(result.findings, language)]


@app.command("fill")
@helped(
    Where.ALONE,
    "dispatcher template fill hochwasser --prepared --sender leitstelle@kreis.example --municipality 05358024 "
    "--set gewaesser=Rur --set ort=Jülich > warnung.xml",
    exits=FILLED,
)
def fill_template(  # noqa: PLR0913 - the options of a command
    template: Annotated[
        str, typer.Argument(help="Datei (TOML, JSON); mit --prepared ein Name", metavar="VORLAGE")
    ],
    *,
    sender: Annotated[
        str, typer.Option(help="Absender (CAP sender), den Ihr Schlüssel verwenden darf", metavar="ABSENDER")
    ],
    prepared_set: Prepared = False,
    pairs: Annotated[
        list[str] | None, typer.Option("--set", help="Wert eines Feldes, je Feld einmal", metavar="NAME=WERT")
    ] = None,
    municipalities: Annotated[
        list[str] | None,
        typer.Option("--municipality", help="AGS einer Gemeinde, je Gemeinde einmal", metavar="AGS"),
    ] = None,
    area: Annotated[str, typer.Option(help="wie das Gebiet heißt", metavar="NAME")] = "",
    sender_name: Annotated[str, typer.Option(help="Name des Absenders, den die Leute lesen")] = "",
    expires: Annotated[
        str,
        typer.Option(help="Ende: +3h, 18:00 oder 2026-11-28T18:00; sonst das der Vorlage", metavar="ZEIT"),
    ] = "",
    severity: Annotated[cap.Severity | None, typer.Option(help="eine andere erlaubte Schwere")] = None,
    urgency: Annotated[cap.Urgency | None, typer.Option(help="eine andere erlaubte Dringlichkeit")] = None,
    certainty: Annotated[cap.Certainty | None, typer.Option(help="eine andere erlaubte Gewissheit")] = None,
    exercise: Annotated[bool, typer.Option("--exercise", help="als Übung")] = False,
    language: Language = DeskLanguage.GERMAN,
) -> None:
    """Aus einer Vorlage eine Meldung (CAP) machen und ausgeben, für `dispatcher preview` und `dispatcher submit`."""
    words = TEMPLATE_TEXTS[language]
    found = prepared(template, words) if prepared_set else read_file(Path(template), words, language)
    now = datetime.now(desk_zone()).replace(microsecond=0)
    around = Circumstances(
        sender=sender,
        identifier=f"{found.id}-{now.astimezone(UTC):%Y%m%d%H%M%S}-{secrets.token_hex(4)}",
        sent=now,
        area=municipalities_area(municipalities, area) if municipalities else None,
        sender_name=sender_name,
        expires=_moment(expires, now, words, language),
        severity=severity,
        urgency=urgency,
        certainty=certainty,
        is_exercise=exercise,
    )
    if not check(found).is_valid:
        end([words["invalid"].format(id=found.id, title=found.title)], REFUSED)
    made = fill(found, _values(pairs or [], words), around)
    if made.alert is None:
        end([words["not_filled"], *finding_lines(made.faults, language)], REFUSED)
    say(finding_lines(made.faults, language), err=True)
    typer.echo(cap.render(made.alert).decode(), nl=False)


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
