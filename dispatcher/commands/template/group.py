"""`dispatcher template`: prepared warnings; here what works on files alone, and all of its commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dispatcher.commands.desk.session import REFUSED, AsJson, Language, say
from dispatcher.commands.shell.help_text import Where, helped
from dispatcher.commands.template.files import end, finding_lines, read_file
from dispatcher.commands.template.filling import fill_template
from dispatcher.commands.template.recorded import (
    list_templates,
    reject,
    retire,
    save_templates,
    show_template,
)
from dispatcher.commands.terminal import columns, json_line
from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.desk_texts.templates import TEMPLATE_TEXTS
from dispatcher.templates.checking import HEADLINE, check
from dispatcher.templates.prepared_set import prepared_templates

if TYPE_CHECKING:
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
Prepared = Annotated[bool, typer.Option("--prepared", help="die mitgelieferten Vorlagen statt Dateien")]


app.command("fill")(fill_template)
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
