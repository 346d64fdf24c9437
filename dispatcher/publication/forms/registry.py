"""The registry of forms: one line for each in which what is in force is published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from dispatcher.publication.documents import CAP_TYPE
from dispatcher.publication.forms import atom, geojson, nina, own

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dispatcher.publication.in_force import PublicInForce, PublicWarning
    from dispatcher.publication.places import PublicPlace

JSON: Final = "application/json"
SIGNED: Final = "cap-signed"
"""The name of a warning's message as we sign it, which is no pure function of it."""
ATOM_TYPE: Final = "application/atom+xml"
SVG: Final = "image/svg+xml"
GEOJSON_TYPE: Final = "application/geo+json"


class PlaceForm(NamedTuple):
    """A form in which what is in force at a place is published."""

    name: str
    media_type: str
    render: Callable[[PublicInForce, PublicPlace], bytes]
    """Pure: the same state and place give the same bytes."""
    reads: Callable[[PublicInForce, PublicPlace], Iterable[PublicWarning]] = lambda _found, _place: ()
    """The warnings whose very messages it needs; most are made of what is told."""


class WarningForm(NamedTuple):
    """A form in which one warning is published, also for a while after its end."""

    name: str
    media_type: str
    render: Callable[[PublicInForce, PublicWarning], bytes]
    of_ends: bool = False
    """Whether a message that ended a warning is published in it as well."""


GERMAN: Final = PlaceForm("own-de", JSON, lambda found, place: own.listed(found, place, "de"))
ENGLISH: Final = PlaceForm("own-en", JSON, lambda found, place: own.listed(found, place, "en"))
BY_LANGUAGE: Final = {"de": GERMAN, "en": ENGLISH}
"""Our own list, by the language of its texts."""
DETAIL: Final = WarningForm("own-detail", JSON, own.detail)
MESSAGE: Final = WarningForm("cap", CAP_TYPE, lambda _found, warning: warning.kept.raw(), of_ends=True)
ATOM: Final = PlaceForm(
    "atom", ATOM_TYPE, atom.feed, lambda found, place: [end for _, end in found.ended_at(place)]
)
GEOJSON: Final = PlaceForm("geojson", GEOJSON_TYPE, geojson.collection, lambda found, place: found.at(place))
NINA_DASHBOARD: Final = PlaceForm("nina-dashboard", JSON, nina.dashboard)
NINA_MAP: Final = PlaceForm("nina-map", JSON, nina.map_data)
NINA_NOTHING: Final = PlaceForm("nina-nothing", JSON, nina.nothing)
NINA_LABELS: Final = PlaceForm("nina-labels", JSON, nina.labels)
NINA_DETAIL: Final = WarningForm("nina-detail", JSON, nina.detail)
NINA_GEOMETRY: Final = WarningForm("nina-geometry", GEOJSON_TYPE, nina.geometry)
