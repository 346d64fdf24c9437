"""Say which trace an alert has, and read what a sender's request says of its own. Pure.

An alert's id is a ULID, and as a number of 128 bits it is the id of its trace. So whoever has the alert's id is in its
trace: it stands in the outbox, in the wake-up for the plan, and in the row of the batch that a wake-up names. Nothing
more is stored or sent along (decision 0105).
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from dispatcher.model.alerts import ULID_ALPHABET

if TYPE_CHECKING:
    from collections.abc import Sequence

_ULID: Final = re.compile(f"[0-7][{ULID_ALPHABET}]{{25}}")
"""26 letters of 5 bits have two more than 128: the first of a ULID is 7 at most."""
_VALUES: Final = {letter: value for value, letter in enumerate(ULID_ALPHABET)}
# W3C Trace Context, section 3.2.2: of a later version what may follow these four fields is not ours to read.
_TRACEPARENT: Final = re.compile(
    r"(?P<version>(?!ff)[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})"
    r"(?P<more>-[!-~]{0,200})?",
    re.ASCII,
)


class SpanContext(NamedTuple):
    """Names a span of anybody's: the ids of its trace (16 bytes) and of itself (8 bytes), and the trace's flags."""

    trace_id: bytes
    span_id: bytes
    flags: int = 1


def trace_id_of(alert_id: str) -> bytes:
    """Return the id of an alert's trace; of an id that is no ULID a hash of it."""
    if _ULID.fullmatch(alert_id):
        number = 0
        for letter in alert_id:
            number = number << 5 | _VALUES[letter]
        if number:  # no trace is called zero
            return number.to_bytes(16, "big")
    return hashlib.sha256(alert_id.encode()).digest()[:16]


def root_of(trace_id: bytes) -> bytes:
    """Return the id of a trace's first span, the parent of all others: every process knows it without being told."""
    return hashlib.sha256(b"root" + trace_id).digest()[:8]


def sender_context(headers: Sequence[str]) -> SpanContext | None:
    """Return what the values of a request's `traceparent` say; None where there is none, more than one, or one that is
    not as it should be. Whoever sends it may write in it what he likes, but nothing other than these 25 bytes.
    """
    found = _TRACEPARENT.fullmatch(headers[0]) if len(headers) == 1 else None
    if found is None or (found["version"] == "00" and found["more"]):
        return None
    context = SpanContext(
        bytes.fromhex(found["trace"]), bytes.fromhex(found["span"]), int(found["flags"], 16)
    )
    return context if any(context.trace_id) and any(context.span_id) else None
