"""Answer the pages on which a person writes a warning, sees whom it reaches, and sends it.

They have no way of their own: what is shown comes of the function that `POST /v1/alerts/preview` asks, and what is sent
goes through the one of `POST /v1/alerts`.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple

import cap
from dispatcher.access.permissions import Permission
from dispatcher.api.alerts import preview_alert, submit_alert
from dispatcher.api.console.compose.drafting import Drafting, drafting, made
from dispatcher.api.console.compose.views import FormNotes, show_form, show_preview
from dispatcher.api.console.visits import for_holders
from dispatcher.console.compose.draft import Draft, DraftKind, read_draft
from dispatcher.console.compose.following import FIELD_TIME, prefilled
from dispatcher.console.compose.imported import TAKE_TEXTS, with_texts
from dispatcher.console.compose.message import FieldFault, field_of
from dispatcher.model.alerts import new_identifier
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.sentence import Said
from dispatcher.model.vocabulary import AlertState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.responses import Response

    from dispatcher.access.principals import Principal
    from dispatcher.api.console.visits import Handler, HolderHandler, Visit
    from dispatcher.intake.submission import Preview
    from dispatcher.model.alerts import StoredAlert

USUALLY_LASTS: Final = timedelta(hours=6)
"""What a blank form begins with: it is seen there, and changed where it is not right."""
PREVIEW_HOLDS: Final = timedelta(days=1)
"""How far from now the time of a previewed message may be, that it is sent with it."""
NAME: Final = "lagetisch"
"""What identifiers begin with of messages that are written here."""


FIELD_OF: Final = {
    ProblemType.EXPIRES_TOO_LATE: "expires",
    ProblemType.NO_AREA: "places",
    ProblemType.AREA_UNMATCHED: "places",
    ProblemType.OUTSIDE_TERRITORY: "places",
    ProblemType.SENDER_NOT_ALLOWED: "sender",
    ProblemType.TOO_COMPLEX: "imported",
    ProblemType.TOO_LARGE: "imported",
}
"""The field at which a refusal is said that names no element of the message."""


class Made(NamedTuple):
    """A message that was made of a draft."""

    drafting: Drafting
    alert: cap.Alert
    raw: bytes

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(self.raw).digest()


def for_writers(handler: HolderHandler, permission: Permission = Permission.PREVIEW_ALERTS) -> Handler:
    """Let a handler answer who is signed in and may write for a control centre. Whoever's session has ended over a form
    is shown how to go on with it, and what refuses is shown above the form, with all that was typed.
    """

    async def answer(visit: Visit, author: Principal) -> Response:
        if visit.fields.get(TAKE_TEXTS):
            visit = replace(visit, fields=await asyncio.to_thread(with_texts, visit.fields))
        try:
            return await handler(visit, author)
        except RequestRefused as refused:
            return await _refused(visit, author, refused)

    held = for_holders(permission, answer)

    async def with_session(visit: Visit) -> Response:
        if visit.session is None and visit.request.method == "POST":
            return _signed_out(visit)
        return await held(visit)

    return with_session


async def keep(visit: Visit) -> Response:
    """Show a form again that an earlier session's page has posted. Nothing is done but that."""
    if visit.session is None:
        return _signed_out(visit)
    return await for_holders(Permission.PREVIEW_ALERTS, _kept)(visit)


async def write(visit: Visit, author: Principal) -> Response:
    """Show an empty form, that of a template, or one that changes or ends what was sent."""
    at = await drafting(visit, author, _identified(visit, _wanted(visit)))
    if at.standing is not None:
        parts, boundaries = at.standing.parts, visit.dependencies.boundaries
        at = replace(at, draft=prefilled(parts[0], at.draft, boundaries, visit.parts.zone))
    return await show_form(visit, at)


async def write_on(visit: Visit, author: Principal) -> Response:
    """Show the form with all that was written."""
    return await show_form(visit, await drafting(visit, author, _posted(visit)))


async def lead_back(visit: Visit, author: Principal) -> Response:
    """Lead to the form whoever loads the address of what takes one."""
    del author
    return visit.to("/compose")


async def preview(visit: Visit, author: Principal) -> Response:
    """Show what sending the message would do. Nothing is sent."""
    found = await _made(visit, author, _now(visit))
    if not isinstance(found, Made):
        return found
    return await _previewed(visit, author, found)


async def submit(visit: Visit, author: Principal) -> Response:
    """Send the message that was shown, once; it leads to its page then."""
    if (done := await _sent_before(visit, author)) is not None:
        return done
    sent = _moment(visit.fields.get("sent", ""), _now(visit))
    found = await _made(visit, author, sent)
    if not isinstance(found, Made):
        return found
    if found.digest.hex() != visit.fields.get("seen", ""):
        return await _previewed(visit, author, found, visit.word("compose_changed"))
    if found.drafting.version is not None:
        templates = visit.dependencies.templates
        await templates.note_filling(found.drafting.version, found.raw, author.actor)
    return _to(visit, author, (await submit_alert(visit.dependencies, author, found.raw)).alert)


