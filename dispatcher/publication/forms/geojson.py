"""Write what is in force as GeoJSON (RFC 7946), for maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dispatcher.publication.forms.own import CAP_PATH, DETAIL_PATH, state_of
from dispatcher.texts.choice import current_infos, preferred
from dispatcher.texts.shape import area_shape
from dispatcher.texts.shortening import as_json

if TYPE_CHECKING:
    from dispatcher.apps.told import Told
    from dispatcher.publication.in_force import PublicInForce, PublicWarning
    from dispatcher.publication.places import PublicPlace

LANGUAGE: Final = "de"
SHAPE_BYTES: Final = 500_000
"""The longest geometry of one warning, 30,000 corners. One that is longer is null, as half of it would mislead."""
_SAID: Final = (
    "headline",
    "event",
    "severity",
    "urgency",
    "certainty",
    "sender",
    "sent",
    "expires",
    "attribution",
)


def collection(found: PublicInForce, place: PublicPlace) -> bytes:
    """Return a feature for each warning in force at a place. Its geometry is null where codes alone name its area, or
    where what is drawn cannot be shown as a whole: then `municipalities` says where it is.
    """
    pairs = [(one, told) for one in found.at(place) if (told := found.told(one, LANGUAGE)) is not None]
    return as_json(
        {
            "type": "FeatureCollection",
            **state_of(found, place),
            "covered": found.covers(place),
            "features": [_feature(found, one, told) for one, told in pairs],
        }
    )


def _feature(found: PublicInForce, warning: PublicWarning, told: Told) -> dict[str, Any]:
    stored, infos = warning.stored, warning.message.infos
    info = preferred(current_infos(infos, found.now), LANGUAGE)
    return {
        "type": "Feature",
        "id": stored.id,
        "geometry": area_shape(info.areas if info else (), SHAPE_BYTES),
        "properties": {
            **{name: told.notice[name] for name in _SAID if name in told.notice},
            "municipalities": [ags for ags, _ in warning.municipalities],
            "details": DETAIL_PATH.format(stored.id),
            "cap": CAP_PATH.format(stored.id),
        },
    }
