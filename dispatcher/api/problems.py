"""Answers every refusal as RFC 9457 problem+json, and counts each."""

from __future__ import annotations

import re
import secrets
from enum import StrEnum
from http import HTTPStatus
from itertools import product
from typing import TYPE_CHECKING, Any, Final

import structlog
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import compile_path

from dispatcher.api.openapi.refusals import MEDIA_TYPE
from dispatcher.model.problems import TITLE, URN, ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import Said, said
from dispatcher.model.vocabulary import API_PREFIX, Environment
from dispatcher.store.record import UNAVAILABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import FastAPI
    from starlette.requests import Request

    from dispatcher.metrics import Metrics

HTTP_TITLES_DE = {
    HTTPStatus.NOT_FOUND: "Nicht gefunden",
    HTTPStatus.METHOD_NOT_ALLOWED: "Methode nicht erlaubt",
}
RETRY_AFTER_S = 5
ERRORS_MAX = 50
"""Single findings that a problem lists at most, so that one message cannot ask for an answer of megabytes."""

OCCURRENCE: Final = "urn:cap-dispatcher:occurrence:"
"""What stands before the number of one internal error, by which whoever got the answer and the log mean the same."""
CHOSEN: Final = ("path", "installation")
"""The name in a path that a client gives itself: it is told what is wrong with that where it brings it first."""
log = structlog.get_logger()


class Meant(StrEnum):
    """What a request is for, and so what is in doubt after a failure."""

    SUBMIT = "submit"
    """A message: one that is sent again is known by its identity."""
    CHANGE = "change"
    READ = "read"


_UNAVAILABLE: Final = {
    Meant.SUBMIT: Phrase.RECORD_UNAVAILABLE,
    Meant.CHANGE: Phrase.RECORD_UNAVAILABLE_TO_CHANGE,
    Meant.READ: Phrase.RECORD_UNAVAILABLE_TO_READ,
}
_INTERNAL: Final = {
    Meant.SUBMIT: Phrase.INTERNAL,
    Meant.CHANGE: Phrase.INTERNAL_TO_CHANGE,
    Meant.READ: Phrase.INTERNAL_TO_READ,
}
_SUBMISSION: Final = re.compile(r"(?:/exercise)?/v1/alerts|/v1/feeds/[^/]+/messages")
_PREVIEW: Final = re.compile(r"(?:/exercise)?/v1/alerts/preview")


def meant_of(method: str, path: str) -> Meant:
    """Return what a request is for, by its address."""
    if method in ("GET", "HEAD", "OPTIONS") or _PREVIEW.fullmatch(path):
        return Meant.READ
    return Meant.SUBMIT if method == "POST" and _SUBMISSION.fullmatch(path) else Meant.CHANGE


def problem_response(refused: RequestRefused) -> Response:
    """Return the problem document. `errors` appears only where there are single findings."""
    body: dict[str, object] = {
        "type": URN + refused.type,
        "title": TITLE[refused.type].en,
        "title_de": TITLE[refused.type].de,
        "status": refused.status,
        "detail": refused.detail.de,
        "detail_en": refused.detail.en,
        **refused.extra,
    }
    if refused.errors:
        body["errors"] = list(refused.errors[:ERRORS_MAX])
    if len(refused.errors) > ERRORS_MAX:
        body["errors_left_off"] = len(refused.errors) - ERRORS_MAX
    headers = {}
    if refused.type is ProblemType.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = "Bearer"
        headers["Connection"] = "close"  # whoever guesses shall not do so as fast as he can
    if refused.type in {ProblemType.RECORD_UNAVAILABLE, ProblemType.OVERLOADED}:
        headers["Retry-After"] = str(RETRY_AFTER_S)
    if refused.retry_after_s is not None:
        headers["Retry-After"] = str(refused.retry_after_s)
    return JSONResponse(body, status_code=refused.status, headers=headers, media_type=MEDIA_TYPE)


def allowed_methods(request: Request) -> list[str]:
    """Return the methods of all routes of the path: the router names only those of the first. Where a route has this
    very path, others only seem to match it.
    """
    path: str = request.scope["path"]  # reading it as a URL would leave out a line's end
    routes = [route for route in iter_route_contexts(request.app.routes) if route.path]
    found = [route for route in routes if route.path == path] or [
        route for route in routes if compile_path(route.path or "")[0].match(path)
    ]
    return sorted(set().union(*(route.methods or () for route in found)))


