"""Judge what a request says of what the client has or takes, by RFC 9110. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_TAG: Final = re.compile(rb'(W/)?("[^"]*")')
_WEIGHT: Final = re.compile(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", re.IGNORECASE)


def status_for(headers: Iterable[tuple[bytes, bytes]], tag: bytes) -> HTTPStatus:
    """Return with which status a GET or HEAD is answered whose representation has this strong tag: 200, 304, or 412.
    Dates are passed over, as no representation says when it was last modified: two may follow within a second.
    """
    if_match, if_none_match = [], []
    for name, value in headers:
        if name == b"if-none-match":
            if_none_match.append(value)
        elif name == b"if-match":
            if_match.append(value)
    if if_match and not names_tag(if_match, tag, weakly=False):
        return HTTPStatus.PRECONDITION_FAILED
    if if_none_match and names_tag(if_none_match, tag, weakly=True):
        return HTTPStatus.NOT_MODIFIED
    return HTTPStatus.OK


def names_tag(lines: Iterable[bytes], tag: bytes, *, weakly: bool) -> bool:
    """Whether a list of tags names this one, or any. A weak tag is never the same for `If-Match`."""
    listed = b", ".join(lines)
    if listed.strip() == b"*":
        return True
    return any(strong == tag and (weakly or not weak) for weak, strong in _TAG.findall(listed))


@lru_cache(maxsize=512)
def takes_gzip(accept_encoding: str) -> bool:
    """Whether a client with this `Accept-Encoding` takes what is compressed by gzip: named, or under "*", and with a
    weight above nothing. A client that says nothing gets it plain.
    """
    weights = {}
    for part in accept_encoding.split(","):
        coding, _, parameters = part.partition(";")
        weight = _WEIGHT.fullmatch(parameters) if parameters.strip() else None
        # A weight that cannot be read is none: the plain bytes are always right.
        known = float(weight[1]) if weight else (0.0 if parameters.strip() else 1.0)
        weights[coding.strip().lower()] = known
    own = weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0)))
    return own > 0
