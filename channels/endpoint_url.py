"""Endpoints whose address is a URL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from channels.base import Elsewhere, Permanent
from channels.http.addresses import AddressPolicy, AddressRefused, split_origin

if TYPE_CHECKING:
    from channels.base import Endpoint

_ENCODED: Final = re.compile("%([0-9A-Fa-f]{2})")
_UNRESERVED: Final = re.compile(r"[A-Za-z0-9._~-]")
_SLASHES: Final = re.compile("//+")


def origin_of(endpoint: Endpoint, policy: AddressPolicy) -> str:
    """Return the endpoint's origin. Raises `Permanent` if the policy forbids the URL."""
    try:
        return policy.origin(endpoint.address)
    except AddressRefused as refused:
        raise Permanent(refused.code) from None


def require_at(gateway: str, endpoint: Endpoint, policy: AddressPolicy) -> None:
    """Raise `Elsewhere` if the endpoint's origin is not `gateway`, `Permanent` if the policy forbids its URL."""
    if origin_of(endpoint, policy) != gateway:
        raise Elsewhere("elsewhere")


def normal_spelling(url: str) -> str:
    """Return the URL in the one form of all that mean the same place (RFC 3986 section 6.2.2 and 6.2.3): scheme, host
    and port as in its origin, nothing encoded that need not be, no dot segments, no empty query; and, as most servers
    have it, no slash after a slash. A URL that is none is returned as it is. It is for comparing, not for sending.
    """
    try:
        _, origin, _ = split_origin(url)
    except AddressRefused:
        return url
    rest = url[url.index("://") + 3 :]
    begin = min((at for at in map(rest.find, "/?") if at >= 0), default=len(rest))
    path, _, query = rest[begin:].partition("?")
    path = _dotless(_SLASHES.sub("/", _ENCODED.sub(_decoded, path or "/")))
    return f"{origin}{path}{'?' if query else ''}{_ENCODED.sub(_decoded, query)}"


def _decoded(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if _UNRESERVED.fullmatch(character) else match[0].upper()


def _dotless(path: str) -> str:
    """Return the path without `.` and `..` (RFC 3986 section 5.2.4)."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)


def vetted_origin(endpoint: Endpoint, policy: AddressPolicy) -> str:
    """Return the origin as `origin_of` does; at subscription time, hosts that plainly are not public are refused
    too.
    """
    try:
        return policy.vet(endpoint.address)
    except AddressRefused as refused:
        raise Permanent(refused.code) from None
