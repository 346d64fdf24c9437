"""`dispatcher update | cancel | all-clear`: change or end what one has sent, with exact references."""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

import cap
from cap import follow_up
from cap.formats.rendering import reference_text
from dispatcher.commands.desk.following import AlertId, alert_number, page_of
from dispatcher.commands.desk.moments import future_moment
from dispatcher.commands.desk.sentences import finding_line, over_line, reference_of
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
from dispatcher.commands.shell.help_text import FOLLOWED_UP, Where, helped
from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.desk_texts.desk import Desk, desk
from dispatcher.model.problems import TITLE, ProblemType
from dispatcher.model.status import OverReason
from dispatcher.model.vocabulary import ENDING_REASONS, Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Build = Callable[[cap.Alert, follow_up.Header], cap.Alert]

Text = Annotated[
    str | None, typer.Option(help="was die Leute dazu lesen sollen; ohne Angabe nur, dass es vorbei ist")
]
Yes = Annotated[bool, typer.Option("--yes", help="ohne Rückfrage senden")]
Print = Annotated[bool, typer.Option("--print", help="die Meldung (CAP) ausgeben, nicht senden")]

GOES_ON: Final = frozenset({*ENDING_REASONS, Reason.NOT_ACTUAL, Reason.NOT_PUBLIC, Reason.MERGED})
"""What a Cancel of a message would come to while there is something to end: exercises end without telling anybody."""
NEWEST: Final = 500
INTERRUPTED: Final = 130
"""The exit code of what Ctrl-C ended, as shells have it."""
YES: Final = frozenset({"j", "ja", "y", "yes"})
"""What confirms, in whatever language is asked."""
FOLDER: Final = "dispatcher-"
"""How a folder's name begins in which a message waits for its answer."""
COPIES_MAX: Final = 50
"""How many copies of one warning are looked for, one behind the other."""


@dataclass(frozen=True, slots=True)
class InForceParts:
    """What of a message's history holds now: its parts, and the references that name them all."""

    parts: tuple[cap.Alert, ...]
    references: tuple[cap.Reference, ...]
    copies: tuple[cap.Reference, ...] = ()
    """Own warnings that say the same, and that nobody was told of because of that."""


class NothingToChange(Exception):
    """The message holds no more, or goes on in several parts; each argument is a line that says so."""


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
    order = _Order("aufhebung", lambda earlier, header: follow_up.cancel(earlier, header, text))
    at = desk(language)
    with explained(at, as_json=as_json):
        _carry_out(order, alert_id, at, _Way(url, yes, print_only, as_json, insecure_http))


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
    order = _Order("entwarnung", lambda earlier, header: follow_up.all_clear(earlier, header, text))
    at = desk(language)
    with explained(at, as_json=as_json):
        _carry_out(order, alert_id, at, _Way(url, yes, print_only, as_json, insecure_http))


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
        _require_one_part(order, service, target, at)
    except NothingToChange as error:
        say(map(str, error.args), err=True)
        raise typer.Exit(REFUSED) from error
    base = follow_up.covering(target.parts)
    message = order.build(base, _header(order.name, base, (*target.references, *target.copies), at))
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


def _require_one_part(order: _Order, service: Service, target: InForceParts, at: Desk) -> None:
    if order.one_part and len(target.parts) > 1:
        raise NothingToChange(at.line("in_force_several"), *_ids(service, target))


def _send(service: Service, message: cap.Alert, body: bytes, at: Desk, *, as_json: bool) -> None:
    """Send the message, which lies in a file until it is known what came of it: the same bytes can be sent again."""
    file = kept(f"{message.identifier}.xml", body)
    try:
        answer = post(service, body)
    except Unanswered:
        say([at.line("kept", file=file)], err=True)
        raise
    except ServiceRefused:
        _remove(file)
        raise
    # Before anything is said, which may find nobody who reads it.
    _remove(file)
    show_accepted(answer, at, as_json=as_json)


def _remove(file: Path) -> None:
    file.unlink(missing_ok=True)
    if file.parent.name.startswith(FOLDER):
        with suppress(OSError):
            file.parent.rmdir()


def kept(name: str, body: bytes) -> Path:
    """Write a message that is about to be sent, for its sender's eyes only, where one is, or where that is not allowed
    in a new folder for what is passing; return the file. What is there already is never written over, and no link
    followed: others may write to such a folder too.
    """
    try:
        return _written(Path(name), body)
    except OSError:
        return _written(Path(tempfile.mkdtemp(prefix=FOLDER), name), body)


def _written(file: Path, body: bytes) -> Path:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(body)
    return file


