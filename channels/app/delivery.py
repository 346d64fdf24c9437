"""Says beside a CAP message what it does not say of itself: of which chain it is, in which order, and for what.

A message that ends a warning for a place may be an Update that goes on elsewhere, and a message that came late may be
older than the one before. The header has it as JSON in ASCII, and a signature of its own, made as that of the body.
"""

from __future__ import annotations

import json
from typing import Final

DELIVERY: Final = "alert-delivery"
DELIVERY_SIGNATURE: Final = "alert-delivery-signature"
MEMBERS: Final = (
    "v",
    "alert",
    "chain",
    "sequence",
    "kind",
    "expires",
    "also_replaces",
    "test",
    "municipalities",
    "receipt",
)
"""What it has of a notice, in this order; of municipalities their keys."""
MOST_BYTES: Final = 4_000
"""Servers take headers of 8 kB in all as a rule. Municipalities are left out where they would make it longer: all of
them, as a part would say of the others that they are not concerned."""


def delivery(document: bytes) -> bytes:
    """Return the header of a notice, which is a JSON object."""
    notice = json.loads(document)
    found = {name: notice[name] for name in MEMBERS if name in notice}
    if "municipalities" in found:
        found["municipalities"] = [one["ags"] for one in found["municipalities"]]
    written = _written(found)
    if len(written) > MOST_BYTES:
        found.pop("municipalities", None)
        written = _written(found)
    return written


def _written(found: dict[str, object]) -> bytes:
    return json.dumps(found, separators=(",", ":")).encode("ascii")
