"""Give the table by entrance, which is a route (`GET /v1/alerts`) or a command (`held release`): what each requires,
which are open and why, and where the program differs from it.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from dispatcher.access.permissions import GRANTS, Permission

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_OVER_HTTP: Final = "It asks the API with the key in `WARN_API_KEY`, so the route decides."
_PUBLIC: Final = (
    "It shows the warnings in force that are meant for everybody, and nothing else of the record."
)
_AT_THE_DOOR: Final = "Nobody is signed in there yet: what is shown there is the proof."
_SIGNED_IN: Final = (
    "It asks for a session, whatever roles its person has, and leads all others to the page to sign in."
)
_BY_ROLE: Final = (
    "It asks for a session, and on the page itself for a role with the permission of the API's route for the same "
    "purpose; all others are told that they lack it, or are led to the page to sign in."
)
_OWN_PAGES: Final = " It takes nothing but what a page of the console posts."
_FILES: Final = "It works on files and reads nothing of the record."

_HELD_STEPS: Final = ("/{alert_id}/release", "/{alert_id}/discard", "/{alert_id}/sms")
_TEMPLATE_VERSION: Final = (
    "/{template_id}/versions/{version}",
    "/{template_id}/versions/{version}/approve",
    "/{template_id}/versions/{version}/reject",
    "/{template_id}/versions/{version}/retire",
)
OPEN_ROUTES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "GET /v1/boundaries": "The attribution of the boundary data is owed to everybody.",
        "GET /v1/instance/schema": "It describes what apps get and send, and says nothing of what is in the record.",
        "GET /v1/webpush/key": "Every browser that subscribes is given it; it is the public half of a key.",
        "PUT /v1/instances/{instance_id}/subscribers/{installation}": "Whoever subscribes has no secret yet, and "
        "gets its token here. What a round trip has proven is changed with that token only, which the route asks for.",
        "GET /v1/leave/{token}": "Whoever has the link may leave. It changes nothing and is the same for every link.",
        "POST /v1/leave/{token}": "Whoever has the link may leave; the answer is the same for every link.",
        "GET /v1/leave-number": "It is a page with a form, the same for everybody.",
        "POST /v1/leave-number": "Whoever has nothing but a number may leave. An SMS goes only to one that is "
        "told of warnings, there are few, and the answer is the same for every number.",
        "POST /v1/leave-number/code": "The code that came by SMS is the proof.",
        "POST /v1/receipts": "A browser has no secret; the token in the message that it got is the proof.",
        "POST /v1/canary/{name}/{proof}": "The service posts there what it sends to itself, as to a push service, "
        "which has no key of ours; the address and the encryption are the proof.",
        "OPTIONS /v1/receipts": "A browser asks before it posts to another origin; the answer is always the same.",
        **{
            f"GET {path}{suffix}": _PUBLIC
            for path in ("/v1/municipalities/{key}/alerts", "/v1/districts/{key}/alerts", "/v1/public/alerts")
            for suffix in ("", ".atom", ".events", ".geojson")
        },
        "GET /v1/public/alerts/{alert_id}": _PUBLIC,
        "GET /v1/public/alerts/{alert_id}/cap": _PUBLIC,
        "GET /v1/public/alerts/{alert_id}/cap/signed": _PUBLIC,
        **{
            f"GET /v1/{kind}/{{key}}/badge.{form}": _PUBLIC
            for kind in ("municipalities", "districts")
            for form in ("svg", "json")
        },
        "GET /v1/public/widget": "It is the page of the widget, the same for everybody; what it shows it asks for.",
        "GET /v1/public/widget.js": "It is the widget's program, the same for everybody.",
        "GET /v1/public/signing-certificates": "Whoever verifies what the service signs needs them; they are "
        "the public halves of its keys.",
        "GET /api/appdata/gsb/labels/de_labels.json": _PUBLIC,
        "GET /api31/dashboard/{ars}.json": _PUBLIC,
        "GET /api31/warnings/{alert_id}.json": _PUBLIC,
        "GET /api31/warnings/{alert_id}.geojson": _PUBLIC,
        "GET /api31/{provider}/mapData.json": _PUBLIC,
        **dict.fromkeys(
            (
                "GET /app/{instance_id}",
                "GET /app/{instance_id}/",
                "GET /app/{instance_id}/{name}",
                "GET /assets/{digest}/{name}",
            ),
            "It is a page for everybody, of what an operator has entered to be shown.",
        ),
        **{
            f"GET /console/{{environment}}{path}": _AT_THE_DOOR
            for path in ("/sign-in", "/sign-in/oidc", "/invitation/{token}")
        },
        **{
            f"POST /console/{{environment}}{path}": _AT_THE_DOOR + _OWN_PAGES
            for path in (
                "/sign-in",
                "/sign-in/code",
                "/sign-in/passkey/options",
                "/sign-in/passkey",
                "/sign-in/oidc",
                "/invitation/{token}",
            )
        },
        **{
            f"GET /console/{{environment}}{path}": _SIGNED_IN
            for path in ("/", "/start", "/account/totp", "/account/recovery", "/on-duty")
        },
        **{
            f"POST /console/{{environment}}{path}": _SIGNED_IN + _OWN_PAGES
            for path in (
                "/sign-out",
                "/sign-out-everywhere",
                "/account/totp",
                "/account/passkeys/options",
                "/account/passkeys",
                "/account/recovery",
                "/account/password",
                "/account/credentials/{number}/remove",
                "/account/sessions/{number}/end",
                "/on-duty/browsers",
                "/on-duty/{number}/code",
                "/on-duty/{number}/test",
                "/on-duty/{number}/remove",
            )
        },
        **{
            f"GET /console/{{environment}}{path}": _BY_ROLE
            for path in (
                "/desk",
                "/desk/events",
                "/desk/handover",
                "/desk/log",
                "/desk/statistics.csv",
                "/approvals",
                "/approvals/{alert_id}",
                "/approvals/{alert_id}/approve",
                "/approvals/{alert_id}/reject",
                "/alerts/{alert_id}",
                "/alerts/{alert_id}/correct",
                "/compose",
                "/compose/map.json",
                "/compose/preview",
                "/compose/preview.json",
                "/compose/submit",
                "/alerts/{alert_id}/progress",
                "/alerts/{alert_id}/replay",
                "/alerts/{alert_id}/withdraw",
            )
        },
        **{
            f"POST /console/{{environment}}{path}": _BY_ROLE + _OWN_PAGES
            for path in (
                "/desk/handover",
                "/approvals/{alert_id}/approve",
                "/approvals/{alert_id}/reject",
                "/alerts/{alert_id}/correct",
                "/compose",
                "/compose/preview",
                "/compose/preview.json",
                "/compose/submit",
                "/alerts/{alert_id}/replay",
                "/alerts/{alert_id}/withdraw",
            )
        },
        **{
            f"GET /console/{{environment}}/templates{path}": _BY_ROLE
            for path in ("", "/{template_id}", *_TEMPLATE_VERSION)
        },
        **{
            f"POST /console/{{environment}}/templates{path}": _BY_ROLE + _OWN_PAGES
            for path in _TEMPLATE_VERSION[1:]
        },
        **{
            f"GET /console/{{environment}}/held{path}": _BY_ROLE for path in ("", "/{alert_id}", *_HELD_STEPS)
        },
        **{f"POST /console/{{environment}}/held{path}": _BY_ROLE + _OWN_PAGES for path in _HELD_STEPS},
        "GET /console/{environment}/health": _BY_ROLE,
        "GET /console/{environment}/on-duty-worker.js": "It is a file that browsers of persons on duty load, the same "
        "for everybody.",
        "GET /console/static/{name}": "It is a file that the pages of the console load, the same for everybody.",
        "GET /v1/openapi.json": "It describes the API and says nothing of what is in the record.",
        "GET /livez": "A supervisor or a proxy asks, which has no key. It says up or down.",
        "GET /readyz": "As `/livez`.",
    }
)
"""The routes that require nothing, each with its reason."""

METRICS_ROUTES: Final = frozenset({"GET /livez", "GET /readyz", "GET /metrics"})
"""What the port of metrics has of every process. It requires nothing: it listens on loopback unless told otherwise, and
is the operator's to keep inside."""

