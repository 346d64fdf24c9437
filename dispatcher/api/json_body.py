"""Reads the JSON bodies of apps: within their bounds first, and refused without a word of what was sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from dispatcher.api.problems import ERRORS_MAX
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.sentence import said

if TYPE_CHECKING:
    from dispatcher.model.sentences.phrases import Phrase

Wanted = TypeVar("Wanted", bound=BaseModel)
BODY_REFUSED: Final = (ProblemType.TOO_LARGE, ProblemType.INCOMPLETE, ProblemType.OVERLOADED)
"""What reading a body can refuse, whatever is in it."""
_TOO_MANY: tuple[dict[str, object], ...] = (
    {
        "code": "too_many_errors",
        "path": "",
        "line": None,
        "message": "More members than can be named here are none of this body, or have not the right form.",
        "message_de": "Mehr Angaben, als sich hier nennen lassen, sind unbekannt oder haben nicht die richtige Form.",
    },
)
_TWICE: tuple[dict[str, object], ...] = (
    {
        "code": "member_twice",
        "path": "",
        "line": None,
        "message": "A member stands twice in one object.",
        "message_de": "Eine Angabe steht in einem Objekt zweimal.",
    },
)


def json_body(model: type[BaseModel], *, required: bool) -> dict[str, Any]:
    """Describe a body that is read within its limit first, and parsed by the route."""
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}
    return {"requestBody": {"required": required, "content": content}}


def parsed(model: type[Wanted], body: bytes, problem: ProblemType, phrase: Phrase) -> Wanted:
    """Return the body as the model has it; nothing is taken for another type than it is, such as "yes" for true. Raises
    `RequestRefused` with this problem, without a word of what was sent.
    """
    try:
        found = model.model_validate_json(body, strict=True)
        json.loads(body.decode(), object_pairs_hook=_once, parse_int=str, parse_float=str)
    except ValidationError as error:
        if error.error_count() > ERRORS_MAX:
            raise RequestRefused(problem, said(phrase), _TOO_MANY) from None
        raise RequestRefused(problem, said(phrase), named(error)) from None
    except _NamedTwice:
        raise RequestRefused(problem, said(phrase), _TWICE) from None
    return found


def _once(members: list[tuple[str, Any]]) -> None:
    """Raise `_NamedTwice` where an object has two members of one name: readers differ in which of them counts."""
    if len({name for name, _ in members}) < len(members):
        raise _NamedTwice


class _NamedTwice(Exception):
    """A member stands twice in an object."""


def named(error: ValidationError) -> tuple[dict[str, object], ...]:
    """Return the first of what is wrong with a body, as many as a problem lists, without a word of what was sent."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return tuple(
        {
            "code": item["type"],
            "path": "".join(f"/{part}" for part in item["loc"]),
            "line": None,
            "message": item["msg"],
            "message_de": "Fehlt, ist hier unbekannt oder hat nicht die richtige Form.",
        }
        for item in found[:ERRORS_MAX]
    )
