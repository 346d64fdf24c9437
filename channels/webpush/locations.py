"""Where accepted messages can be taken back: the `Location` that a push service answers with (RFC 8030 section 5).

Hardly any is ever used, so nothing is read of them when they come: a header block stays as it came, in HPACK's code,
which is Huffman's, and is read when somebody asks. Each is a stranger's word and is believed only below the origin of
the endpoint.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias
from weakref import ref

from channels.http.addresses import MAX_URL_CHARACTERS, AddressRefused
from channels.http.http2.hpack import CompressionError, decode
from channels.http.messages import Acceptance

if TYPE_CHECKING:
    from channels.http.addresses import AddressPolicy
    from channels.http.messages import Answer

Kept: TypeAlias = "tuple[int, str | bytes]"
"""An endpoint's id, and its `Location` or the header block that has it."""

MOST: Final = 200_000
"""Answers that wait for the record at most, some 60 MB. What comes more cannot be taken back."""
MAX_KEPT_BYTES: Final = 1024
"""The longest that is kept. Mozilla's have some 250 bytes, with all headers 500."""


@dataclass(eq=False, slots=True, weakref_slot=True)
class KeptAnswers:
    """What one call of `send` gathers."""

    alert_id: str
    gateway: str
    entries: list[tuple[int, Answer]] = field(default_factory=list)

    def note(self, endpoint_id: int, answer: Answer) -> None:
        """Keep what a push service answered. One is made for each message: what is of use is looked for later."""
        self.entries.append((endpoint_id, answer))


class Locations:
    """Gathers what the record is to have. For one event loop."""

    def __init__(self) -> None:
        self._open: list[tuple[ref[KeptAnswers], str, str, list[tuple[int, Answer]]]] = []

    def open(self, alert_id: str, gateway: str) -> KeptAnswers | None:
        """Return where one call of `send` puts what it gets; it may be collected at any time, also while that goes on.
        None where nobody collects, and too much waits.
        """
        if sum(len(entries) for *_, entries in self._open) >= MOST:
            return None
        taken = KeptAnswers(alert_id, gateway)
        self._open.append((ref(taken), alert_id, gateway, taken.entries))
        return taken

    def take(self) -> dict[tuple[str, str], list[Kept]]:
        """Return what there is by alert and gateway, once."""
        found: dict[tuple[str, str], list[Kept]] = {}
        for _, alert_id, gateway, entries in self._open:
            kept = [(one, location) for one, answer in entries if (location := _kept_of(answer))]
            entries.clear()
            if kept:
                found.setdefault((alert_id, gateway), []).extend(kept)
        self._open = [one for one in self._open if one[0]() is not None]
        return found


def _kept_of(answer: Answer) -> str | bytes:
    """Return what is kept of an answer; nothing where it says nothing, or too much."""
    kept = answer.block if type(answer) is Acceptance else answer.header("location") or ""
    return kept if len(kept) <= MAX_KEPT_BYTES else ""


def location_of(kept: str | bytes) -> str:
    """Return the `Location` that an answer had, or nothing where it had none or nobody can read it."""
    if isinstance(kept, str):
        return kept
    try:
        named = [value for name, value in decode(kept) if name == b"location"]
        return named[-1].decode("ascii") if named else ""
    except (CompressionError, UnicodeDecodeError):
        return ""


def message_url(kept: str | bytes, gateway: str, policy: AddressPolicy) -> str:
    """Return the URL of an accepted message. Raises `ValueError` for one that is not at the endpoint's origin, is none,
    or is too long: it leads somewhere that nobody subscribed.
    """
    location = location_of(kept)
    url = gateway + location if location.startswith("/") and not location.startswith("//") else location
    if not location or len(url) > MAX_URL_CHARACTERS:
        raise ValueError("no location")
    try:
        origin = policy.origin(url)
    except AddressRefused as error:
        raise ValueError(error.code) from None
    if origin != gateway:
        raise ValueError("another origin")
    return url
