"""Lead each address of the console to what answers it. They are no part of the API's description: a page is no
interface for programs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from markupsafe import escape
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from dispatcher.access.permissions import Permission
from dispatcher.api.console import (
    accounts,
    approvals,
    corrections,
    held,
    on_duty,
    provider,
    signing_in,
    templates,
)
from dispatcher.api.console.alert import dead_letters, standing, withdrawing
from dispatcher.api.console.alert import page as alert
from dispatcher.api.console.compose import live
from dispatcher.api.console.compose import pages as compose
from dispatcher.api.console.desk import events, handover, log, overview
from dispatcher.api.console.health import page as health
from dispatcher.api.console.unavailable import unavailable
from dispatcher.api.console.visits import (
    USUAL_FORM,
    FormBounds,
    for_anybody,
    for_holders,
    for_persons,
    is_foreign,
    is_of_our_origin,
    received,
    recognised,
)
from dispatcher.console.compose import draft
from dispatcher.console.pages import HEADERS, STATIC, static_file
from dispatcher.console.words import WORDS
from dispatcher.model.problems import RequestRefused
from dispatcher.model.vocabulary import Environment
from dispatcher.store.record import UNAVAILABLE

if TYPE_CHECKING:
    from starlette.requests import Request

    from dispatcher.api.console.parts import ConsoleParts
    from dispatcher.api.console.visits import Handler, Visit
    from dispatcher.model.sentences.sentence import Said

ROOT: Final = "/console/{environment}"
KEPT: Final = "public, max-age=31536000, immutable"
"""Of files that pages name with their version."""

HANDLERS: Final[dict[tuple[str, str], Handler]] = {
    ("GET", "/"): for_persons(accounts.show, enrolling=True),
    ("GET", "/start"): for_persons(signing_in.start, enrolling=True),
    ("GET", "/desk"): for_holders(Permission.READ_ALERTS, overview.show),
    ("GET", "/desk/events"): for_holders(Permission.READ_ALERTS, events.stream),
    ("GET", "/desk/handover"): for_holders(Permission.READ_ALERTS, handover.show),
    ("GET", "/desk/log"): for_holders(Permission.READ_ANY_ALERT, log.show),
    ("GET", "/desk/statistics.csv"): for_holders(Permission.READ_ANY_ALERT, log.table),
    ("POST", "/desk/handover"): for_holders(Permission.TAKE_OVER, handover.take_over),
    ("GET", "/sign-in"): for_anybody(signing_in.ask),
    ("POST", "/sign-in"): for_anybody(signing_in.take_password),
    ("POST", "/sign-in/code"): for_anybody(signing_in.take_code),
    ("POST", "/sign-in/passkey/options"): for_anybody(signing_in.ask_passkey),
    ("POST", "/sign-in/passkey"): for_anybody(signing_in.take_passkey),
    ("POST", "/sign-in/oidc"): for_anybody(provider.lead),
    ("GET", "/sign-in/oidc"): for_anybody(provider.take),
    ("POST", "/sign-out"): for_persons(signing_in.sign_out, enrolling=True),
    ("POST", "/sign-out-everywhere"): for_persons(signing_in.sign_out_everywhere, enrolling=True),
    ("GET", "/invitation/{token}"): for_anybody(accounts.show_invitation),
    ("POST", "/invitation/{token}"): for_anybody(accounts.accept_invitation),
    ("GET", "/account/totp"): for_persons(accounts.ask_totp, enrolling=True),
    ("POST", "/account/totp"): for_persons(accounts.take_totp, enrolling=True),
    ("POST", "/account/passkeys/options"): for_persons(accounts.ask_passkey, enrolling=True),
    ("POST", "/account/passkeys"): for_persons(accounts.take_passkey, enrolling=True),
    ("GET", "/account/recovery"): for_persons(accounts.ask_recovery),
    ("POST", "/account/recovery"): for_persons(accounts.make_recovery),
    ("POST", "/account/password"): for_persons(accounts.change_password),
    ("POST", "/account/credentials/{number}/remove"): for_persons(accounts.remove),
    ("POST", "/account/sessions/{number}/end"): for_persons(accounts.end),
    ("GET", "/on-duty"): for_persons(on_duty.show),
    ("GET", "/on-duty-worker.js"): for_anybody(on_duty.worker),
    ("POST", "/on-duty/browsers"): for_persons(on_duty.add_browser),
    ("POST", "/on-duty/{number}/code"): for_persons(on_duty.confirm),
    ("POST", "/on-duty/{number}/test"): for_persons(on_duty.test),
    ("POST", "/on-duty/{number}/remove"): for_persons(on_duty.remove),
    ("GET", "/approvals"): for_holders(Permission.READ_APPROVALS, approvals.show_list),
    ("GET", "/approvals/{alert_id}"): for_holders(Permission.READ_APPROVALS, approvals.show),
    ("GET", "/approvals/{alert_id}/approve"): for_holders(Permission.READ_APPROVALS, approvals.lead_back),
    ("GET", "/approvals/{alert_id}/reject"): for_holders(Permission.READ_APPROVALS, approvals.lead_back),
    ("POST", "/approvals/{alert_id}/approve"): for_holders(Permission.APPROVE_ALERTS, approvals.approve),
    ("POST", "/approvals/{alert_id}/reject"): for_holders(Permission.APPROVE_ALERTS, approvals.reject),
    ("GET", "/alerts/{alert_id}"): for_holders(Permission.READ_ALERTS, alert.show),
    ("GET", "/compose"): compose.for_writers(compose.write),
    ("POST", "/compose"): compose.for_writers(compose.write_on),
    ("GET", "/compose/preview"): compose.for_writers(compose.lead_back),
    ("POST", "/compose/preview"): compose.for_writers(compose.preview),
    ("GET", "/compose/map.json"): for_holders(Permission.PREVIEW_ALERTS, live.show_map),
    ("GET", "/compose/preview.json"): compose.for_writers(compose.lead_back),
    ("POST", "/compose/preview.json"): for_holders(Permission.PREVIEW_ALERTS, live.look_ahead),
    ("GET", "/compose/submit"): compose.for_writers(compose.lead_back),
    ("POST", "/compose/submit"): compose.for_writers(compose.submit, Permission.SUBMIT_ALERTS),
    ("GET", "/alerts/{alert_id}/progress"): for_holders(Permission.READ_ALERTS, standing.show_progress),
    ("GET", "/alerts/{alert_id}/replay"): for_holders(Permission.READ_ALERTS, dead_letters.lead_back),
    ("POST", "/alerts/{alert_id}/replay"): for_holders(Permission.REPLAY_DEAD_LETTERS, dead_letters.replay),
    ("GET", "/alerts/{alert_id}/withdraw"): for_holders(Permission.READ_ALERTS, dead_letters.lead_back),
    ("POST", "/alerts/{alert_id}/withdraw"): for_holders(Permission.SUBMIT_ALERTS, withdrawing.withdraw),
    ("GET", "/alerts/{alert_id}/correct"): for_holders(Permission.CORRECT_ALERTS, corrections.show),
    ("POST", "/alerts/{alert_id}/correct"): for_holders(Permission.CORRECT_ALERTS, corrections.correct),
    ("GET", "/held"): for_holders(Permission.READ_HELD, held.show_list),
    ("GET", "/held/{alert_id}"): for_holders(Permission.READ_HELD, held.show),
    ("GET", "/held/{alert_id}/release"): for_holders(Permission.READ_HELD, held.lead_back),
    ("GET", "/held/{alert_id}/discard"): for_holders(Permission.READ_HELD, held.lead_back),
    ("GET", "/held/{alert_id}/sms"): for_holders(Permission.READ_HELD, held.lead_to_list),
    ("POST", "/held/{alert_id}/release"): for_holders(Permission.DECIDE_HELD, held.release),
    ("POST", "/held/{alert_id}/discard"): for_holders(Permission.DECIDE_HELD, held.discard),
    ("POST", "/held/{alert_id}/sms"): for_holders(Permission.DECIDE_HELD, held.send_sms),
    ("GET", "/health"): for_holders(Permission.READ_FEEDS, health.show),
    ("GET", "/templates"): for_holders(Permission.READ_TEMPLATES, templates.show_list),
    ("GET", "/templates/{template_id}"): for_holders(Permission.READ_TEMPLATES, templates.lead_to_newest),
    ("GET", templates.VERSION): for_holders(Permission.READ_TEMPLATES, templates.show),
    ("GET", f"{templates.VERSION}/approve"): for_holders(Permission.READ_TEMPLATES, templates.lead_back),
    ("GET", f"{templates.VERSION}/reject"): for_holders(Permission.READ_TEMPLATES, templates.lead_back),
    ("GET", f"{templates.VERSION}/retire"): for_holders(Permission.READ_TEMPLATES, templates.lead_back),
    ("POST", f"{templates.VERSION}/approve"): for_holders(Permission.APPROVE_TEMPLATES, templates.approve),
    ("POST", f"{templates.VERSION}/reject"): for_holders(Permission.WITHDRAW_TEMPLATES, templates.reject),
    ("POST", f"{templates.VERSION}/retire"): for_holders(Permission.WITHDRAW_TEMPLATES, templates.retire),
}
"""What answers, by method and path below `/console/live` and `/console/exercise`."""
LONG_FORMS: Final = dict.fromkeys(
    ("/compose", "/compose/preview", "/compose/preview.json", "/compose/submit"),
    FormBounds(draft.BODY_BYTES, draft.FIELDS_MAX),
)
"""What forms may have that are longer than others, by path."""
KEEPING: Final[dict[str, Handler]] = dict.fromkeys(
    ("/compose", "/compose/preview", "/compose/submit"), compose.keep
)
"""What answers a form of a page of ours whose token is an earlier session's, so that nothing typed is lost."""


