"""Judges the positions that a source has written: exchanged ones, and such as nobody has entered.

They are put right into the country of the source, where that is known, and never into that of the boundary data: a
world-wide feed that names a place in Somalia means Somalia.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cap.model import Circle, Polygon
from dispatcher.targeting.outcome import CountryBox

if TYPE_CHECKING:
    from dispatcher.targeting.shapes import Window

# Programs write it for a position that they do not know.
MISSING = (0.0, 0.0)


def put_right(element: Polygon | Circle, home: CountryBox | None) -> Polygon | Circle | None:
    """Return the element with latitude and longitude exchanged, if none of it lies in the source's country as written
    and all of it exchanged; else None.
    """
    if home is None:
        return None
    written = corners(element)
    if any(home.holds(lat, lon) for lat, lon in written):
        return None
    return exchanged(element) if all(home.holds(lon, lat) for lat, lon in written) else None


def seem_exchanged(element: Polygon | Circle, window: Window) -> bool:
    """Return whether all of it would lie within the boundary data if latitude and longitude were exchanged."""
    west, south, east, north = window
    return all(south <= lon <= north and west <= lat <= east for lat, lon in corners(element))


def are_missing(element: Polygon | Circle, home: CountryBox | None) -> bool:
    """Return whether a corner, or a circle's centre, was not entered."""
    return len(_entered(element, home)) < len(corners(element))


def lacks_a_corner(
    element: Polygon | Circle, home: CountryBox | None, window: Window, *, beyond: bool
) -> bool:
    """Return whether a position that was not entered leaves in doubt what is meant here.

    It does not where the element lies `beyond` the boundary data with it, and the other corners lie elsewhere too:
    there are places at the Gulf of Guinea.
    """
    if not are_missing(element, home):
        return False
    known = _entered(element, home)
    if not known or not beyond:
        return True
    west, south, east, north = window
    here = [CountryBox(south, west, north, east), *([home] if home else [])]
    return any(box.holds(lat, lon) or box.holds(lon, lat) for box in here for lat, lon in known)


def _entered(element: Polygon | Circle, home: CountryBox | None) -> list[tuple[float, float]]:
    """Return the corners that somebody has entered. A single 0 is half a position with a source of whose country
    neither the equator nor Greenwich is a part.
    """
    known = [corner for corner in corners(element) if corner != MISSING]
    return [corner for corner in known if home is None or 0.0 not in corner]


def exchanged(element: Polygon | Circle) -> Polygon | Circle:
    """Return the element with latitude and longitude the other way round."""
    if isinstance(element, Circle):
        return Circle(element.lon, element.lat, element.radius_km)
    return Polygon(tuple((lat, lon) for lon, lat in element.lat_lon))


def corners(element: Polygon | Circle) -> tuple[tuple[float, float], ...]:
    """Return the element's (lat, lon) pairs: a ring's corners, a circle's centre."""
    return ((element.lat, element.lon),) if isinstance(element, Circle) else element.lat_lon