def _to(visit: Visit, author: Principal, alert: StoredAlert) -> Response:
    """Lead to the page of what was sent, or of what waits for a second person."""
    waits = alert.state is AlertState.HELD and author.may(Permission.READ_APPROVALS)
    return visit.to(f"/{'approvals' if waits else 'alerts'}/{alert.id}")


async def _sent_before(visit: Visit, author: Principal) -> Response | None:
    """Return what leads to the very message that was shown if it was sent before: whoever presses twice, or loads a
    page again, sees what became of it. None where it was not.
    """
    senders = author.source.senders if author.source else ()
    identifier = read_draft(visit.fields).identifier
    before = await visit.dependencies.alerts.first_of(tuple(senders), identifier) if identifier else None
    if before is None or before.sha256.hex() != visit.fields.get("seen", ""):
        return None
    return _to(visit, author, before)


async def _previewed(visit: Visit, author: Principal, found: Made, refusal: str = "") -> Response:
    judged: Preview = await preview_alert(visit.request, author, found.raw)
    return await show_preview(visit, found.drafting, found.alert, judged, found.digest.hex(), refusal)


async def _made(visit: Visit, author: Principal, sent: datetime) -> Made | Response:
    """Return the message of the posted draft; else the form, which says what is wrong with it."""
    at = await drafting(visit, author, _posted(visit), sent)
    composition = await made(visit, at)
    if composition.alert is None:
        notes = FormNotes(status=HTTPStatus.UNPROCESSABLE_ENTITY, faults=composition.faults)
        return await show_form(visit, at, notes)
    raw = cap.render(composition.alert)
    found = Made(at, composition.alert, raw)
    sender, identifier, _ = composition.alert.identity
    before = await visit.dependencies.alerts.first_of([sender], identifier)
    if before is not None and before.sha256 != found.digest:
        if (done := await _sent_before(visit, author)) is not None:
            return done
        notes = FormNotes(visit.word("compose_sent_before"), HTTPStatus.CONFLICT, sent_as=before.id)
        return await show_form(visit, at, notes)
    return found


async def _refused(visit: Visit, author: Principal, refused: RequestRefused) -> Response:
    """Show the form with why the service refuses, at the fields that it names; lead to the messages that can be changed
    one by one whoever asks for the change of all.
    """
    if visit.request.method == "GET" and (parts := refused.extra.get("parts")):
        return visit.page(
            "compose_parts",
            HTTPStatus(refused.status),
            title=visit.word(f"compose_update_{visit.environment}"),
            said=refused.detail.in_language(visit.language),
            parts=parts,
        )
    at = await drafting(visit, author, _posted(visit), is_lenient=True)
    said = f"{visit.word('compose_refused')} {refused.detail.in_language(visit.language)}"
    faults = _faults(refused.errors, [*at.draft.texts] if at.template is None else at.template.languages())
    field = FIELD_OF.get(refused.type)
    if field is not None and not any(one.field for one in faults):
        faults.append(FieldFault(field, refused.detail))
    return await show_form(visit, at, FormNotes(said, HTTPStatus(refused.status), faults))


def _faults(errors: Sequence[dict[str, object]], languages: Sequence[str]) -> list[FieldFault]:
    return [
        FieldFault(
            field_of(str(one.get("path", "")), languages),
            Said(str(one.get("message_de", "")), str(one.get("message", ""))),
        )
        for one in errors
    ]


async def _kept(visit: Visit, author: Principal) -> Response:
    at = await drafting(visit, author, _posted(visit), is_lenient=True)
    return await show_form(visit, at, FormNotes(visit.word("compose_kept")))


def _wanted(visit: Visit) -> Draft:
    """Return the draft that the address asks for."""
    query = visit.request.query_params
    for kind in (DraftKind.UPDATE, DraftKind.ALL_CLEAR):
        if of := query.get(kind.value, ""):
            return read_draft({"kind": kind.value, "of": of})
    template = query.get("template", "")
    ends = "" if template else (_now(visit) + USUALLY_LASTS).strftime(FIELD_TIME)
    return read_draft({"template": template, "expires": ends})


def _signed_out(visit: Visit) -> Response:
    fields = list(read_draft(visit.fields).fields())
    return visit.page("compose_signed_out", HTTPStatus.FORBIDDEN, fields=fields)


def _posted(visit: Visit) -> Draft:
    return _identified(visit, read_draft(visit.fields))


def _identified(visit: Visit, draft: Draft) -> Draft:
    """Return the draft with an identifier of its own, which it keeps from page to page."""
    return draft if draft.identifier else replace(draft, identifier=new_identifier(NAME, _now(visit)))


def _now(visit: Visit) -> datetime:
    return datetime.now(visit.parts.zone).replace(microsecond=0)


def _moment(typed: str, now: datetime) -> datetime:
    """Return when the previewed message says that it is sent; now where the form does not say it, or says what no page
    of these days does: then it is previewed anew.
    """
    try:
        moment = datetime.fromisoformat(typed)
    except ValueError:
        return now
    is_shown = moment.tzinfo is not None and not moment.microsecond and abs(now - moment) <= PREVIEW_HOLDS
    return moment.astimezone(now.tzinfo) if is_shown else now
