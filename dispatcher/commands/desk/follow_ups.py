"""`dispatcher update | cancel | all-clear`: change or end what one has sent, with exact references."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

import cap
from cap import follow_up
from cap.formats.rendering import reference_text
from dispatcher.commands.desk.following import AlertId, alert_number
from dispatcher.commands.desk.kept_file import kept, remove
from dispatcher.commands.desk.moments import future_moment
from dispatcher.commands.desk.sentences import finding_line
from dispatcher.commands.desk.service import Service, ServiceRefused, Unanswered, WrongCall
from dispatcher.commands.desk.session import (
    NOT_BEGUN,
    REFUSED,
    AsJson,
    InsecureHttp,
    Language,
    Url,
    explained,
    say,
)
from dispatcher.commands.desk.submission import post, show_accepted, show_preview
from dispatcher.commands.desk.target import InForceParts, NothingToChange, find_target, header, waiting_change
from dispatcher.commands.shell.help_text import FOLLOWED_UP, Where, helped
from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.desk_texts.desk import Desk, desk
from dispatcher.model.problems import TITLE, ProblemType
from dispatcher.model.vocabulary import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Build = Callable[[cap.Alert, follow_up.Header], cap.Alert]

Text = Annotated[
    str | None, typer.Option(help="was die Leute dazu lesen sollen; ohne Angabe nur, dass es vorbei ist")
]
Yes = Annotated[bool, typer.Option("--yes", help="ohne Rückfrage senden")]
Print = Annotated[bool, typer.Option("--print", help="die Meldung (CAP) ausgeben, nicht senden")]

INTERRUPTED: Final = 130
"""The exit code of what Ctrl-C ended, as shells have it."""
YES: Final = frozenset({"j", "ja", "y", "yes"})
"""What confirms, in whatever language is asked."""


@helped(
    Where.ANYWHERE,
    "dispatcher update 01K… --expires +3h",
    "dispatcher update 01K… --severity Extreme --headline 'Hochwasser: Keller räumen'",
    "dispatcher update 01K… nachtrag.xml --yes",
    "dispatcher update 01K… --expires 18:00 --print > nachtrag.xml",
    exits=FOLLOWED_UP,
)
def update(  # noqa: PLR0913 - the options of a command
    alert_id: AlertId,
    file: Annotated[
        Path | None,
        typer.Argument(
            exists=True,
            dir_okay=False,
            metavar="[DATEI]",
            help="eine bearbeitete Fassung statt einzelner Angaben",
        ),
    ] = None,
    url: Url = "",
    *,
    headline: Annotated[str | None, typer.Option(help="neue Überschrift")] = None,
    description: Annotated[str | None, typer.Option(help="neue Beschreibung")] = None,
    instruction: Annotated[str | None, typer.Option(help="neue Handlungsempfehlung")] = None,
    severity: Annotated[cap.Severity | None, typer.Option(help="neue Schwere")] = None,
    expires: Annotated[
        str | None, typer.Option(help="neues Ende: +3h, 18:00 oder 2026-11-28T18:00", metavar="ZEIT")
    ] = None,
    yes: Yes = False,
    print_only: Print = False,
    as_json: AsJson = False,
    language: Language = DeskLanguage.GERMAN,
    insecure_http: InsecureHttp = False,
) -> None:
    """Eine eigene Warnung ändern oder verlängern, nach Vorschau und Rückfrage.

    Was nicht angegeben ist, bleibt. Kennung, Zeit und Bezug auf das Gesendete (references) schreibt der Befehl, auch in
    eine bearbeitete Fassung. Bleibt unklar, ob sie angenommen ist, liegt die Meldung in einer Datei, die `dispatcher
    submit` noch einmal sendet.
    """
    at = desk(language)
    with explained(at, as_json=as_json):
        until = future_moment(expires, datetime.now(UTC), at.zone) if expires is not None else None
        changes = follow_up.Changes(headline, description, instruction, severity, until)
        if file is not None and changes != follow_up.Changes():
            raise WrongCall("file_and_options")
        if file is None and changes == follow_up.Changes():
            raise WrongCall("nothing_changed")

        def build(earlier: cap.Alert, header: follow_up.Header) -> cap.Alert:
            if file is not None:
                return follow_up.revised(_edited(file, earlier), header)
            if changes.has_text and (others := follow_up.untouched_languages(earlier)):
                say([at.line("unlisted_language", languages=", ".join(others))], err=True)
            return follow_up.update(earlier, header, changes)

        order = _Order("aktualisierung", build, one_part=True)
        _carry_out(order, alert_id, at, _Way(url, yes, print_only, as_json, insecure_http))


@helped(
    Where.ANYWHERE,
    "dispatcher cancel 01K…",
    "dispatcher cancel 01K… --text 'Fehlalarm' --yes",
    exits=FOLLOWED_UP,
)
def cancel(  # noqa: PLR0913 - the options of a command
    alert_id: AlertId,
    url: Url = "",
    *,
    text: Text = None,
    yes: Yes = False,
    print_only: Print = False,
    as_json: AsJson = False,
    language: Language = DeskLanguage.GERMAN,
    insecure_http: InsecureHttp = False,
) -> None:
    """Eine eigene Warnung zurücknehmen (CAP: Cancel), nach Vorschau und Rückfrage.

    Wer gewarnt ist, erfährt, dass sie aufgehoben ist. War die Gefahr da und ist vorbei: `dispatcher all-clear`.
    """
    way = _Way(url, yes, print_only, as_json, insecure_http)
    _end("aufhebung", partial(follow_up.cancel, text=text), alert_id, desk(language), way)


@helped(
    Where.ANYWHERE,
    "dispatcher all-clear 01K…",
    "dispatcher all-clear 01K… --text 'Das Wasser ist gefallen.' --yes",
    exits=FOLLOWED_UP,
)
def all_clear(  # noqa: PLR0913 - the options of a command
    alert_id: AlertId,
    url: Url = "",
    *,
    text: Text = None,
    yes: Yes = False,
    print_only: Print = False,
    as_json: AsJson = False,
    language: Language = DeskLanguage.GERMAN,
    insecure_http: InsecureHttp = False,
) -> None:
    """Zu einer eigenen Warnung Entwarnung geben (CAP: Update mit AllClear), nach Vorschau und Rückfrage."""
    way = _Way(url, yes, print_only, as_json, insecure_http)
    _end("entwarnung", partial(follow_up.all_clear, text=text), alert_id, desk(language), way)


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be made: how its identifier begins, how it is built, and whether of one part only."""

    name: str
    build: Build
    one_part: bool = False


