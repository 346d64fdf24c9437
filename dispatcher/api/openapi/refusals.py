"""Say which problems a route can answer: what its dependencies refuse, what its parameters and body can lack, and what
it declares itself with `refusals`.
"""

from __future__ import annotations

from collections import defaultdict
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from dispatcher.model.problems import STATUS, TITLE, URN, ProblemType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fastapi.dependencies.models import Dependant

MEDIA_TYPE: Final = "application/problem+json"
_DECLARED: Final = "x-problem-types"
"""The member of a route's declared responses that names the problems."""
CAP_BODY_REFUSED: Final = frozenset(
    {
        ProblemType.UNSUPPORTED_MEDIA_TYPE,
        ProblemType.TOO_LARGE,
        ProblemType.INCOMPLETE,
        ProblemType.OVERLOADED,
    }
)
"""What reading a body of CAP can refuse, whatever is in it."""
JUDGED: Final = CAP_BODY_REFUSED | {
    ProblemType.MALFORMED,
    ProblemType.INVALID_CAP,
    ProblemType.TOO_COMPLEX,
    ProblemType.NOT_ONE_ALERT,
    ProblemType.SENDER_NOT_ALLOWED,
    ProblemType.WRONG_ENVIRONMENT,
    ProblemType.SENT_IN_FUTURE,
    ProblemType.EXPIRES_TOO_LATE,
    ProblemType.SEVERAL_TEXTS,
    ProblemType.NO_AREA,
    ProblemType.AREA_UNMATCHED,
    ProblemType.OUTSIDE_TERRITORY,
    ProblemType.UNKNOWN_REFERENCE,
    ProblemType.FOREIGN_REFERENCE,
    ProblemType.REFERENCE_REPLACED,
    ProblemType.IDENTITY_REUSED,
}
"""What the judgement of a control centre's message can refuse, with or without effect."""
ANSWERS_IN: Final = frozenset(
    {
        ProblemType.QUOTA_EXCEEDED,
        ProblemType.RATE_LIMITED,
        ProblemType.OVERLOADED,
        ProblemType.RECORD_UNAVAILABLE,
        ProblemType.NOTHING_KNOWN_YET,
        ProblemType.SIGN_UPS_CLOSED,
    }
)
"""The problems that say in `Retry-After` when to ask again."""

