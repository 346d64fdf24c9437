"""Read who stands behind each app, and what the law wants said of it, from the operator's file."""

from __future__ import annotations

import tomllib
from datetime import date  # noqa: TC003 - pydantic reads the annotation at run time
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from dispatcher.access.keys import KEY_ID_PATTERN

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LINES_MAX: Final = 50
Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]+$"),
]
"""One line of text."""
Lines = Annotated[tuple[Line, ...], Field(max_length=LINES_MAX)]


class PublicBodiesError(ValueError):
    """The file cannot be read; the message says where."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Privacy(_Table):
    """What a privacy page must name beside what this service does with data, which it knows (GDPR, article 13)."""

    legal_basis: Line
    """By which law the body warns people: § of which law, and the letter of article 6 GDPR."""
    officer: Lines
    """How the data protection officer is reached."""
    authority: Lines
    """The supervisory authority to complain to."""
    more: Lines = ()
    """Paragraphs on what else is processed: by a proxy in front of the service, for instance."""


class Accessibility(_Table):
    """What an accessibility statement says (model of Commission Implementing Decision (EU) 2018/1523)."""

    law: Line
    """The law that binds the body: of the Land, not of the Federation."""
    status: Literal["full", "partial", "none"]
    barriers: Lines = ()
    """What is not accessible, and why, each in a line; none only where `status` is `full`."""
    assessed: Line
    """How it was assessed, such as "Selbstbewertung" or by whom."""
    written_on: date
    reviewed_on: date
    enforcement: Lines
    """Who helps where the body does not: how its enforcement body is reached."""


class PublicBody(_Table):
    """The body that is responsible for an app (§ 5 DDG)."""

    name: Line
    address: Lines = Field(min_length=1)
    represented_by: Line
    phone: Line
    email: Annotated[Line, Field(pattern=r"^[^@\s]+@[^@\s]+$")]
    more: Lines = ()
    """What else its imprint says: a supervisory authority, an identification number."""
    privacy: Privacy
    accessibility: Accessibility


def load_public_bodies(path: Path | None) -> Mapping[str, PublicBody]:
    """Return the bodies by the id of their instance; none without a file. Raises `PublicBodiesError`."""
    if path is None:
        return {}
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
        return {name: _body(name, table) for name, table in tables.items()}
    except (OSError, ValueError) as error:
        raise PublicBodiesError(f"{path}: {error}") from error


def _body(name: str, table: object) -> PublicBody:
    if not KEY_ID_PATTERN.fullmatch(name):
        raise ValueError(f"[{name}]: no id of an instance")
    try:
        body = PublicBody.model_validate(table)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, (name, *first["loc"])))
        raise ValueError(f"[{where}]: {first['msg']}") from None
    if (body.accessibility.status == "full") == bool(body.accessibility.barriers):
        raise ValueError(
            f'[{name}.accessibility]: status "full" has no barriers, and another one names which there are'
        )
    return body
