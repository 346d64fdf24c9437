"""Lets people leave by a link, or by their number, without a token and without an app: pages that ask, and do it.

Programs that look at links beforehand fetch them: so a GET changes nothing. What is answered is the same for every
link, so that nobody learns whose it is.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse

from dispatcher.access.management_tokens import LEAVE_TOKEN
from dispatcher.api.body import FORM, fields_of, read_body
from dispatcher.api.openapi.refusals import refusals
from dispatcher.api.subscribers.requests import client_of
from dispatcher.audience.phone_numbers import NumberRefused
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.pages.assets import assets
from dispatcher.pages.leaving import LeavingPages, spoken
from dispatcher.queue.sign_ups import line_of
from dispatcher.store.numbers.sms_codes import CodeRefused

if TYPE_CHECKING:
    from dispatcher.api.dependencies import ApiDependencies

Token = Annotated[
    str,
    Path(
        description="the token of the link",
        pattern=f"^{LEAVE_TOKEN.pattern}$",
        examples=["mfrggzdfmztwq2lkmfrggzdfmy"],
    ),
]
Wanted = Annotated[
    str, Query(description="the language of the page, before those that the browser names", examples=["uk"])
]
_HEADERS = {
    "Vary": "Accept-Language",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
BY_NUMBER: Final = "/v1/leave-number"
BODY_BYTES: Final = 1024
_REFUSED: Final = (
    ProblemType.TOO_LARGE,
    ProblemType.INCOMPLETE,
    ProblemType.OVERLOADED,
    ProblemType.RATE_LIMITED,
    ProblemType.RECORD_UNAVAILABLE,
)


def _form_body(**fields: str) -> dict[str, Any]:
    properties = {name: {"type": "string", "description": text} for name, text in fields.items()}
    schema = {"type": "object", "properties": properties, "required": list(fields)}
    return {"requestBody": {"required": True, "content": {FORM: {"schema": schema}}}}


def routes(dependencies: ApiDependencies) -> APIRouter:
    """Return the routes of a link to leave by."""
    router = APIRouter(prefix="/v1/leave", tags=["subscribers"], default_response_class=HTMLResponse)
    pages = LeavingPages(assets(), BY_NUMBER)

    @router.get("/{token}", operation_id="askToLeave")
    async def ask(request: Request, token: Token, language: Wanted = "") -> HTMLResponse:  # noqa: ARG001 - the page is the same for all
        """Ask whether one wants to be told no more. It changes nothing, and is the same for every link."""
        return _answer(pages.question(_language(request, language)))

    @router.post("/{token}", operation_id="leave", responses=refusals(ProblemType.RECORD_UNAVAILABLE))
    async def leave(request: Request, token: Token, language: Wanted = "") -> HTMLResponse:
        """Erase whose link it is: what was wanted, and the endpoints. The answer is the same for every link."""
        if await dependencies.enrolment.leave_by(token):
            dependencies.metrics.subscribers_ended.labels("left").inc()
        return _answer(pages.page(_language(request, language), "leaving_left"))

    router.routes.extend(_by_number(dependencies, pages).routes)
    return router


def _by_number(dependencies: ApiDependencies, pages: LeavingPages) -> APIRouter:
    """Return the routes for those who have nothing but their number: a page asks for it, an SMS brings a code, the code
    ends it. The answers are the same for every number, so that nobody learns which is told of warnings.
    """
    router = APIRouter(prefix=BY_NUMBER, tags=["subscribers"], default_response_class=HTMLResponse)
    number = "the number, as people write it"

    @router.get("", operation_id="askForNumber")
    async def ask(request: Request, language: Wanted = "") -> HTMLResponse:
        """Ask for the number that is to get no SMS any more."""
        return _answer(pages.asking(_language(request, language), "leaving_number"))

    @router.post(
        "",
        operation_id="askLeaveCode",
        responses=refusals(*_REFUSED),
        openapi_extra=_form_body(number=number),
    )
    async def send(request: Request, language: Wanted = "") -> HTMLResponse:
        """Send a code to a number that is told of warnings. The answer is the same for every number."""
        client, spoken_language = client_of(request), _language(request, language)
        written = (await _fields(request, client)).get("number", "")
        try:
            await dependencies.enrolment.ask_to_leave(written, line_of(client))
        except NumberRefused:
            return _answer(pages.asking(spoken_language, "leaving_number_wrong"))
        except CodeRefused as refused:
            dependencies.metrics.sms_codes.labels(f"limit_{refused.limit}").inc()
            raise RequestRefused(
                ProblemType.RATE_LIMITED,
                said(Phrase.CODES_LIMITED),
                retry_after_s=math.ceil(refused.seconds),
            ) from None
        return _answer(pages.typing(spoken_language, "leaving_code_sent", written))

    @router.post(
        "/code",
        operation_id="leaveByCode",
        responses=refusals(*_REFUSED),
        openapi_extra=_form_body(number=number, code="the six digits of the SMS"),
    )
    async def leave(request: Request, language: Wanted = "") -> HTMLResponse:
        """End all SMS to the number, of all apps, if the code is right."""
        fields, spoken_language = await _fields(request, client_of(request)), _language(request, language)
        written, code = fields.get("number", ""), fields.get("code", "")
        if not await dependencies.enrolment.leave_by_number(written, code):
            return _answer(pages.typing(spoken_language, "leaving_code_wrong", written))
        dependencies.metrics.subscribers_ended.labels("opted_out").inc()
        return _answer(pages.page(spoken_language, "leaving_number_left"))

    return router


async def _fields(request: Request, client: str) -> dict[str, str]:
    """Return the fields of the form. Raises `RequestRefused`."""
    return fields_of(request, await read_body(request, BODY_BYTES, client))


def _language(request: Request, wanted: str) -> str:
    return spoken(wanted, request.headers.get("Accept-Language", ""))


def _answer(page: str) -> HTMLResponse:
    return HTMLResponse(page, headers=_HEADERS)
