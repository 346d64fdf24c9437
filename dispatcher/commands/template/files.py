"""Read templates from files and from the prepared set, and say what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import typer

from dispatcher.commands.desk.session import WRONG_CALL, say
from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.templates.prepared_set import prepared_templates
from dispatcher.templates.reading import LARGEST, TemplateError, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from cap import Finding
    from dispatcher.templates.template import Template


def end(lines: Sequence[str], code: int = WRONG_CALL) -> NoReturn:
    """Say why on stderr, and end the command."""
    say(lines, err=True)
    raise typer.Exit(code)


def finding_lines(findings: Iterable[Finding], language: DeskLanguage) -> list[str]:
    """Return each finding in a line: where it is, and what is wrong there."""
    german = language is DeskLanguage.GERMAN
    return [
        f"  {one.severity} {one.path or '-'}: {(german and one.message_de) or one.message}"
        for one in findings
    ]


def read_file(file: Path, words: Mapping[str, str], language: DeskLanguage) -> Template:
    """Return the template in a file. Ends the command where it is none."""
    try:
        with file.open("rb") as opened:
            raw = opened.read(LARGEST + 1)
    except OSError as error:
        end([words["unreadable"].format(file=file, why=error.strerror)])
    try:
        return parse(raw)
    except TemplateError as error:
        end([words["no_template"].format(file=file), *finding_lines(error.faults, language)])


def prepared(name: str, words: Mapping[str, str]) -> Template:
    """Return a template of those that come with the service. Ends the command where there is none of this name."""
    found = {one.id: one for one in prepared_templates()}
    if name not in found:
        end([words["no_prepared"].format(name=name, names=", ".join(found))])
    return found[name]
