"""Alerts drawn for tests: geometry in metres or degrees -> CAP areas."""

import dataclasses
from typing import Any

import numpy as np
import shapely

from cap.model import Area, Circle, NamedValue, Polygon
from dispatcher.boundaries.bundle import Units
from dispatcher.boundaries.projection import EUROPE_EQUAL_AREA, WGS84, project, transformer
from dispatcher.targeting.outcome import CountryBox

GERMANY = CountryBox(47.2, 5.8, 55.1, 15.1)


def ring(geometry: Any, decimals: Any = None) -> Polygon:
    """The exterior of a polygon in EPSG:3035 as CAP writes it, rounded as publishers round."""
    lon, lat = transformer(EUROPE_EQUAL_AREA, WGS84).transform(*np.array(geometry.exterior.coords).T)
    if decimals is not None:
        lon, lat = lon.round(decimals), lat.round(decimals)
    return Polygon(tuple(zip(lat.tolist(), lon.tolist(), strict=True)))


def drawn(geometry: Any, decimals: Any = None, **area: Any) -> Area:
    """One area with a polygon per part."""
    return Area("test", polygons=tuple(ring(part, decimals) for part in shapely.get_parts(geometry)), **area)


def circle(lat: Any, lon: Any, radius_km: Any) -> Area:
    return Area("test", circles=(Circle(lat, lon, radius_km),))


def coded(*pairs: Any) -> Area:
    return Area("test", geocodes=tuple(NamedValue(name, value) for name, value in pairs))


def polygon(*lat_lon: Any) -> Area:
    return Area("test", polygons=(Polygon(tuple(lat_lon)),))


def district(boundaries: Any, prefix: Any) -> Any:
    return shapely.union_all(boundaries.border[list(boundaries.indices_of_ags(prefix))])


def names(found: Any) -> set[Any]:
    return {affected.name for affected in found.affected}


def unmatched(found: Any) -> list[Any]:
    return [(failure.kind, failure.reason) for failure in found.unmatched]


def degrees(geometry: Any) -> Any:
    return project(geometry, WGS84, EUROPE_EQUAL_AREA)


def with_heights(boundaries: Any, heights: Any) -> Any:
    values = tuple(heights.get(ags) for ags in boundaries.units.ags)
    columns = {f.name: getattr(boundaries.units, f.name) for f in dataclasses.fields(Units)}
    return dataclasses.replace(boundaries, units=Units(**columns | {"elevation_m": values}))
