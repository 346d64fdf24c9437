"""A document that holds its messages itself: one alert, or a container of them, as XML or as NINA's JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cap
from cap.formats.nina import parse_nina
from dispatcher.feeds.entry import LIMITS, LIST_LIMITS, FeedEntry, Listing, UnreadablePart, fingerprint
from dispatcher.intake.prepare import Incoming

if TYPE_CHECKING:
    from collections.abc import Sequence


class Document:
    """A single CAP URL: whatever stands there now is what the source says. `geometry` belongs to one NINA message."""

    def __init__(self, geometry: bytes = b"") -> None:
        self._geometry = geometry

    def listing(self, body: bytes, url: str) -> Listing:  # noqa: ARG002 - other formats resolve links against it
        """Read a document as a list of its alerts. Raises `CapError` for a body that is neither an alert nor a
        container.
        """
        document = read_document(body, self._geometry)
        if document.entries and not document.alerts:
            raise cap.NotCap(
                "The feed only links to messages: it is one for the adapter index.",
                "Der Feed verweist nur auf Meldungen: er ist etwas für den Adapter index.",
            )
        return embedded(document, body)

    def read(self, entry: FeedEntry, parts: Sequence[bytes]) -> tuple[Incoming, ...]:  # noqa: ARG002 - nothing is fetched
        return carried_message(entry)


def read_document(body: bytes, geometry: bytes = b"") -> cap.Document:
    """Read XML or JSON, depending on how it begins. Raises `CapError`."""
    if body.lstrip()[:1] == b"{":
        return parse_nina(body, geometry or None, LIMITS)
    return cap.parse(body, LIST_LIMITS)


def embedded(document: cap.Document, body: bytes) -> Listing:
    """Return the document's alerts as entries. Alerts that collide under one identity are all kept."""
    entries: dict[str, FeedEntry] = {}
    contents: dict[str, set[str]] = {}
    for alert in document.alerts:
        content = body if document.kind in ("alert", "nina") else cap.render(alert)
        sent = alert.sent.isoformat() if alert.sent else ""
        name, version = f"{alert.sender},{alert.identifier},{sent}", fingerprint(content)
        versions = contents.setdefault(name, set())
        if version in versions:
            continue
        versions.add(version)
        key = name if len(versions) == 1 else f"{name}#{len(versions)}"
        entries[key] = FeedEntry(key, version, content=content, alert=alert)
    return Listing(tuple(entries.values()), tuple(unreadable_alerts(document, body)))


def unreadable_alerts(document: cap.Document, body: bytes) -> list[UnreadablePart]:
    """Return alerts within a container that could not be read; the container is kept for them."""
    return [
        UnreadablePart(f"{problem.path}:{problem.line}", body, problem.code, problem.detail)
        for problem in document.problems
        if problem.code == "feed-alert-unreadable"
    ]


def carried_message(entry: FeedEntry) -> tuple[Incoming, ...]:
    """Return the message that the entry carries."""
    return (Incoming(entry.alert, entry.content or b""),) if entry.alert is not None else ()
