"""What the answers to whoever asks have in common, as the description of the API has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dispatcher.api.openapi.refusals import refusals
from dispatcher.model.problems import ProblemType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import BaseModel

Answers = dict[int | str, dict[str, Any]]
_TEXT: Final = {"schema": {"type": "string"}}
HEADERS: Final = {
    "ETag": {
        "description": "Tag of these very bytes: of others, also compressed ones, it is another.",
        "required": True,
        **_TEXT,
    },
    "Alerts-As-Of": {
        "description": "When the record was last asked, by RFC 3339; it goes on while the document stays the same.",
        "required": True,
        **_TEXT,
    },
    "Alerts-Stale-Feeds": {
        "description": "The feeds of which nobody knows what they say now, and since when: a list of RFC 9651. Left "
        "out where there are none.",
        **_TEXT,
    },
    "Alerts-Unread-Feeds": {
        "description": "The feeds that hold something which nobody can read, or which a person has not decided upon, "
        "wherever it may be about, and since when: a list of RFC 9651. Left out where there are none.",
        **_TEXT,
    },
    "Alerts-Age": {
        "description": "How many seconds ago the record last answered, where it does not answer now.",
        "schema": {"type": "integer"},
    },
}
OF_ONE: Final = (ProblemType.NOT_FOUND, ProblemType.OVERLOADED, ProblemType.RECORD_UNAVAILABLE)
"""What is refused of one warning beside what all refuse: for one that is not known here a few requests wait, and none
where the record cannot say whether there is one."""


def of_model(description: str, model: type[BaseModel], *refused: ProblemType) -> Answers:
    """Return the answers of a route with a body of ours, which may refuse this as well."""
    return {200: {"description": description, "model": model, "headers": HEADERS}, **_otherwise(refused)}


def of_type(description: str, media_type: str, schema: dict[str, Any], *refused: ProblemType) -> Answers:
    """Return the answers of a route with a body of this media type, which may refuse this as well."""
    content = {media_type: {"schema": schema}}
    return {200: {"description": description, "content": content, "headers": HEADERS}, **_otherwise(refused)}


def _otherwise(refused: Iterable[ProblemType]) -> Answers:
    return {
        304: {"description": "It is what `If-None-Match` names.", "headers": HEADERS},
        **refusals(ProblemType.PRECONDITION_FAILED, ProblemType.NOTHING_KNOWN_YET, *refused),
    }


def of_constant(description: str, media_type: str, what: str) -> Answers:
    """Return the answers of a route whose body is text that says nothing of warnings."""
    headers = {"ETag": HEADERS["ETag"]}
    content = {media_type.partition(";")[0]: {"schema": {"type": "string", "description": what}}}
    return {
        200: {"description": description, "content": content, "headers": headers},
        304: {"description": "It is what `If-None-Match` names.", "headers": headers},
        **refusals(ProblemType.PRECONDITION_FAILED),
    }
