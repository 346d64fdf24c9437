"""Write events of a stream (text/event-stream): what changes, and what holds for whoever begins to listen.

Each is one block of ready bytes, the same for all who listen in one language.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dispatcher.publication.changes import Change, ChangeKind
from dispatcher.publication.forms.own import DETAIL_PATH, instant, notice, state_of
from dispatcher.texts.languages import DEFAULT
from dispatcher.texts.shortening import as_json

if TYPE_CHECKING:
    from dispatcher.publication.in_force import PublicInForce

MEDIA_TYPE: Final = "text/event-stream"
SNAPSHOT: Final = "snapshot"
STATE: Final = "state"


def snapshot(listed: bytes) -> bytes:
    """Return the event of all that is in force at a place: its list, one line of JSON (`own.listed`)."""
    return _event(SNAPSHOT, listed)


def state(found: PublicInForce) -> bytes:
    """Return the event of what is known of those who warn: `current`, and the feeds that are stale or unread."""
    return _event(STATE, as_json(state_of(found)))


def changed(change: Change, found: PublicInForce, language: str) -> bytes:
    """Return the event of a change."""
    body = _ended(change, found) if change.kind is ChangeKind.ENDED else _alert(change, found, language)
    return _event(change.kind, as_json({"as_of": instant(found.as_of), **body}))


def numbered(event_id: bytes, event: bytes) -> bytes:
    """Return an event with its id."""
    return b"id: %b\n%b" % (event_id, event)


def comment(found: PublicInForce, event_id: bytes) -> bytes:
    """Return what keeps a connection open: as of when nothing else is known, whom nobody hears, and up to which event
    the listener has heard everything.
    """
    said = [
        f"as of {instant(found.as_of)}" if found.current else f"not current, as of {instant(found.as_of)}"
    ]
    said += [f"silent: {one.name} since {instant(one.since)}" for one in found.coverage.stale]
    said += [f"unread: {one.name} since {instant(one.since)}" for one in found.coverage.unread]
    return numbered(event_id, b"".join(b": %b\n" % one.encode() for one in said) + b"\n")


def retry(milliseconds: int) -> bytes:
    """Return after how long a client is to connect again."""
    return b"retry: %d\n" % milliseconds


def _alert(change: Change, found: PublicInForce, language: str) -> dict[str, Any]:
    warning = change.warning
    told = found.told(warning, language) or found.told(warning, DEFAULT)
    told_at_all = {"alert": notice(warning, told, ())} if told else {}
    return {"id": warning.stored.id, "replaces": list(change.replaces), **told_at_all}


def _ended(change: Change, found: PublicInForce) -> dict[str, Any]:
    stored = change.warning.stored
    over = found.find(stored.id)
    ended_at = (over.stored.stopped_at if over else None) or min(stored.expires, found.now)
    return {
        "id": stored.id,
        "ended_at": instant(ended_at),
        "superseded_by": change.ended_by,
        "details": DETAIL_PATH.format(stored.id),
    }


def _event(name: str, data: bytes) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), data)
