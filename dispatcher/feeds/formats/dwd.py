"""Deutscher Wetterdienst: the STAT archives, the complete state as one zip with one CAP document per warning.

DIFF archives need every file since the last; STAT heals itself after an outage, so it is compared here instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cap
from cap.formats.archive import is_zip, members
from dispatcher.feeds.entry import LIMITS, FeedEntry, Listing, UnreadablePart, fingerprint, unreadable_part
from dispatcher.intake.prepare import Incoming

if TYPE_CHECKING:
    from collections.abc import Sequence


class Dwd:
    """Reads archives. Their members are distinguished by name, which holds the warning's identifier, and their
    content.
    """

    def listing(self, body: bytes, url: str) -> Listing:  # noqa: ARG002 - other formats resolve links against it
        """Read an archive; one without members says that nothing is in force. Raises `CapError` for anything else."""
        if not is_zip(body):
            raise cap.NotXml("The body is not a zip archive.", "Der Inhalt ist kein Zip-Archiv.")
        entries: dict[str, FeedEntry] = {}
        broken: list[UnreadablePart] = []
        for member in members(body, LIMITS):
            if isinstance(member.content, cap.CapError):
                broken.append(unreadable_part(member.name, member.name.encode(), member.content))
            else:
                entries[member.name] = FeedEntry(
                    member.name, fingerprint(member.content), content=member.content
                )
        return Listing(tuple(entries.values()), tuple(broken))

    def read(self, entry: FeedEntry, parts: Sequence[bytes]) -> tuple[Incoming, ...]:  # noqa: ARG002 - nothing is fetched
        content = entry.content or b""
        return tuple(Incoming(alert, content) for alert in cap.parse(content, LIMITS).alerts)
