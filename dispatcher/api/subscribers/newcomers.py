"""Turns away who signs up while very many do, before anything else is done for the request.

Where a crowd comes most of what it asks is turned away once. Reading a body, finding the route and what it depends on
took the process four fifths of what that cost, and from those whose turn it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dispatcher.api.instances.cross_origin import OPEN_PREFIX
from dispatcher.api.problems import problem_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from dispatcher.api.shedding import Places

_SUBSCRIBERS: Final = "/subscribers/"


class NewcomersWait:
    """Answers 503 to who signs up and finds no place to wait in."""

    def __init__(self, app: ASGIApp, places: Places) -> None:
        self._app = app
        self._places = places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gate = self._places.enrolments
        if gate.has_room_for_newcomers() or not is_newcomer(scope):
            await self._app(scope, receive, send)
            return
        client = (scope.get("client") or ("",))[0]
        await problem_response(self._places.turn_away(gate, client))(scope, receive, send)


def is_newcomer(scope: Scope) -> bool:
    """Whether somebody signs up who shows no token."""
    return (
        scope["type"] == "http"
        and scope["method"] == "PUT"
        and scope["path"].startswith(OPEN_PREFIX)
        and _SUBSCRIBERS in scope["path"]
        and all(name != b"authorization" for name, _ in scope["headers"])
    )
