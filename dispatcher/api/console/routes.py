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
from dispatcher.api.console import accounts, approvals, corrections, on_duty, provider, signing_in
from dispatcher.api.console.visits import for_anybody, for_holders, for_persons, is_foreign, received
from dispatcher.console.pages import HEADERS, STATIC, static_file
from dispatcher.console.words import WORDS
from dispatcher.model.problems import RequestRefused
from dispatcher.model.vocabulary import Environment

if TYPE_CHECKING:
    from starlette.requests import Request

    from dispatcher.api.console.parts import ConsoleParts
    from dispatcher.api.console.visits import Handler
    from dispatcher.model.sentences.sentence import Said

ROOT: Final = "/console/{environment}"
KEPT: Final = "public, max-age=31536000, immutable"
"""Of files that pages name with their version."""

HANDLERS: Final[dict[tuple[str, str], Handler]] = {
    ("GET", "/"): for_persons(accounts.show, enrolling=True),
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
    ("GET", "/alerts/{alert_id}/correct"): for_holders(Permission.CORRECT_ALERTS, corrections.show),
    ("POST", "/alerts/{alert_id}/correct"): for_holders(Permission.CORRECT_ALERTS, corrections.correct),
}
"""What answers, by method and path below `/console/live` and `/console/exercise`."""


def routes(parts: ConsoleParts | None) -> list[Route]:
    """Return the routes; without `parts` each of them says that nobody can sign in here."""
    found = [
        Route(f"{ROOT}{path}", _answering(handler, parts), methods=[method], include_in_schema=False)
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


def _answering(handler: Handler, parts: ConsoleParts | None) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        named = request.path_params["environment"]
        if named not in set(Environment):
            return _plain("not_found")
        if parts is None:
            return _plain("no_console")
        try:
            visit = await received(request, parts, Environment(named))
        except RequestRefused as refused:
            return _said(refused.detail, HTTPStatus(refused.status))
        if is_foreign(visit):
            if "application/json" in request.headers.get("content-type", ""):
                return JSONResponse({"refused": "foreign"}, HTTPStatus.FORBIDDEN, dict(HEADERS))
            return visit.message("console", "foreign_form", HTTPStatus.FORBIDDEN)
        return await handler(visit)

    return answer


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
