"""Answer the pages on which persons sign in, and sign out."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, RedirectResponse, Response

from dispatcher.access.permissions import Permission
from dispatcher.api.console.cookies import drop_session, put_session
from dispatcher.api.console.visits import FIRST
from dispatcher.console.pages import HEADERS
from dispatcher.sign_in.passkeys import PasskeyRefused, read_answer
from dispatcher.sign_in.sign_in import SignInRefusal, SignInRefused
from dispatcher.store.persons.sessions import Method

if TYPE_CHECKING:
    from dispatcher.api.console.visits import Visit
    from dispatcher.sign_in.sign_in import Opened
    from dispatcher.store.persons.sessions import PersonSession

STATUS = {
    SignInRefusal.WRONG: HTTPStatus.FORBIDDEN,
    SignInRefusal.THROTTLED: HTTPStatus.TOO_MANY_REQUESTS,
    SignInRefusal.BUSY: HTTPStatus.SERVICE_UNAVAILABLE,
    SignInRefusal.OVER: HTTPStatus.FORBIDDEN,
    SignInRefusal.AWAY: HTTPStatus.SERVICE_UNAVAILABLE,
}


def minutes_of(refused: SignInRefused) -> int:
    """Return after how many minutes it may be tried again, as a page says it: never none."""
    return max(math.ceil(refused.seconds / 60), 1)


async def ask(visit: Visit) -> Response:
    """Ask for name and password, or for a passkey."""
    if visit.session is not None:
        return visit.to(FIRST)
    return asking(visit, HTTPStatus.OK, "", visit.request.query_params.get("next", ""))


async def start(visit: Visit, session: PersonSession) -> Response:
    """Lead whoever has signed in to the desk; who enrols, or has no role for it, to the account."""
    is_enrolling = session.method is Method.INVITATION
    return visit.to("/" if is_enrolling or visit.holder(Permission.READ_ALERTS) is None else "/desk")


async def take_password(visit: Visit) -> Response:
    """Take name and password; the second factor is asked for next."""
    fields, wanted = visit.fields, visit.fields.get("next", "")
    try:
        await visit.parts.sign_in.by_password(
            visit.visitor, fields.get("name", ""), fields.get("password", "")
        )
    except SignInRefused as refused:
        return asking(visit, STATUS[refused.refusal], _said(visit, refused), wanted, refused.seconds)
    return visit.page("code", said="", next=visit.next_of(wanted))


async def take_code(visit: Visit) -> Response:
    """Take the code of a second factor."""
    wanted = visit.next_of(visit.fields.get("next", ""))
    try:
        opened = await visit.parts.sign_in.by_code(visit.visitor, visit.fields.get("code", ""))
    except SignInRefused as refused:
        said = _said(visit, refused)
        if refused.refusal is SignInRefusal.OVER:
            return asking(visit, STATUS[refused.refusal], said, wanted)
        return visit.page("code", STATUS[refused.refusal], said=said, next=wanted)
    return entered(wanted, opened)


async def ask_passkey(visit: Visit) -> Response:
    """Give the browser the challenge that a passkey has to sign."""
    options = await visit.parts.sign_in.ask_passkey(visit.visitor)
    return Response(options, media_type="application/json", headers=dict(HEADERS))


async def take_passkey(visit: Visit) -> Response:
    """Take the answer of a passkey."""
    try:
        opened = await visit.parts.sign_in.by_passkey(visit.visitor, read_answer(visit.body))
    except PasskeyRefused:
        return JSONResponse({"refused": SignInRefusal.WRONG}, HTTPStatus.FORBIDDEN, dict(HEADERS))
    except SignInRefused as refused:
        return JSONResponse({"refused": refused.refusal}, STATUS[refused.refusal], dict(HEADERS))
    response = Response(status_code=HTTPStatus.NO_CONTENT, headers=dict(HEADERS))
    put_session(response, opened)
    return response


async def sign_out(visit: Visit, session: PersonSession) -> Response:
    """End the session."""
    await visit.parts.sign_in.sign_out(session)
    return _left(visit)


async def sign_out_everywhere(visit: Visit, session: PersonSession) -> Response:
    """End all sessions of the person."""
    await visit.parts.sign_in.sign_out_everywhere(session)
    return _left(visit)


def asking(visit: Visit, status: HTTPStatus, said: str, wanted: str, wait_s: float = 0.0) -> Response:
    """Return the page to sign in, which says something."""
    response = visit.page(
        "sign_in",
        status,
        said=said,
        provider=visit.provider,
        next=visit.next_of(wanted) if wanted else "",
        first=visit.next_of(""),
    )
    if wait_s:
        response.headers["Retry-After"] = str(math.ceil(wait_s))
    return response


def _said(visit: Visit, refused: SignInRefused) -> str:
    return visit.word(refused.refusal.value, minutes=minutes_of(refused))


def entered(wanted: str, opened: Opened) -> Response:
    """Lead a browser on whose session begins."""
    response = RedirectResponse(wanted, HTTPStatus.SEE_OTHER, dict(HEADERS))
    put_session(response, opened)
    return response


def _left(visit: Visit) -> Response:
    response = visit.to("/sign-in")
    drop_session(response, visit.environment)
    return response