def find_target(service: Service, alert_id: str, at: Desk) -> InForceParts:
    """Return what of a message's history holds now. The service says it, of a Cancel that nobody sends: references are
    a graph, and what holds in it is known there alone. Own copies, which nobody was told of because the message says
    the same, are named as well: else they would be sent in its place. Raises `NothingToChange`, and what `Service`
    does.
    """
    earlier = _sent(service, alert_id)
    target = InForceParts((earlier,), (follow_up.own_reference(earlier),))
    try:
        answer = _probe(service, target, at)
    except ServiceRefused as error:
        if error.type != ProblemType.REFERENCE_REPLACED or not error.problem.get("in_force"):
            raise
        target = _successors(service, earlier, error.problem["in_force"])
        answer = _probe(service, target, at)
    if answer["reason"] not in GOES_ON:
        why = _end_of(service, alert_id, at) or at.texts.unsent.get(answer["reason"], answer["reason"])
        raise NothingToChange(at.line("ended_already", why=why))
    return _with_copies(service, target, answer, at)


def _probe(service: Service, target: InForceParts, at: Desk) -> dict[str, Any]:
    """Ask what a Cancel of the target would do."""
    base = target.parts[0]
    probe = follow_up.cancel(base, _header("probe", base, (*target.references, *target.copies), at))
    return service.post("/v1/alerts/preview", cap.render(probe), "reason")


def _with_copies(service: Service, target: InForceParts, answer: dict[str, Any], at: Desk) -> InForceParts:
    """Return the target with the own copies that would be sent in its place, and those that would be in theirs."""
    for _ in range(COPIES_MAX):
        more = tuple(
            reference_of(one)
            for one in answer.get("sent_instead", ())
            if one["sender"] == target.parts[0].sender
        )
        if not more:
            break
        target = replace(target, copies=(*target.copies, *more))
        answer = _probe(service, target, at)
    return target


def _end_of(service: Service, alert_id: str, at: Desk) -> str:
    """Return the sentence that says by what, and when, the last message that took this one's place is over."""
    said, wanted = "", alert_id
    for _ in range(NEWEST):
        over = service.get(page_of(wanted), "channels").get("over")
        if not over:
            break
        said = over_line(over, at)
        if over["reason"] != OverReason.REPLACED or not over["by"]:
            break
        wanted = over["by"]
    return said


def _successors(service: Service, earlier: cap.Alert, in_force: Sequence[dict[str, Any]]) -> InForceParts:
    """Return the messages that the service says hold in the place of the earlier one, which is what it is told by
    where the list has none of them.
    """
    references = tuple(reference_of(named) for named in in_force)
    listed = service.get(f"/v1/alerts?limit={NEWEST}", "alerts")["alerts"]
    wanted = {(one.sender, one.identifier, one.sent) for one in references}
    ids = [one["id"] for one in listed if _identity(one) in wanted]
    parts = tuple(_sent(service, alert_id) for alert_id in ids)
    # As each of them was written; what the list did not have is named by the service's words.
    written = {part.identity: follow_up.own_reference(part) for part in parts}
    exact = tuple(
        next(
            (own for identity, own in written.items() if identity == (one.sender, one.identifier, one.sent)),
            one,
        )
        for one in references
    )
    return InForceParts(parts or (earlier,), exact)


def _identity(listed: dict[str, Any]) -> tuple[str, str, datetime]:
    return listed["sender"], listed["identifier"], datetime.fromisoformat(listed["sent"])


def _ids(service: Service, target: InForceParts) -> list[str]:
    wanted = {part.identity for part in target.parts}
    listed = service.get(f"/v1/alerts?limit={NEWEST}", "alerts")["alerts"]
    return [f"  {one['id']}  {one['headline']}" for one in listed if _identity(one) in wanted]


def _sent(service: Service, alert_id: str) -> cap.Alert:
    """Return a message as it was sent. The service took it, so it can be read."""
    return cap.parse(service.bytes_at(f"{page_of(alert_id)}/cap")).alerts[0]


def _edited(file: Path, earlier: cap.Alert) -> cap.Alert:
    try:
        (edited,) = cap.parse(file.read_bytes()).alerts
    except (cap.CapError, ValueError) as error:
        detail = error.message_de if isinstance(error, cap.CapError) else str(error)
        raise WrongCall("file_unreadable", file=file, detail=detail) from error
    if edited.sender != earlier.sender:
        raise WrongCall("file_of_another", file=file, other=edited.sender, sender=earlier.sender)
    return edited


def _header(
    name: str, earlier: cap.Alert, references: tuple[cap.Reference, ...], at: Desk
) -> follow_up.Header:
    now = datetime.now(at.zone)
    identifier = f"{name}-{now.astimezone(UTC):%Y%m%d%H%M%S}-{secrets.token_hex(4)}"
    return follow_up.Header(identifier, follow_up.next_moment(earlier, now), references)


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
