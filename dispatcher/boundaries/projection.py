"""Converts between longitude/latitude (WGS 84) and the metres of a bundle's equal-area system."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
import pyproj
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

WGS84 = "EPSG:4326"
EUROPE_EQUAL_AREA = "EPSG:3035"


@functools.cache
def transformer(source: str, target: str) -> pyproj.Transformer:
    """Return the transformer, one per pair and process: building one costs 0.1 s. Axis order is always x/longitude
    first.
    """
    return pyproj.Transformer.from_crs(source, target, always_xy=True)


def project(geometry: BaseGeometry, crs: str, source: str = WGS84) -> BaseGeometry:
    """Return the geometry in `crs`, vertex by vertex; densify long edges before."""
    forward = transformer(source, crs)

    def every(lon_lat: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = forward.transform(lon_lat[:, 0], lon_lat[:, 1])
        return np.column_stack([x, y])

    projected: BaseGeometry = shapely.transform(geometry, every)
    return projected


def project_points(lat_lon: NDArray[np.float64], crs: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Project points given as rows (lat, lon) to x and y in `crs`."""
    x, y = transformer(WGS84, crs).transform(lat_lon[:, 1], lat_lon[:, 0])
    return np.asarray(x, np.float64), np.asarray(y, np.float64)


def unproject_bounds(
    bounds: tuple[float, float, float, float], crs: str
) -> tuple[float, float, float, float]:
    """Return the smallest (lon, lat, lon, lat) window around bounds (x0, y0, x1, y1) in `crs`."""
    west, south, east, north = transformer(crs, WGS84).transform_bounds(*bounds, densify_pts=21)
    return west, south, east, north
