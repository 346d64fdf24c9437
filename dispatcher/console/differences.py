"""Compare a message with the one that it changes, in what people read and where it holds. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from cap.severity import highest_severity
from dispatcher.texts.choice import preferred
from dispatcher.texts.languages import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from cap import Alert, Info
    from dispatcher.model.alerts import AffectedMunicipality

READ: Final = ("event", "headline", "description", "instruction")
"""What people read of an info, by the name that CAP has for it."""


class ComparedMessage(NamedTuple):
    """A message, until when it holds, and where."""

    alert: Alert
    expires: datetime
    places: Sequence[AffectedMunicipality]


class TextDifference(NamedTuple):
    """What one of the texts was before, and what it is now; empty where there is none."""

    name: str
    before: str
    after: str


class MessageChanges(NamedTuple):
    """What is otherwise than in the message before."""

    texts: list[TextDifference]
    severity: TextDifference | None
    """Of CAP's words."""
    expires: tuple[datetime, datetime] | None
    added: list[str]
    """Municipalities, by name, that were not warned before."""
    left: list[str]
    """Municipalities that are told that it is over there."""

    @property
    def are_none(self) -> bool:
        """Whether nothing is otherwise."""
        return not any((self.texts, self.severity, self.expires, self.added, self.left))


def changes(before: ComparedMessage, after: ComparedMessage, language: str = DEFAULT) -> MessageChanges:
    """Return what is otherwise, of the texts in the reader's language, or in what there is in its place."""
    earlier, later = preferred(before.alert.infos, language), preferred(after.alert.infos, language)
    pairs = ((name, _read(earlier, name), _read(later, name)) for name in READ)
    severities = [str(highest_severity(one.alert).value) for one in (before, after)]
    was, now = ({place.ags: place.name for place in one.places} for one in (before, after))
    ends = before.expires, after.expires
    return MessageChanges(
        texts=[TextDifference(*one) for one in pairs if one[1] != one[2]],
        severity=TextDifference("severity", *severities) if severities[0] != severities[1] else None,
        expires=ends if _to_the_minute(ends[0]) != _to_the_minute(ends[1]) else None,
        added=[name for ags, name in sorted(now.items()) if ags not in was],
        left=[name for ags, name in sorted(was.items()) if ags not in now],
    )


def _to_the_minute(at: datetime) -> datetime:
    """Return a time as pages and forms have it: what was filled from a template ends at a second of its own."""
    return at.replace(second=0, microsecond=0)


def _read(info: Info | None, name: str) -> str:
    return "" if info is None else " ".join(str(getattr(info, name) or "").split())
