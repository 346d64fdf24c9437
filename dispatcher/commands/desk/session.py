"""What every command of the desk shares: its options, its exit codes, and how it ends."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from dispatcher.commands.desk.sentences import outage_lines, problem_lines
from dispatcher.commands.desk.service import TOO_MANY, ServiceRefused, Unanswered, WrongCall
from dispatcher.commands.terminal import json_line, shown
from dispatcher.desk_texts.catalogue import DeskLanguage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dispatcher.desk_texts.desk import Desk

REFUSED: Final = 1
WRONG_CALL: Final = 2
UNANSWERED: Final = 3
OVER_QUOTA: Final = 4
SENT_TO_NOBODY: Final = 5
NOT_BEGUN: Final = 6
"""The exit codes, besides 0: not accepted, so mend the message; nothing was sent, so mend the call; unknown whether
accepted, so send it again as it is; not accepted because of the quota, so send it again later; accepted, but nobody is
told, where the call expects that; no answer, before anything was sent, so give the same command again."""

Url = Annotated[
    str,
    typer.Option(
        envvar="WARN_URL", help="Adresse des Dienstes; sonst dieser Rechner, Port WARN_API_PORT oder 8080"
    ),
]
InsecureHttp = Annotated[
    bool,
    typer.Option(
        "--insecure-http", help="den Schlüssel trotzdem über http:// an einen anderen Rechner geben"
    ),
]
Language = Annotated[DeskLanguage, typer.Option(envvar="WARN_LANGUAGE", help="Sprache der Ausgabe")]
AsJson = Annotated[
    bool, typer.Option("--json", help="ein JSON-Dokument statt Text; Fehler als JSON auf stderr")
]
File = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, help="eine Meldung nach CAP 1.2", metavar="DATEI")
]


def say(lines: Iterable[str], *, err: bool = False) -> None:
    """Print lines that may hold a stranger's text: each stays one, so that no text begins a line of its own."""
    for line in lines:
        typer.echo(shown(line), err=err)


@contextmanager
def explained(
    at: Desk, *, as_json: bool = False, advice: str = "", unanswered: int = UNANSWERED
) -> Iterator[None]:
    """End the command with a sentence and its exit code where a request comes to nothing. `advice` follows the sentence
    of an outage, which ends with `unanswered`.
    """
    try:
        yield
    except WrongCall as error:
        _end([at.texts.usage[error.key].format(**error.values)], WRONG_CALL, None, as_json=as_json)
    except ServiceRefused as error:
        code = OVER_QUOTA if error.status == TOO_MANY else REFUSED
        _end(problem_lines(error, at), code, error.problem, as_json=as_json)
    except Unanswered as error:
        problem = error.refused.problem if error.refused else None
        _end(outage_lines(error, at, advice), unanswered, problem, as_json=as_json)


def _end(lines: list[str], code: int, problem: dict[str, Any] | None, *, as_json: bool) -> None:
    """Say why, as text or as a problem document (RFC 9457) in one line, and exit."""
    if as_json:
        typer.echo(
            json_line(problem or {"type": "about:blank", "title": lines[0], "detail": "\n".join(lines[1:])}),
            err=True,
        )
    else:
        say(lines, err=True)
    raise typer.Exit(code)