def routes(parts: ConsoleParts | None) -> list[Route]:
    """Return the routes; without `parts` each of them says that nobody can sign in here."""
    found = [
        Route(f"{ROOT}{path}", _answering(handler, parts, path), methods=[method], include_in_schema=False)
        for (method, path), handler in HANDLERS.items()
    ]
    return [Route("/console/static/{name}", static, methods=["GET"], include_in_schema=False), *found]


async def static(request: Request) -> Response:
    """Answer a file that pages load."""
    name = request.path_params["name"]
    content = static_file(name)
    if content is None:
        return _plain("not_found")
    headers = {**HEADERS, "Cache-Control": KEPT if request.url.query else "no-cache"}
    return Response(content, media_type=STATIC[name], headers=headers)


def _answering(
    handler: Handler, parts: ConsoleParts | None, path: str
) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        named = request.path_params["environment"]
        if named not in set(Environment):
            return _plain("not_found")
        if parts is None:
            return _plain("no_console")
        try:
            visit = await received(request, parts, Environment(named), LONG_FORMS.get(path, USUAL_FORM))
        except RequestRefused as refused:
            return _said(refused.detail, HTTPStatus(refused.status))
        try:
            visit = await recognised(visit)
            return await (_foreign(visit, path) if is_foreign(visit) else handler(visit))
        except UNAVAILABLE as error:
            return unavailable(visit, path, error)

    return answer


async def _foreign(visit: Visit, path: str) -> Response:
    if "application/json" in visit.request.headers.get("content-type", ""):
        return JSONResponse({"refused": "foreign"}, HTTPStatus.FORBIDDEN, dict(HEADERS))
    if path in KEEPING and is_of_our_origin(visit):
        return await KEEPING[path](visit)
    return visit.message("console", "foreign_form", HTTPStatus.FORBIDDEN)


def _plain(name: str) -> Response:
    return _said(WORDS[name], HTTPStatus.NOT_FOUND)


def _said(twin: Said, status: HTTPStatus) -> Response:
    """Return a page that needs to know nothing of who asks."""
    return HTMLResponse(
        f'<!doctype html>\n<html lang="de"><head><meta charset="utf-8"><title>{WORDS["console"].de}</title></head>'
        f'<body><main><h1>{escape(twin.de)}</h1><p lang="en">{escape(twin.en)}</p></main></body></html>\n',
        status,
        dict(HEADERS),
    )
