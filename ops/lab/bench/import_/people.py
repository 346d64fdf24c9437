"""Writes a file of people to be imported: browsers' subscriptions over the municipalities of the district."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ops.lab.world.population import INHABITANTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ORIGIN = "https://updates.push.services.mozilla.com"
"""A push service whose addresses are taken. Nothing is sent there."""
KEY_PAIRS = 64
"""Shared in turn, which an import cannot tell: each is checked for each row."""


def keys() -> dict[str, str]:
    """Return keys as a browser gives them."""
    point = ec.generate_private_key(ec.SECP256R1()).public_key()
    raw = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return {
        name: urlsafe_b64encode(value).decode().rstrip("=")
        for name, value in (("p256dh", raw), ("auth", raw[:16]))
    }


def people(count: int) -> Iterator[dict[str, Any]]:
    """Yield so many rows."""
    pairs = [keys() for _ in range(KEY_PAIRS)]
    for number, place, pair in islice(
        zip(range(count), cycle(INHABITANTS), cycle(pairs), strict=False), count
    ):
        yield {
            "channel": "webpush",
            "address": f"{ORIGIN}/wpush/v2/{number:0120}",
            "keys": pair,
            "places": [place],
            "language": "de",
            "ref": f"p{number}",
        }


def write(file: Path, count: int) -> None:
    """Write them as NDJSON."""
    with file.open("w") as lines:
        lines.writelines(json.dumps(one) + "\n" for one in people(count))
