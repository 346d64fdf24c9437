"""Builds a bundle from the rows of a boundary data set: dissolve, repair, project, inset, check."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from dispatcher.boundaries.bundle import CENTIMETRES, Bundle, BundleError, Provenance, Units
from dispatcher.boundaries.projection import EUROPE_EQUAL_AREA, WGS84, project, unproject_bounds
from dispatcher.model.sentences.count import how_many

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date

    from shapely.geometry.base import BaseGeometry

# Contacts of less depth than this are border lines, not places: the measured default (ops/docs/targeting.md),
# below the 161 m overshoot that 47 CFR 10.450(a) allows a mobile alert.
INSET_M = 100.0
# An inset's own detail: without it insets have more vertices than the borders and double the load time.
INSET_TOLERANCE_M = 5.0
MIN_AREA_M2 = 1.0
# (west, south, east, north) in degrees, generously around a country's land.
COUNTRY_WINDOWS = {"DE": (5.0, 46.5, 16.0, 56.0)}


@dataclass(frozen=True, slots=True)
class BoundaryRow:
    """One row of a boundary data set; several rows may share a code and are dissolved."""

    ags: str
    ars: str
    name: str
    geometry: BaseGeometry
    kind: str = ""
    nuts: str = ""
    population: int | None = None
    elevation_m: float | None = None
    changed: date | None = None
    """The day on which the unit last changed by law."""


@dataclass(frozen=True, slots=True)
class Built:
    """A bundle and what had to be done to the rows to get it."""

    bundle: Bundle
    rows: int
    dissolved: tuple[str, ...]
    repaired: tuple[str, ...]


def build(
    rows: Iterable[BoundaryRow],
    provenance: Provenance,
    *,
    source_crs: str = WGS84,
    crs: str = EUROPE_EQUAL_AREA,
    inset_m: float = INSET_M,
    progress: Callable[[int], None] = lambda _: None,
) -> Built:
    """Dissolve rows per code, repair, project and inset them.

    `progress` is called with the number of units done. Raises `BundleError` where a unit has no usable
    geometry, a row has no code, or there are no rows at all.
    """
    grouped: dict[str, list[BoundaryRow]] = defaultdict(list)
    for row in rows:
        if not row.ags:
            raise BundleError(f"a row without a code: {row.name or 'unnamed'}")
        grouped[row.ags].append(row)
    if not grouped:
        raise BundleError("the data set has no rows that can be used")
    borders: list[BaseGeometry] = []
    insets: list[BaseGeometry] = []
    repaired = []
    for done, ags in enumerate(sorted(grouped), 1):
        border, mended = _border([row.geometry for row in grouped[ags]], source_crs, crs, ags)
        borders.append(border)
        insets.append(_snapped(inset(border, inset_m)))
        if mended:
            repaired.append(ags)
        progress(done)
    bundle = Bundle(
        provenance=provenance,
        crs=crs,
        inset_m=inset_m,
        units=_units([_row_of_unit(grouped[ags]) for ags in sorted(grouped)]),
        border=np.array(borders, dtype=object),
        inset=np.array(insets, dtype=object),
    )
    _check_codes(bundle)
    _check_place(bundle)
    return Built(
        bundle=bundle,
        rows=sum(map(len, grouped.values())),
        dissolved=tuple(ags for ags in sorted(grouped) if len(grouped[ags]) > 1),
        repaired=tuple(repaired),
    )


def _check_codes(bundle: Bundle) -> None:
    """Refuse German keys that are no digits: they are another column, or have lost their leading zero."""
    if bundle.provenance.country != "DE":
        return
    for digits, codes in ((8, bundle.units.ags), (12, filter(None, bundle.units.ars))):
        odd = [code for code in codes if not (code.isascii() and code.isdigit() and len(code) == digits)]
        if odd:
            shown = ", ".join(repr(code[:20]) for code in odd[:5])
            raise BundleError(f"{how_many(len(odd), 'key is', 'keys are')} not {digits} digits: {shown}")


def _check_place(bundle: Bundle) -> None:
    """Refuse a data set that was read in the wrong system: it lands elsewhere on the earth."""
    expected = COUNTRY_WINDOWS.get(bundle.provenance.country)
    x0, y0, x1, y1 = shapely.total_bounds(bundle.border)
    west, south, east, north = unproject_bounds((x0, y0, x1, y1), bundle.crs)
    if expected and not shapely.box(*expected).covers(shapely.box(west, south, east, north)):
        where = f"{west:.1f}..{east:.1f} east, {south:.1f}..{north:.1f} north"
        raise BundleError(
            f"the data lies at {where}, not in {bundle.provenance.country}: wrong coordinate system?"
        )


def inset(border: BaseGeometry, depth_m: float) -> BaseGeometry:
    """Return what lies at least `depth_m` inside.

    A part too narrow for that, an islet or an exclave, is inset as far as it goes: no part of a
    municipality may become unreachable for a warning.
    """
    parts = [_part_inset(part, depth_m) for part in shapely.get_parts(border)]
    return shapely.MultiPolygon(list(shapely.get_parts(np.array(parts, dtype=object))))


def core(geometry: BaseGeometry, depth_m: float) -> BaseGeometry:
    """Return what lies at least `depth_m` inside; empty where nothing does."""
    inner: BaseGeometry = shapely.buffer(geometry, -depth_m)
    if shapely.covers(geometry, inner):
        return inner
    # GEOS now and then turns a negative buffer inside out.
    return shapely.difference(geometry, shapely.buffer(shapely.boundary(geometry), depth_m))


def _part_inset(part: BaseGeometry, depth_m: float) -> BaseGeometry:
    while depth_m >= 1:
        inner = core(part, depth_m)
        if inner.area > MIN_AREA_M2:
            return shapely.simplify(inner, min(INSET_TOLERANCE_M, depth_m / 4), preserve_topology=True)
        depth_m /= 2
    return part


def _border(parts: Sequence[BaseGeometry], source_crs: str, crs: str, ags: str) -> tuple[BaseGeometry, bool]:
    mended = not all(part.is_valid for part in parts)
    whole = shapely.union_all([polygonal(part) for part in parts]) if len(parts) > 1 else parts[0]
    border = _snapped(project(whole, crs, source_crs))
    if border.is_empty or not np.isfinite(border.area) or border.area < MIN_AREA_M2:
        raise BundleError(f"unit {ags} has no usable area")
    return border, mended


def polygonal(geometry: BaseGeometry) -> BaseGeometry:
    """Return a valid geometry of polygons only: lines and points that a repair leaves over are dropped.

    It repairs by the one method that loses no part of a ring that crosses itself
    (findings/shapely-repairs-lose-parts-of-a-crossing-ring.sh).
    """
    valid = geometry
    if not geometry.is_valid:
        valid = shapely.make_valid(geometry, method="structure", keep_collapsed=False)
    if valid.geom_type in {"Polygon", "MultiPolygon"}:
        return valid
    parts = shapely.get_parts(shapely.get_parts(np.array([valid], dtype=object)))
    return shapely.union_all([part for part in parts if part.geom_type == "Polygon"])


def _snapped(geometry: BaseGeometry) -> BaseGeometry:
    """Return the geometry on the centimetre grid of the file, still valid, as a multipolygon in normal form: the order
    in which GEOS leaves parts and corners differs between its versions, and a bundle should not.
    """
    for _ in range(3):
        geometry = shapely.transform(polygonal(geometry), lambda xy: np.rint(xy * CENTIMETRES) / CENTIMETRES)
        if geometry.is_valid:
            return shapely.normalize(shapely.MultiPolygon(list(shapely.get_parts(geometry))))
    return shapely.normalize(shapely.set_precision(geometry, 1 / CENTIMETRES))


def _row_of_unit(parts: Sequence[BoundaryRow]) -> BoundaryRow:
    """Return the row of the largest part, with the inhabitants that one of the parts names: a data set has them of the
    whole unit at each part, or at one of them and 0 at the others.
    """
    counts = [row.population for row in parts if row.population is not None]
    return replace(max(parts, key=lambda row: row.geometry.area), population=max(counts, default=None))


def _units(rows: Sequence[BoundaryRow]) -> Units:
    # Where nobody lives anywhere, the column is there and was not filled in.
    is_counted = any(row.population for row in rows)
    return Units(
        ags=tuple(row.ags for row in rows),
        ars=tuple(row.ars for row in rows),
        name=tuple(row.name for row in rows),
        kind=tuple(row.kind for row in rows),
        nuts=tuple(row.nuts for row in rows),
        population=tuple(row.population if is_counted else None for row in rows),
        elevation_m=tuple(row.elevation_m for row in rows),
    )
