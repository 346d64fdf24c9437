"""Alerts drawn for tests: geometry in metres or degrees -> CAP areas."""

import numpy as np
import shapely

from cap.model import Area, Circle, NamedValue, Polygon
from dispatcher.boundaries.projection import EUROPE_EQUAL_AREA, WGS84, transformer


def ring(geometry, decimals=None):
    """The exterior of a polygon in EPSG:3035 as CAP writes it, rounded as publishers round."""
    lon, lat = transformer(EUROPE_EQUAL_AREA, WGS84).transform(*np.array(geometry.exterior.coords).T)
    if decimals is not None:
        lon, lat = lon.round(decimals), lat.round(decimals)
    return Polygon(tuple(zip(lat.tolist(), lon.tolist(), strict=True)))


def drawn(geometry, decimals=None, **area):
    """One area with a polygon per part."""
    return Area("test", polygons=tuple(ring(part, decimals) for part in shapely.get_parts(geometry)), **area)


def circle(lat, lon, radius_km):
    return Area("test", circles=(Circle(lat, lon, radius_km),))


def coded(*pairs):
    return Area("test", geocodes=tuple(NamedValue(name, value) for name, value in pairs))


def polygon(*lat_lon):
    return Area("test", polygons=(Polygon(tuple(lat_lon)),))


def district(boundaries, prefix):
    return shapely.union_all(boundaries.border[list(boundaries.indices_of_ags(prefix))])
