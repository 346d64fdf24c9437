"""Bind an approval to what is approved: one hash over the message, its places, its exact target, its texts, and the
number of people. Pure.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dispatcher.model.alerts import AffectedMunicipality


@dataclass(frozen=True, slots=True)
class BoundContent:
    """What is sent if it is approved."""

    raw: bytes
    """The CAP message as the record has it."""
    places: Sequence[AffectedMunicipality]
    target: bytes
    """What its shapes cover, as WKB in EPSG:3035."""
    texts: Mapping[str, str | bytes]
    """What people get to read, by channel and language."""


def content_sha256(content: BoundContent) -> bytes:
    """Return the hash of everything but the number of people."""
    return _hash(
        [
            content.raw,
            _hash(_of_places(content.places)),
            content.target,
            _hash(
                part
                for name in sorted(content.texts)
                for part in (name.encode(), _bytes(content.texts[name]))
            ),
        ]
    )


def binding(content_hash: bytes, people: int | None) -> str:
    """Return what a person approves, in hex: the content, and the number of people that was shown, or that there was
    none yet.
    """
    return _hash([content_hash, b"uncounted" if people is None else b"%d" % people]).hex()


def _of_places(places: Sequence[AffectedMunicipality]) -> Iterable[bytes]:
    for place in sorted(places, key=lambda one: one.ags):
        yield from (place.ags.encode(), place.reason.encode())


def _hash(parts: Iterable[bytes]) -> bytes:
    """Return the hash of parts, each with its length before it: no two lists of parts look alike."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text
