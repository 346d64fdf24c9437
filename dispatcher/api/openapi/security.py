"""Say which credential each route takes, from the table of permissions."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.permissions import GRANT_OF, Scope
from dispatcher.access.table import REQUIRED_BY_ROUTE
from dispatcher.api.console.cookies import FORM_HEADER, session_cookie
from dispatcher.model.vocabulary import Environment, environment_of_path

if TYPE_CHECKING:
    from collections.abc import Mapping


def _bearer(kind: PrincipalKind, form: str) -> dict[str, Any]:
    return {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": form,
        "description": f"{kind.party} It shows: {kind.credential}.",
    }


_GATEWAY: Final = PrincipalKind.GATEWAY
SCHEMES: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "sourceKey": _bearer(PrincipalKind.SOURCE, "wk_<id>_<43 characters>"),
        "exerciseKey": _bearer(PrincipalKind.SOURCE, "wx_<id>_<43 characters>"),
        "feedKey": _bearer(PrincipalKind.FEED, "wk_<id>_<43 characters>"),
        "instanceKey": _bearer(PrincipalKind.INSTANCE, "wi_<id>_<43 characters>"),
        "operatorKey": _bearer(PrincipalKind.REMOTE_OPERATOR, "wo_<id>_<43 characters>"),
        "managementToken": _bearer(PrincipalKind.SUBSCRIBER, "wt_<43 characters>"),
        "gatewaySecret": _bearer(_GATEWAY, "the gateway's own secret"),
        "gatewayPassword": {
            "type": "http",
            "scheme": "basic",
            "description": f"{_GATEWAY.party} The secret as password, with any name.",
        },
        "consoleSession": {
            "type": "apiKey",
            "in": "cookie",
            "name": session_cookie(Environment.LIVE),
            "description": f"{PrincipalKind.PERSON.party} It shows: {PrincipalKind.PERSON.credential}.",
        },
        "exerciseSession": {
            "type": "apiKey",
            "in": "cookie",
            "name": session_cookie(Environment.EXERCISE),
            "description": "A person's session of the exercise.",
        },
        "consoleForm": {
            "type": "apiKey",
            "in": "header",
            "name": FORM_HEADER,
            "description": "The token of a page of the console, with its origin: what changes something takes no "
            "session without it.",
        },
        "gatewayToken": {
            "type": "apiKey",
            "in": "query",
            "name": "token",
            "description": f"{_GATEWAY.party} For gateways that can show their secret in the address only.",
        },
    }
)
SCHEMES_OF: Final[Mapping[PrincipalKind, tuple[str, ...]]] = MappingProxyType(
    {
        PrincipalKind.SOURCE: ("sourceKey",),
        PrincipalKind.FEED: ("feedKey",),
        PrincipalKind.INSTANCE: ("instanceKey",),
        PrincipalKind.GATEWAY: ("gatewaySecret", "gatewayPassword", "gatewayToken"),
        PrincipalKind.SUBSCRIBER: ("managementToken",),
        PrincipalKind.REMOTE_OPERATOR: ("operatorKey",),
        PrincipalKind.PERSON: ("consoleSession", "exerciseSession", "consoleForm"),
        PrincipalKind.OPERATOR: (),  # acts by commands, never over HTTP
    }
)


def security_of(entrance: str) -> list[dict[str, list[str]]]:
    """Return what opens a route (`GET /v1/alerts`), one of these; nothing for an open one. Who is let in but has
    nothing there is not named.
    """
    permission = REQUIRED_BY_ROUTE.get(entrance)
    if permission is None:
        return []
    row = GRANT_OF[permission]
    is_exercise = environment_of_path(entrance.partition(" ")[2]) is Environment.EXERCISE
    keys: list[dict[str, list[str]]] = [
        {scheme: []}
        for kind in PrincipalKind
        if row.held_by.get(kind, Scope.NOTHING) is not Scope.NOTHING
        for scheme in SCHEMES_OF[kind]
    ]
    if is_exercise:
        keys = [{"exerciseKey": []}] if PrincipalKind.SOURCE in row.held_by else []
    if not row.roles:
        return keys
    # What changes something needs both, and not one of two.
    session: dict[str, list[str]] = {"exerciseSession" if is_exercise else "consoleSession": []}
    return [*keys, session if entrance.startswith("GET ") else {**session, "consoleForm": []}]