_TEXTS: Final = {"type": "array", "items": {"type": "string"}}
_MUNICIPALITY: Final = {
    "type": "object",
    "description": "One municipality.",
    "properties": {
        "ags": {"type": "string", "description": "Its Gemeindeschlüssel.", "examples": ["05334002"]},
        "name": {"type": "string", "description": "Its name.", "examples": ["Aachen"]},
    },
    "required": ["ags", "name"],
}
_IDENTITY: Final = {
    "type": "object",
    "description": "One message, as `references` of CAP names it.",
    "properties": {
        "sender": {
            "type": "string",
            "description": "Its `sender`.",
            "examples": ["leitstelle@kreis-dueren.example"],
        },
        "identifier": {
            "type": "string",
            "description": "Its `identifier`.",
            "examples": ["kreis-dueren-0002"],
        },
        "sent": {
            "type": "string",
            "format": "date-time",
            "description": "Its `sent`.",
            "examples": ["2026-11-28T03:00:00+01:00"],
        },
    },
    "required": ["sender", "identifier", "sent"],
}
_MAX_BYTES: Final = {"type": "integer", "description": "How many bytes are taken.", "examples": [2_000_000]}
_REASON: Final = {"type": "string", "description": "What was too much.", "examples": ["seconds"]}
MEMBERS: Final[Mapping[ProblemType, Mapping[str, Mapping[str, Any]]]] = MappingProxyType(
    {
        ProblemType.TOO_LARGE: {"max_bytes": _MAX_BYTES},
        ProblemType.TOO_COMPLEX: {"reason": _REASON},
        ProblemType.MALFORMED_REPORT: {"reason": _REASON},
        ProblemType.RATE_LIMITED: {"reason": _REASON},
        ProblemType.SENDER_NOT_ALLOWED: {
            "sender": {
                "type": "string",
                "description": "CAP `sender` of the message.",
                "examples": ["a@b.example"],
            }
        },
        ProblemType.OUTSIDE_TERRITORY: {
            "municipalities": {
                "type": "array",
                "description": "Municipalities beyond the territory.",
                "items": _MUNICIPALITY,
            }
        },
        ProblemType.UNKNOWN_REFERENCE: {
            "references": {
                **_TEXTS,
                "description": "What the message names, as `sender,identifier`.",
                "examples": [["leitstelle@kreis-dueren.example,kreis-dueren-0001"]],
            }
        },
        ProblemType.WRONG_ENVIRONMENT: {
            "references": {
                **_TEXTS,
                "description": "What the message names of the other environment, as `sender,identifier`.",
                "examples": [["leitstelle@kreis-dueren.example,kreis-dueren-0001"]],
            }
        },
        ProblemType.FOREIGN_REFERENCE: {
            "senders": {
                **_TEXTS,
                "description": "Other senders whose messages it names.",
                "examples": [["a@b.example"]],
            }
        },
        ProblemType.REFERENCE_REPLACED: {
            "in_force": {
                "type": "array",
                "description": "Messages in force, which are to be named instead.",
                "items": _IDENTITY,
            }
        },
        ProblemType.INTERNAL: {
            "instance": {
                "type": "string",
                "format": "uri",
                "description": "This very error, as the service's log names it.",
                "examples": ["urn:cap-dispatcher:occurrence:6f1d0c2b9a8e7f34"],
            }
        },
        ProblemType.QUOTA_EXCEEDED: {
            "quota": {
                "type": "integer",
                "description": "Warnings that it may submit in an hour.",
                "examples": [60],
            }
        },
    }
)
"""The members that problems have beside those of RFC 9457 and `errors`."""
ERRORS: Final = {
    "type": "array",
    "description": "Single findings, 50 at most.",
    "items": {"$ref": "#/components/schemas/ProblemFinding"},
}
FINDING: Final = {
    "type": "object",
    "description": "One thing that is wrong. What does not apply is left out or null.",
    "properties": {
        "code": {
            "type": "string",
            "description": "Stable code of the rule.",
            "examples": ["expires-before-sent"],
        },
        "severity": {"type": "string", "description": "Its weight.", "enum": ["error", "warning", "info"]},
        "path": {
            "type": ["string", "null"],
            "description": "Element of the message, or parameter of the request.",
            "examples": ["/alert/info[1]/expires"],
        },
        "line": {"type": ["integer", "null"], "description": "Line in the message.", "examples": [12]},
        "message": {"type": "string", "description": "Sentence for a developer, in English."},
        "message_de": {"type": "string", "description": "The same for the duty officer, in German."},
        "kind": {"type": "string", "description": "What led nowhere.", "examples": ["geocode"]},
        "value": {"type": "string", "description": "Which one.", "examples": ["AGS=99999999"]},
        "reason": {"type": "string", "description": "Why.", "examples": ["code not in the boundary data"]},
    },
    "required": ["code", "path", "line", "message", "message_de"],
}