def _of_http(status: HTTPStatus) -> dict[str, object]:
    """Return the problem that is no more than its status (RFC 9457 section 4.2.1)."""
    phrase = {
        HTTPStatus.NOT_FOUND: Phrase.ROUTE_UNKNOWN,
        HTTPStatus.METHOD_NOT_ALLOWED: Phrase.METHOD_UNKNOWN,
    }
    sentence = said(phrase.get(status, Phrase.HTTP_REFUSED), reason=status.phrase)
    return {
        "type": "about:blank",
        "title": status.phrase,
        "title_de": HTTP_TITLES_DE.get(status, "Die Anfrage wurde nicht angenommen"),
        "status": int(status),
        **_details(sentence),
    }


def _details(sentence: Said) -> dict[str, object]:
    return {"detail": sentence.de, "detail_en": sentence.en}


def _once(errors: Sequence[Any]) -> dict[tuple[str, str, str], None]:
    """Return what is wrong, where and why, each once."""
    return dict.fromkeys((item["type"], "/".join(map(str, item["loc"])), item["msg"]) for item in errors)


def _wrong_parameter(code: str, path: str, message: str) -> dict[str, object]:
    """Return what is wrong with a parameter; the reason is the validator's own, in English."""
    return {
        "code": code,
        "path": path,
        "line": None,
        "message": message,
        "message_de": f"Die Angabe {path} ist ungültig ({message}).",
    }


def install(app: FastAPI, metrics: Metrics) -> None:  # noqa: C901 - six small handlers sharing a metrics
    """Add handlers for everything that can go wrong."""
    counters = {Environment.LIVE: metrics.alerts_rejected, Environment.EXERCISE: metrics.exercises_rejected}
    rejected = {f"{API_PREFIX[environment]}/alerts": counter for environment, counter in counters.items()}
    for type_, counter in product(ProblemType, rejected.values()):
        counter.labels(type_)

    async def refused(request: Request, error: Exception) -> Response:
        if not isinstance(error, RequestRefused):
            raise error
        for path, counter in rejected.items():
            if request.url.path.startswith(path) and request.method == "POST":
                counter.labels(error.type).inc()
        return problem_response(error)

    async def unavailable(request: Request, error: Exception) -> Response:
        metrics.record_up.set(0)
        log.warning("record_unavailable", error=type(error).__name__)
        sentence = said(_UNAVAILABLE[meant_of(request.method, request.url.path)])
        return await refused(request, RequestRefused(ProblemType.RECORD_UNAVAILABLE, sentence))

    async def http_error(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        body = _of_http(HTTPStatus(status))
        headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = ", ".join(allowed_methods(request))
        return JSONResponse(body, status_code=status, headers=headers, media_type=MEDIA_TYPE)

    async def invalid(request: Request, error: Exception) -> Response:
        errors = error.errors() if isinstance(error, RequestValidationError) else []
        if any(item["loc"][0] == "path" for item in errors):  # no name that anything could have
            if request.method not in allowed_methods(request):  # but that of a route with other methods
                return await http_error(request, HTTPException(HTTPStatus.METHOD_NOT_ALLOWED))
            if request.method == "PUT" and any(item["loc"] == CHOSEN for item in errors):
                named = tuple(_wrong_parameter(*one) for one in _once(errors))
                return problem_response(
                    RequestRefused(ProblemType.INVALID_SUBSCRIBER, said(Phrase.SUBSCRIBER_REFUSED), named)
                )
            return problem_response(RequestRefused(ProblemType.NOT_FOUND, said(Phrase.NO_SUCH_ID)))
        # Where and why, not what was sent; once, though a parameter is declared by the route and by its `require`.
        named = tuple(_wrong_parameter(*one) for one in _once(errors))
        return problem_response(
            RequestRefused(ProblemType.INVALID_REQUEST, said(Phrase.PARAMETERS_WRONG), errors=named)
        )

    async def internal(request: Request, error: Exception) -> Response:
        # Not the path as it came: names of installations and the like stand in it.
        route = getattr(request.scope.get("route"), "path", "")
        instance = OCCURRENCE + secrets.token_hex(8)
        log.error("internal_error", instance=instance, route=route, exc_info=error)
        sentence = said(_INTERNAL[meant_of(request.method, request.url.path)])
        return await refused(
            request, RequestRefused(ProblemType.INTERNAL, sentence, extra={"instance": instance})
        )

    app.add_exception_handler(RequestRefused, refused)
    for kind in UNAVAILABLE:
        app.add_exception_handler(kind, unavailable)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Exception, internal)
