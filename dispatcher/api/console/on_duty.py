"""Answer the page on which persons see where they are told when on duty, and add the browser that they sit at.

The password is not asked for again: whoever reads a message can do nothing with it.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import msgspec
from starlette.responses import JSONResponse, Response

from channels.base import Endpoint, Permanent
from channels.webpush.vapid import key_name
from dispatcher.access.principals import person_actor
from dispatcher.console.pages import CONTENT_SECURITY_POLICY, HEADERS, static_file
from dispatcher.on_duty.endpoints import Confirmation, browser_endpoint
from dispatcher.store.on_duty.endpoints import TooManyEndpoints

if TYPE_CHECKING:
    from dispatcher.api.console.visits import Visit
    from dispatcher.on_duty.endpoints import DutyEndpoint
    from dispatcher.store.persons.sessions import PersonSession

WITH_WORKER: Final = f"{CONTENT_SECURITY_POLICY} worker"
"""The page may name the script of its service worker, besides."""
WORKER: Final = "on_duty_worker.js"
_SAID: Final = {
    Confirmation.PROVEN: ("endpoint_proven", HTTPStatus.OK),
    Confirmation.WRONG: ("wrong", HTTPStatus.FORBIDDEN),
    Confirmation.OVER: ("endpoint_code_over", HTTPStatus.CONFLICT),
}


class _Code(msgspec.Struct):
    code: str


async def show(visit: Visit, session: PersonSession) -> Response:
    """Show a person its endpoints."""
    return await _shown(visit, session)


async def worker(visit: Visit) -> Response:
    """Answer the service worker: from here, so that it is for the pages of this environment."""
    del visit
    headers = {**HEADERS, "Cache-Control": "no-cache"}
    return Response(static_file(WORKER), media_type="text/javascript; charset=utf-8", headers=headers)


async def add_browser(visit: Visit, session: PersonSession) -> Response:
    """Add the browser that the person sits at, and have a code sent to it, which its page brings back."""
    key = await visit.dependencies.push_key.get()
    if key is None:
        return _refused("no_worker", HTTPStatus.SERVICE_UNAVAILABLE)
    duty, by = visit.parts.duty, person_actor(session.person.id)
    try:
        new = browser_endpoint(visit.body, key_name(key))
        duty.push.check(Endpoint(0, new.address, new.keys))
        number = await duty.endpoints.add(session.person.id, new, by)
    except (ValueError, Permanent):
        return _refused("endpoint_unacceptable", HTTPStatus.UNPROCESSABLE_ENTITY)
    except TooManyEndpoints:
        return _refused("too_many_endpoints", HTTPStatus.CONFLICT)
    if number is None:
        return _refused("person_disabled", HTTPStatus.FORBIDDEN)
    await duty.endpoints.ask_code(number, by)
    return JSONResponse({"number": number}, HTTPStatus.CREATED, dict(HEADERS))


async def confirm(visit: Visit, session: PersonSession) -> Response:
    """Take a code: typed into the form, or brought back by the page of the browser that got it."""
    is_form = "code" in visit.fields
    code = visit.fields.get("code", "").strip() if is_form else _posted_code(visit)
    done = await visit.parts.duty.endpoints.confirm(
        _number(visit), code, person_actor(session.person.id), session.person.id
    )
    said, status = _SAID[done]
    if is_form:
        return await _shown(visit, session, said, status)
    return JSONResponse({"confirmation": done.value}, status, dict(HEADERS))


async def test(visit: Visit, session: PersonSession) -> Response:
    """Have a code sent to an endpoint of the person."""
    asked = None
    if await _own(visit, session) is not None:
        by = person_actor(session.person.id)
        asked = await visit.parts.duty.endpoints.ask_code(_number(visit), by)
    if asked is None:
        return await _shown(visit, session, "endpoint_code_soon", HTTPStatus.CONFLICT)
    return await _shown(visit, session, "endpoint_code_sent")


async def remove(visit: Visit, session: PersonSession) -> Response:
    """Erase an endpoint of the person."""
    person = session.person.id
    await visit.parts.duty.endpoints.remove(_number(visit), person_actor(person), person)
    return visit.to("/on-duty")


async def _own(visit: Visit, session: PersonSession) -> DutyEndpoint | None:
    found = await visit.parts.duty.endpoints.numbered(_number(visit))
    return found if found is not None and found.person_id == session.person.id else None


async def _shown(
    visit: Visit, session: PersonSession, said: str = "", status: HTTPStatus = HTTPStatus.OK
) -> Response:
    endpoints = await visit.parts.duty.endpoints.listed(session.person.id)
    response = visit.page(
        "on_duty",
        status,
        said=visit.word(said) if said else "",
        endpoints=[_line(one) for one in endpoints],
        push_key=await visit.dependencies.push_key.get() or "",
    )
    response.headers["Content-Security-Policy"] = WITH_WORKER
    return response


def _line(one: DutyEndpoint) -> dict[str, Any]:
    return {
        "number": one.id,
        "channel": one.channel.value,
        "label": one.label,
        "state": "works" if one.works else "gone" if one.gone_at else "unproven",
        "accepted_at": one.last_accepted_at,
        "is_typed": one.channel.value != "webpush",
    }


def _posted_code(visit: Visit) -> str:
    try:
        return msgspec.json.decode(visit.body, type=_Code).code
    except msgspec.MsgspecError:
        return ""


def _refused(why: str, status: HTTPStatus) -> Response:
    return JSONResponse({"refused": why}, status, dict(HEADERS))


def _number(visit: Visit) -> int:
    """Return the number in the address; one that nothing has for what is none."""
    text = visit.request.path_params["number"]
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