def refusals(*types: ProblemType) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route whose own code refuses requests with these problems."""
    return {
        status: {"description": "", _DECLARED: sorted(some)} for status, some in _by_status(types).items()
    }


def problems_of(route: Any) -> dict[int, list[ProblemType]]:
    """Return by status which problems a route can answer, each status once. `route` is a `RouteContext` of FastAPI."""
    found = {ProblemType.INTERNAL, *_by_dependencies(route.dependant)}
    for response in route.responses.values():
        found.update(map(ProblemType, response.get(_DECLARED, ())))
    own = route.dependant
    if _has_names(own):
        found.add(ProblemType.NOT_FOUND)
    if _has_parameters(own):
        found.add(ProblemType.INVALID_REQUEST)
    return _by_status(found)


def _by_dependencies(dependant: Dependant) -> Iterator[ProblemType]:
    for dependency in dependant.dependencies:
        yield from getattr(dependency.call, "refuses", ())
        yield from _by_dependencies(dependency)


def _has_names(dependant: Dependant) -> bool:
    """Whether the path of a route has names in it that it reads, itself or in what it depends on."""
    return bool(dependant.path_params) or any(_has_names(one) for one in dependant.dependencies)


def _has_parameters(dependant: Dependant) -> bool:
    """Whether a route reads the query, a header or a body through FastAPI, itself or in what it depends on."""
    own = dependant.query_params or dependant.header_params or dependant.body_params
    return bool(own) or any(_has_parameters(one) for one in dependant.dependencies)


def _by_status(types: Iterable[ProblemType]) -> dict[int, list[ProblemType]]:
    found = defaultdict(list)
    for type_ in sorted(set(types), key=list(ProblemType).index):
        found[STATUS[type_]].append(type_)
    return {status: found[status] for status in sorted(found)}


def schema_name(operation_id: str, status: int, types: list[ProblemType]) -> str:
    """Return the name of an answer's schema: by one problem or two, by operation and status where there are more."""
    if len(types) <= 2:
        return "Or".join(_pascal(type_) for type_ in types) + "Problem"
    return f"{operation_id[0].upper()}{operation_id[1:]}{_pascal(HTTPStatus(status).name.lower())}Problem"


def _pascal(words: str) -> str:
    return "".join(word.capitalize() for word in words.replace("_", "-").split("-"))


def problem_schema(status: int, types: list[ProblemType]) -> dict[str, Any]:
    """Return the JSON schema of a problem document that has this status and one of these types."""
    members = {name: dict(schema) for type_ in types for name, schema in MEMBERS.get(type_, {}).items()}
    return {
        "type": "object",
        "description": f"RFC 9457 problem details: {meanings(types)}",
        "properties": {
            "type": {
                "type": "string",
                "format": "uri",
                "description": "Which problem it is.",
                "enum": [URN + type_ for type_ in types],
            },
            "title": {
                "type": "string",
                "description": "The problem in English, the same each time.",
                "examples": [TITLE[types[0]].en],
            },
            "title_de": {
                "type": "string",
                "description": "The same in German.",
                "examples": [TITLE[types[0]].de],
            },
            "status": {"type": "integer", "description": "The HTTP status.", "enum": [status]},
            "detail": {
                "type": "string",
                "description": "What is wrong and what to do, in German for the duty officer.",
            },
            "detail_en": {
                "type": "string",
                "description": "The same in English.",
                "examples": ["There is nothing of that id."],
            },
            "errors": ERRORS,
            "errors_left_off": {
                "type": "integer",
                "description": "How many findings there are beside `errors`.",
                "examples": [7],
            },
            **members,
        },
        "required": ["type", "title", "title_de", "status", "detail", "detail_en"],
    }


def meanings(types: Iterable[ProblemType]) -> str:
    """Return what the types mean, in one line."""
    return "; ".join(f"`{type_}`: {TITLE[type_].en}" for type_ in types) + "."


def answer(name: str, types: list[ProblemType]) -> dict[str, Any]:
    """Return the OpenAPI response of a status whose document has the schema of this name."""
    found: dict[str, Any] = {
        "description": meanings(types),
        "content": {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{name}"}}},
    }
    headers: dict[str, Any] = {}
    if ANSWERS_IN & set(types):
        headers["Retry-After"] = {
            "description": "In how many seconds to send again.",
            "schema": {"type": "integer", "minimum": 1},
        }
    if ProblemType.UNAUTHENTICATED in types:
        headers["WWW-Authenticate"] = {
            "description": "How to show the credential.",
            "schema": {"type": "string", "enum": ["Bearer"]},
            "required": True,
        }
    return found | ({"headers": headers} if headers else {})
