"""Lets people leave by a link, without a token and without an app: a page that asks, and a request that does it.

Programs that look at links beforehand fetch them: so a GET changes nothing. What is answered is the same for every
link, so that nobody learns whose it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse

from dispatcher.access.management_tokens import LEAVE_TOKEN
from dispatcher.api.openapi.refusals import refusals
from dispatcher.model.problems import ProblemType
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said

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
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
_PAGE = """<!doctype html>
<html lang="de"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title></head><body><main><h1>{title}</h1><p>{text}</p><p lang="en">{text_en}</p>{form}</main></body>
</html>
"""
_FORM = '<form method="post"><button type="submit">{button}</button></form>'


def routes(dependencies: ApiDependencies) -> APIRouter:
    """Return the routes of a link to leave by."""
    router = APIRouter(prefix="/v1/leave", tags=["subscribers"], default_response_class=HTMLResponse)

    @router.get("/{token}", operation_id="askToLeave")
    async def ask(token: Token) -> HTMLResponse:  # noqa: ARG001 - the page is the same for all
        """Ask whether one wants to be told no more. It changes nothing, and is the same for every link."""
        button = _FORM.format(button=said(Phrase.LEAVE_BUTTON).de)
        return _page(Phrase.LEAVE_QUESTION, button)

    @router.post("/{token}", operation_id="leave", responses=refusals(ProblemType.RECORD_UNAVAILABLE))
    async def leave(token: Token) -> HTMLResponse:
        """Erase whose link it is: what was wanted, and the endpoints. The answer is the same for every link."""
        if await dependencies.enrolment.leave_by(token):
            dependencies.metrics.subscribers_ended.labels("left").inc()
        return _page(Phrase.LEFT)

    return router


def _page(phrase: Phrase, form: str = "") -> HTMLResponse:
    title, text = said(Phrase.LEAVE_TITLE), said(phrase)
    return HTMLResponse(
        _PAGE.format(title=title.de, text=text.de, text_en=text.en, form=form), headers=_HEADERS
    )