@dataclass(frozen=True, slots=True)
class _Way:
    """How it is to go out."""

    url: str
    yes: bool
    print_only: bool
    as_json: bool
    insecure_http: bool


def _end(name: str, build: Build, alert_id: str, at: Desk, way: _Way) -> None:
    """End a warning by a message whose identifier begins so; what goes wrong is explained."""
    with explained(at, as_json=way.as_json):
        _carry_out(_Order(name, build), alert_id, at, way)


def _carry_out(order: _Order, alert_id: str, at: Desk, way: _Way) -> None:
    """Build the message, show what it would do, ask, and send it."""
    number = alert_number(alert_id)
    if not (way.yes or way.print_only) and (way.as_json or not sys.stdin.isatty()):
        raise WrongCall("confirm")
    service = Service.at(way.url, insecure_http=way.insecure_http)
    with _nothing_sent(at, as_json=way.as_json):
        message, copies = _built(order, service, number, at)
        body = cap.render(message)
        if way.print_only:
            typer.echo(body, nl=False)
            return
        if not way.as_json:
            _show(service, message, copies, body, at)
    if not way.yes and not is_confirmed(at.line("asked", what=_what(message, at))):
        say([at.line("not_sent")], err=True)
        raise typer.Exit(REFUSED)
    _send(service, message, body, at, as_json=way.as_json)


@contextmanager
def _nothing_sent(at: Desk, *, as_json: bool) -> Iterator[None]:
    """Until a message is sent, neither no answer nor Ctrl-C leaves in doubt whether it was."""
    try:
        with explained(at, as_json=as_json, advice=at.line("same_command"), unanswered=NOT_BEGUN):
            yield
    except KeyboardInterrupt as error:
        say([at.line("not_sent")], err=True)
        raise typer.Exit(INTERRUPTED) from error


