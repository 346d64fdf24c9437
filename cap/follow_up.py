"""Builds the message that changes or ends an earlier one: an Update, a Cancel, an all-clear. Pure.

Each names what it replaces by exact references, and keeps of the earlier message what still holds: its areas, what the
event is, its handling. Advice about a danger is not kept by a message that says that it is over.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cap.model import Alert, Info, Reference
from cap.vocabulary import MsgType, ResponseType, Severity, Urgency, Version


@dataclass(frozen=True, slots=True)
class Header:
    """What only the new message can say of itself. `sent` is aware, in the sender's own zone, in whole seconds."""

    identifier: str
    sent: datetime
    references: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to change; None: it stays. Texts change in the language of the first info only."""

    headline: str | None = None
    description: str | None = None
    instruction: str | None = None
    severity: Severity | None = None
    expires: datetime | None = None

    @property
    def has_text(self) -> bool:
        return any(text is not None for text in (self.headline, self.description, self.instruction))


def update(earlier: Alert, header: Header, changes: Changes) -> Alert:
    """Returns the Update: the earlier message with its changes."""
    first = primary_language(earlier.infos)
    infos = tuple(_changed(info, changes, with_text=_primary(info) == first) for info in earlier.infos)
    return _headed(replace(earlier, infos=infos), MsgType.UPDATE, header)


def cancel(earlier: Alert, header: Header, text: str | None = None) -> Alert:
    """Returns the Cancel: it takes the earlier message back. `text` says why, in the language of its first info."""
    return _headed(replace(earlier, infos=_ended(earlier, text, ())), MsgType.CANCEL, header)


def all_clear(earlier: Alert, header: Header, text: str | None = None) -> Alert:
    """Returns the Update of which every info gives the all-clear."""
    infos = _ended(earlier, text, (ResponseType.ALL_CLEAR,))
    return _headed(replace(earlier, infos=infos), MsgType.UPDATE, header)


def revised(edited: Alert, header: Header) -> Alert:
    """Returns the Update that says what somebody wrote into an edited copy of the earlier message."""
    return _headed(edited, MsgType.UPDATE, header)


def covering(parts: Sequence[Alert]) -> Alert:
    """Returns the first of several messages with the areas of all: what holds in several parts ends in one."""
    first, *others = parts
    if not others:
        return first
    areas = tuple(dict.fromkeys(area for part in parts for area in part.areas()))
    return replace(first, infos=tuple(replace(info, areas=areas) for info in first.infos))


def next_moment(earlier: Alert, now: datetime) -> datetime:
    """Returns when a follow-up is sent: now, in whole seconds, and later than what it follows."""
    moment = now.replace(microsecond=0)
    if earlier.sent is None or moment > earlier.sent:
        return moment
    return (earlier.sent + timedelta(seconds=1)).astimezone(now.tzinfo)


def own_reference(alert: Alert) -> Reference:
    """Returns the reference to a message, with its time as it was written."""
    return Reference(alert.sender, alert.identifier, alert.sent)


def primary_language(infos: Sequence[Info]) -> str:
    """Returns the primary subtag of the language that a message is told in first."""
    return _primary(infos[0]) if infos else ""


def untouched_languages(alert: Alert) -> tuple[str, ...]:
    """Returns the languages whose texts a change leaves as they were."""
    first = primary_language(alert.infos)
    others = (info.language or "en-US" for info in alert.infos if _primary(info) != first)
    return tuple(dict.fromkeys(others))


def _primary(info: Info) -> str:
    return (info.language or "en-US").partition("-")[0].lower()  # CAP 1.2 section 3.2.2: absent means en-US


def _headed(alert: Alert, msg_type: MsgType, header: Header) -> Alert:
    """Returns the message under its own head: a signature of the earlier one proves nothing about it."""
    return replace(
        alert,
        identifier=header.identifier,
        sent=header.sent,
        msg_type=msg_type,
        references=tuple(dict.fromkeys(header.references)),
        version=Version.V1_2,
        signatures=0,
        problems=(),
    )


def _changed(info: Info, changes: Changes, *, with_text: bool) -> Info:
    found = replace(info, severity=changes.severity or info.severity, expires=changes.expires or info.expires)
    if not with_text:
        return found
    return replace(
        found,
        headline=_either(changes.headline, found.headline),
        description=_either(changes.description, found.description),
        instruction=_either(changes.instruction, found.instruction),
    )


def _either(new: str | None, old: str | None) -> str | None:
    """Returns the new text, or the old one where none is given; an empty new one takes the old one away."""
    return old if new is None else new or None


def _ended(earlier: Alert, text: str | None, response: tuple[ResponseType, ...]) -> tuple[Info, ...]:
    """Returns infos that say that it is over: with the areas and the name of the danger, without advice about it."""
    first = primary_language(earlier.infos)
    return tuple(
        replace(
            info,
            response_types=response,
            urgency=Urgency.PAST,
            description=text if text and _primary(info) == first else None,
            instruction=None,
            resources=(),
        )
        for info in earlier.infos
    )
