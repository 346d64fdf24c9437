"""Answer what browsers ask for an app: the page, what it is made of, and the service worker."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from dispatcher.access.keys import KEY_ID_PATTERN
from dispatcher.api.public.answering import READ, PublicResponse, write_document
from dispatcher.pages.app_documents import HTML
from dispatcher.pages.assets import PREFIX, assets
from dispatcher.pages.shell import HEADERS
from dispatcher.runtime.beside_asgi.ready_answers import lines_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Scope

    from dispatcher.pages.apps import AppPages
    from dispatcher.runtime.beside_asgi.ready_answers import ReadyAnswer

PREFIXES: Final = ("/app/", PREFIX)
"""What the paths of pages begin with."""
BY_NAME: Final = b"public, max-age=31536000, immutable"
BRIEF: Final = b"public, max-age=60, stale-if-error=604800"
"""What an app has of its own: a crowd is one reader, and it is seen within a minute that something has changed."""
FRESH: Final = b"no-cache"
"""The service worker: a browser asks for it again whenever it looks for a new one."""
WORKER: Final = "worker.js"
_LINES: Final = lines_of(HEADERS)
_INSTANCE: Final = re.compile(KEY_ID_PATTERN.pattern)
_NOT_FOUND: Final = """<!doctype html>
<html lang="de"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Nicht gefunden</title></head><body><main><h1>Nicht gefunden</h1>
<p>Unter dieser Adresse gibt es keine Warn-App. Das sagt nichts darüber, ob Warnungen gelten.</p>
<p lang="en">There is no warning app at this address. This says nothing of warnings in force.</p></main></body></html>
"""


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
            found, kept = (self._pages.ready(name) or {}).get(rest), _cache_control(rest)
        else:
            files = assets()
            found, kept = files.files.get(rest) if f"{PREFIX}{name}/" == files.path else None, BY_NAME
        return None if found is None else write_document(found, _LINES, scope, kept)


def _cache_control(name: str) -> bytes:
    """Return how long a document of an app may be kept."""
    return FRESH if name == WORKER else BRIEF


def routes(pages: AppPages) -> list[Route]:
    """Return the routes. They are not part of the API's description: a page is no interface for programs."""

    async def part(request: Request) -> Response:
        name = request.path_params.get("name", "")
        instance_id = request.path_params["instance_id"]
        found = await pages.documents(instance_id) if _INSTANCE.fullmatch(instance_id) else None
        document = (found or {}).get(name)
        return PublicResponse(document, HEADERS, _cache_control(name)) if document else not_found()

    async def asset(request: Request) -> Response:
        """Answer a file of this version; one of another version by that of this one, for this once: the page of an
        earlier version that a cache still has is better served so than not at all.
        """
        files = assets()
        document = files.files.get(request.path_params["name"])
        if document is None:
            return not_found()
        is_own = files.path == f"{PREFIX}{request.path_params['digest']}/"
        return PublicResponse(document, HEADERS, BY_NAME if is_own else b"no-store")

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
