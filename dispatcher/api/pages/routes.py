"""Answer what browsers ask for an app: the page, what it is made of, and the service worker."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from dispatcher.access.keys import KEY_ID_PATTERN
from dispatcher.api.public.answering import READ, chosen, send_document
from dispatcher.pages.app_documents import HTML
from dispatcher.pages.assets import PREFIX, assets
from dispatcher.pages.shell import HEADERS
from dispatcher.runtime.beside_asgi.ready_answers import ReadyAnswer, lines_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from dispatcher.pages.apps import AppPages
    from dispatcher.publication.documents import Document, Headers

PREFIXES: Final = ("/app/", PREFIX)
"""What the paths of pages begin with."""
BY_NAME: Final = b"public, max-age=31536000, immutable"
BRIEF: Final = b"public, max-age=60, stale-if-error=604800"
"""What an app has of its own: a crowd is one reader, and it is seen within a minute that something has changed."""
FRESH: Final = b"no-cache"
"""The service worker: a browser asks for it again whenever it looks for a new one."""
WORKER: Final = "worker.js"
_STATUS_LINES: Final = {
    HTTPStatus.OK: b"HTTP/1.1 200 OK\r\n",
    HTTPStatus.NOT_MODIFIED: b"HTTP/1.1 304 Not Modified\r\n",
}
_INSTANCE: Final = re.compile(KEY_ID_PATTERN.pattern)
_NOT_FOUND: Final = """<!doctype html>
<html lang="de"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Nicht gefunden</title></head><body><main><h1>Nicht gefunden</h1>
<p>Unter dieser Adresse gibt es keine Warn-App. Das sagt nichts darüber, ob Warnungen gelten.</p>
<p lang="en">There is no warning app at this address. This says nothing of warnings in force.</p></main></body></html>
"""


class DocumentResponse(Response):
    """A ready document as the answer of a route."""

    def __init__(self, document: Document, headers: Headers, cache_control: bytes) -> None:
        super().__init__()
        self._document = document
        self._more = headers
        self._cache_control = cache_control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send_document(self._document, self._more, scope, receive, send, self._cache_control)

    def written(self, scope: Scope) -> ReadyAnswer | None:
        """Return the same as a server sends it; None where the application is to judge."""
        found, status = chosen(self._document, scope["headers"])
        if status not in _STATUS_LINES:
            return None
        own = found.headers if status is HTTPStatus.OK else found.validators
        headers = [(name, self._cache_control if name == b"cache-control" else value) for name, value in own]
        is_sent = status is HTTPStatus.OK and scope["method"] == "GET"
        return ReadyAnswer(
            _STATUS_LINES[status] + lines_of((*headers, *self._more)), found.body if is_sent else b""
        )


class ReadyPages:
    """What is answered ahead of the application: a crowd asks for sixteen documents each, which lie there."""

    def __init__(self, pages: AppPages) -> None:
        self._pages = pages

    def written(self, scope: Scope) -> ReadyAnswer | None:
        """Return the answer to a request whose document is ready, as a server sends it; None where the routes are to
        judge. So a visit needs no place among strangers: people who subscribe meanwhile take those, and are slow.
        """
        if scope["method"] not in READ:
            return None
        _, room, name, rest = (*scope["path"].split("/", 3), "", "")[:4]
        if room == "app":
            found = answered((self._pages.ready(name) or {}).get(rest), rest)
        else:
            files = assets()
            file = files.files.get(rest) if f"{PREFIX}{name}/" == files.path else None
            found = DocumentResponse(file, HEADERS, BY_NAME) if file else None
        return None if found is None else found.written(scope)


def answered(document: Document | None, name: str) -> DocumentResponse | None:
    """Return the answer with a document of an app, if there is one."""
    return DocumentResponse(document, HEADERS, FRESH if name == WORKER else BRIEF) if document else None


def routes(pages: AppPages) -> list[Route]:
    """Return the routes. They are not part of the API's description: a page is no interface for programs."""

    async def part(request: Request) -> Response:
        name = request.path_params.get("name", "")
        instance_id = request.path_params["instance_id"]
        found = await pages.documents(instance_id) if _INSTANCE.fullmatch(instance_id) else None
        return answered((found or {}).get(name), name) or not_found()

    async def asset(request: Request) -> Response:
        """Answer a file of this version; one of another version by that of this one, for this once: the page of an
        earlier version that a cache still has is better served so than not at all.
        """
        files = assets()
        document = files.files.get(request.path_params["name"])
        if document is None:
            return not_found()
        is_own = files.path == f"{PREFIX}{request.path_params['digest']}/"
        return DocumentResponse(document, HEADERS, BY_NAME if is_own else b"no-store")

    return [
        Route("/app/{instance_id}", whole_address, methods=["GET"], include_in_schema=False),
        Route("/app/{instance_id}/", part, methods=["GET"], include_in_schema=False),
        Route("/app/{instance_id}/{name}", part, methods=["GET"], include_in_schema=False),
        Route(f"{PREFIX}{{digest}}/{{name}}", asset, methods=["GET"], include_in_schema=False),
    ]


async def whole_address(request: Request) -> Response:
    """Lead to the address with a slash, relative to this one: behind a proxy nobody here knows the scheme."""
    return RedirectResponse(f"{request.path_params['instance_id']}/", HTTPStatus.PERMANENT_REDIRECT)


def not_found() -> Response:
    """Return a page that says so to a person, and that it means nothing of warnings."""
    headers = {name.decode(): value.decode() for name, value in HEADERS}
    return HTMLResponse(
        _NOT_FOUND, HTTPStatus.NOT_FOUND, {**headers, "Cache-Control": "no-store", "Content-Type": HTML}
    )
