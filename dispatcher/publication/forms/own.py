"""Write what is in force as JSON of our own: the notices that people get, with what a machine needs beside them.

It alone says whether anybody would warn there (`covered`), and so whether an empty list means anything.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from dispatcher.publication.places import PlaceKind
from dispatcher.texts.payload import keyed
from dispatcher.texts.shortening import as_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from dispatcher.apps.told import Told
    from dispatcher.publication.coverage import SilentFeed, UncertainFeed
    from dispatcher.publication.in_force import PublicInForce, PublicWarning
    from dispatcher.publication.places import PublicPlace

DETAIL_PATH: Final = "/v1/public/alerts/{}"
"""Where anybody gets a warning in all its languages, at the address of the API."""
CAP_PATH: Final = "/v1/public/alerts/{}/cap"
"""Where anybody gets the CAP message."""
SIGNED_PATH: Final = "/v1/public/alerts/{}/cap/signed"
"""Where anybody gets it signed by the service."""


def listed(found: PublicInForce, place: PublicPlace, language: str) -> bytes:
    """Return what is in force at a place, the notices in this language or the nearest that the sender wrote."""
    pairs = [(one, told) for one in found.at(place) if (told := found.told(one, language)) is not None]
    alerts = [notice(one, told, _own_places(one, place)) for one, told in pairs]
    covered = found.covers(place)
    return as_json(
        {
            "place": place_of(place),
            **state_of(found, place),
            "covered": covered,
            # Nobody would tell us of a warning there: that is not the same as none.
            "alerts": alerts if alerts or covered else None,
        }
    )


def detail(found: PublicInForce, warning: PublicWarning) -> bytes:
    """Return one warning in all the languages in which its sender wrote."""
    stored = warning.stored
    is_in_force = stored.is_in_force(found.now)
    # What is over is shown as it was told last.
    moment = found.now if is_in_force else min(_end(warning), found.now)
    told = [found.telling.now(warning, language, moment) for language in warning.kept.outline.languages]
    return as_json(
        {
            "id": stored.id,
            "cap_sender": stored.sender,
            "identifier": stored.identifier,
            "sent": instant(stored.sent),
            "expires": instant(stored.expires),
            **state_of(found),
            "in_force": is_in_force,
            "ended_at": None if is_in_force else instant(stored.stopped_at or stored.expires),
            "superseded_by": stored.stopped_by,
            "cap": CAP_PATH.format(stored.id),
            "cap_signed": SIGNED_PATH.format(stored.id),
            "municipalities": keyed(warning.municipalities),
            "notices": [notice(warning, one, ()) for one in told if one is not None],
        }
    )


def _end(warning: PublicWarning) -> datetime:
    """Return the last moment at which the warning was in force; that of its receipt if it never was."""
    stored = warning.stored
    ended = min(stored.expires, stored.stopped_at or stored.expires)
    return max(stored.received_at, ended - timedelta(microseconds=1))


def _own_places(warning: PublicWarning, place: PublicPlace) -> Iterable[tuple[str, str]]:
    """Return the municipalities that a list names of a warning: those of its place, and none in the list of all."""
    return () if place.kind is PlaceKind.EVERYWHERE else warning.within(place)


def notice(warning: PublicWarning, told: Told, own: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return one entry of a list, with those of its municipalities that are the reader's `own`."""
    stored = warning.stored
    found = {
        **told.notice,
        "cap": CAP_PATH.format(stored.id),
        "cap_signed": SIGNED_PATH.format(stored.id),
        "details": DETAIL_PATH.format(stored.id),
        "cap_sender": stored.sender,
        "identifier": stored.identifier,
    }
    if municipalities := keyed(own):
        found["municipalities"] = municipalities
    return found


def place_of(place: PublicPlace) -> dict[str, Any]:
    """Return what a document of ours says of its place."""
    return {
        "kind": place.kind,
        "key": place.key or None,
        "ars": place.ars or None,
        "name": place.name or None,
    }


def state_of(found: PublicInForce, place: PublicPlace | None = None) -> dict[str, Any]:
    """Return what every document of ours says of itself; of feeds with something unread, those that concern the place,
    if it is of one.
    """
    return {
        "as_of": instant(found.as_of),
        "current": found.current,
        "stale_feeds": _feeds(found.coverage.stale),
        "unread_feeds": _feeds(found.unread_at(place)),
    }


def _feeds(feeds: Iterable[SilentFeed | UncertainFeed]) -> list[dict[str, str]]:
    return [{"name": one.name, "since": instant(one.since)} for one in feeds]


def instant(moment: datetime) -> str:
    """Return a moment as all documents of ours have it."""
    return moment.isoformat(timespec="milliseconds")
