"""Lets pages of other origins ask what a browser asks for itself: apps are pages of municipalities, not of the service.

No cookie is ever looked at: a page gets at nothing that a program anywhere could not ask for, and a token only where it
has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

OPEN_PREFIX: Final = "/v1/instances/"
OPEN_PATHS: Final = frozenset({"/v1/webpush/key"})
_ANY_ORIGIN: Final = (b"access-control-allow-origin", b"*")
_EXPOSED: Final = (b"access-control-expose-headers", b"retry-after")
"""What a page of another origin may read beside the body: when to ask again, where very many do."""
_PREFLIGHT: Final = [
    _ANY_ORIGIN,
    (b"access-control-allow-methods", b"DELETE, GET, POST, PUT"),
    (b"access-control-allow-headers", b"authorization, content-type"),
    (b"access-control-max-age", b"7200"),
]
"""Two hours is the longest that Chrome keeps an answer."""


class CrossOrigin:
    """Answers preflights (https://fetch.spec.whatwg.org/#cors-preflight-fetch) of the paths that phones ask, and says
    of all answers there that any page may read them.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_open(scope["path"]):
            await self._app(scope, receive, send)
            return
        if is_preflight(scope):
            await send({"type": "http.response.start", "status": 204, "headers": _PREFLIGHT})
            await send({"type": "http.response.body", "body": b""})
            return

        async def open_to_all(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), _ANY_ORIGIN, _EXPOSED]}
            await send(message)

        await self._app(scope, receive, open_to_all)


def is_preflight(scope: Scope) -> bool:
    """Whether a browser asks in a request what a page of another origin may ask."""
    names = {name for name, _ in scope["headers"]}
    return scope["method"] == "OPTIONS" and {b"origin", b"access-control-request-method"} <= names


def _is_open(path: str) -> bool:
    return path.startswith(OPEN_PREFIX) or path in OPEN_PATHS