OPEN_COMMANDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "example": "It prints a sample message.",
        "submit": _OVER_HTTP,
        "preview": _OVER_HTTP,
        "status": _OVER_HTTP,
        "alerts list": _OVER_HTTP,
        "update": _OVER_HTTP,
        "cancel": _OVER_HTTP,
        "all-clear": _OVER_HTTP,
        "correct": _OVER_HTTP,
        "withdraw": _OVER_HTTP,
        "drill run": _OVER_HTTP,
        "drill list": _FILES,
        "drill show": _FILES,
        "drill compare": _FILES,
        "template check": _FILES,
        "template fill": _OVER_HTTP,
        "match": _FILES,
        "instance verify": "It sends test notices to a URL of one's own and reads nothing of the record.",
        "geodata import": _FILES,
        "geodata codes": _FILES,
        "geodata show": _FILES,
    }
)
"""The commands that require nothing, each with its reason."""

REQUIRED_BY_ROUTE: Final[Mapping[str, Permission]] = MappingProxyType(
    {str(route): grant.permission for grant in GRANTS for route in grant.routes}
)
REQUIRED_BY_COMMAND: Final[Mapping[str, Permission]] = MappingProxyType(
    {words: grant.permission for grant in GRANTS for words in grant.commands}
)


class Wired(NamedTuple):
    """An entrance as the program has it. `permission`: what it requires; None if nothing."""

    entrance: str
    permission: Permission | None


class TableError(Exception):
    """The program and the table of permissions differ; the message says where. Nothing may be served then."""


def differences(
    wired: Iterable[Wired], required: Mapping[str, Permission], opened: Mapping[str, str]
) -> list[str]:
    """Return where the program and the table differ, in sentences: an entrance that the table lacks, one that requires
    another permission than the table says or none, and a row without an entrance.
    """
    found, seen = [], set()
    for entrance, permission in wired:
        seen.add(entrance)
        expected = required.get(entrance)
        if expected is None and entrance not in opened:
            found.append(f"{entrance}: not in the table of dispatcher/access")
        elif permission is not expected:
            found.append(
                f"{entrance}: requires {permission or 'nothing'}, by the table {expected or 'nothing'}"
            )
    return found + [
        f"{entrance}: in the table only" for entrance in (*required, *opened) if entrance not in seen
    ]