def _built(
    order: _Order, service: Service, number: str, at: Desk
) -> tuple[cap.Alert, tuple[cap.Reference, ...]]:
    """Return the message about what of the alert holds now, and which copies it names too; ends the command where there
    is nothing to change, or where the message would break rules of CAP.
    """
    try:
        target = find_target(service, number, at)
        if order.one_part:
            target = waiting_change(service, number, target, at)
        _require_one_part(order, target, at)
    except NothingToChange as error:
        say(map(str, error.args), err=True)
        raise typer.Exit(REFUSED) from error
    base = follow_up.covering(target.parts)
    message = order.build(base, header(order.name, base, (*target.references, *target.copies), at))
    _require_valid(message, at)
    return message, target.copies


def _show(
    service: Service, message: cap.Alert, copies: tuple[cap.Reference, ...], body: bytes, at: Desk
) -> None:
    """Say what was built, and what sending it would do."""
    names = " ".join(map(reference_text, message.references))
    headline = message.infos[0].headline or message.infos[0].event if message.infos else ""
    reason = at.texts.reasons[_reason(message)]
    say([at.line("built", reason=reason, headline=headline, references=names)])
    say([at.line("copies", references=names) for names in map(reference_text, copies)])
    show_preview(service, body, at, as_json=False)


def _what(message: cap.Alert, at: Desk) -> str:
    """Return what is to be confirmed: what the message is, and of an Update until when it holds, with the zone."""
    reason = _reason(message)
    ends = [info.expires for info in message.infos if info.expires is not None]
    until = f", {at.line('until', until=at.time(max(ends)))}" if ends and reason is Reason.UPDATE else ""
    return f"{at.texts.reasons[reason]}{until}"


def is_confirmed(question: str) -> bool:
    """Ask at the terminal; whoever says no or nothing, or ends the input, has not confirmed."""
    try:
        answer = typer.prompt(question, default="", show_default=False, prompt_suffix=" ")
    except typer.Abort:
        typer.echo(err=True)
        return False
    return str(answer).strip().casefold() in YES


def _require_one_part(order: _Order, target: InForceParts, at: Desk) -> None:
    if order.one_part and len(target.parts) > 1:
        raise NothingToChange(at.line("in_force_several"), *target.listed)


def _send(service: Service, message: cap.Alert, body: bytes, at: Desk, *, as_json: bool) -> None:
    """Send the message, which lies in a file until it is known what came of it: the same bytes can be sent again."""
    file = kept(f"{message.identifier}.xml", body)
    try:
        answer = post(service, body)
    except Unanswered:
        say([at.line("kept", file=file)], err=True)
        raise
    except ServiceRefused:
        remove(file)
        raise
    # Before anything is said, which may find nobody who reads it.
    remove(file)
    show_accepted(answer, at, as_json=as_json)


def _edited(file: Path, earlier: cap.Alert) -> cap.Alert:
    try:
        (edited,) = cap.parse(file.read_bytes()).alerts
    except (cap.CapError, ValueError) as error:
        detail = error.message_de if isinstance(error, cap.CapError) else str(error)
        raise WrongCall("file_unreadable", file=file, detail=detail) from error
    if edited.sender != earlier.sender:
        raise WrongCall("file_of_another", file=file, other=edited.sender, sender=earlier.sender)
    return edited


def _require_valid(message: cap.Alert, at: Desk) -> None:
    """End the command where what was built breaks rules of CAP: the earlier message or the edited one does."""
    findings = cap.check(message, cap.STRICT)
    if cap.is_valid(findings):
        return
    say([TITLE[ProblemType.INVALID_CAP].in_language(at.language)], err=True)
    for one in findings:
        item = {"code": one.code, "line": one.line, "message": one.message, "message_de": one.message_de}
        say([finding_line(item, at)], err=True)
    raise typer.Exit(REFUSED)


def _reason(message: cap.Alert) -> Reason:
    if message.msg_type is cap.MsgType.CANCEL:
        return Reason.CANCEL
    ends = all(cap.ResponseType.ALL_CLEAR in info.response_types for info in message.infos)
    return Reason.ALL_CLEAR if message.infos and ends else Reason.UPDATE
