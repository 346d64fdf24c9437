"""Answers whoever has the same already with a 304, by RFC 9110 section 13."""

from __future__ import annotations

from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.responses import Response

from dispatcher.api.public.preconditions import names_tag

if TYPE_CHECKING:
    from starlette.requests import Request


def weak_tag(content: bytes) -> str:
    """Return the tag of answers that say the same, though not always in the same bytes."""
    return f'W/"{sha256(content).hexdigest()[:32]}"'


def conditional(request: Request, body: bytes, tag: str) -> Response:
    """Return the JSON `body`, or 304 without one where the client has named its tag."""
    headers = {"ETag": tag}
    if is_known(request.headers.getlist("if-none-match"), tag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def is_known(named: list[str], tag: str) -> bool:
    """Whether the client's `If-None-Match` names the tag, compared weakly as for a GET, or anything at all."""
    lines = [line.encode("latin-1") for line in named]
    return names_tag(lines, tag.removeprefix("W/").encode("latin-1"), weakly=True)
