"""A document in ready bytes, plain and compressed, with the tag of each. Pure."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

CACHE_CONTROL: Final = "public, max-age=1, stale-while-revalidate=1, stale-if-error=86400"
"""For a second a cache answers all who ask at once, for another it may while one of them fetches the next; and for a
day where the service does not answer: each document says as of when it is, and of each warning until when it holds (RFC
5861)."""
CAP_TYPE: Final = "application/cap+xml"
CONFINED: Final = (b"content-security-policy", b"sandbox; default-src 'none'")
"""What a CAP message is shown under: it is XML that others wrote, on the origin of the citizens' page."""
LEVEL: Final = 6
"""Of gzip: a document of 20 kB takes half a millisecond, once for all who read it."""
PACKED_SAVES: Final = 32
"""Bytes that compression has to save to be worth a second representation."""
Headers = tuple[tuple[bytes, bytes], ...]
"""(name in lower case, value) of each."""


@dataclass(frozen=True, slots=True)
class Representation:
    """The bytes that are sent, with the headers that belong to them."""

    body: bytes
    tag: bytes
    """Strong, with its quotes: other bytes have another."""
    headers: Headers
    """All that say of these bytes what they are."""
    validators: Headers
    """Those of them that an answer without the bytes repeats (RFC 9110 section 15.4.5)."""
    head: bytes
    """`headers` as they are sent."""


@dataclass(frozen=True, slots=True)
class Document:
    """What is published at one address."""

    plain: Representation
    packed: Representation | None
    """Compressed by gzip; None where that saves nothing."""

    @property
    def size(self) -> int:
        """Return its bytes in memory."""
        return len(self.plain.body) + (len(self.packed.body) if self.packed else 0)

    def representation(self, *, packed: bool) -> Representation:
        """Return the bytes for a client that takes compressed ones, or does not."""
        return self.packed if packed and self.packed is not None else self.plain


def document(body: bytes, media_type: str) -> Document:
    """Return the document of these bytes."""
    digest = sha256(body).hexdigest()[:32].encode()
    packed = gzip.compress(body, LEVEL, mtime=0)
    return Document(
        plain=_representation(body, b'"%s"' % digest, media_type),
        packed=_representation(packed, b'"%s-gzip"' % digest, media_type, (b"content-encoding", b"gzip"))
        if len(packed) + PACKED_SAVES <= len(body)
        else None,
    )


def _representation(body: bytes, tag: bytes, media_type: str, *more: tuple[bytes, bytes]) -> Representation:
    validators = (
        (b"etag", tag),
        (b"cache-control", CACHE_CONTROL.encode()),
        (b"vary", b"accept-encoding"),
    )
    described = (
        (b"content-type", media_type.encode()),
        (b"content-length", b"%d" % len(body)),
        *((CONFINED,) if media_type == CAP_TYPE else ()),
        *more,
    )
    headers = described + validators
    return Representation(body, tag, headers, validators, b"".join([b"%b: %b\r\n" % one for one in headers]))
