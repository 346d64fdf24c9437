"""The municipalities of a bundle, with the lookups matching needs."""

from __future__ import annotations

import functools
from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import shapely

from dispatcher.boundaries import bundle as bundles
from dispatcher.boundaries.build import inset
from dispatcher.boundaries.projection import unproject_bounds
from dispatcher.boundaries.registry import NO_REGISTRY, Registry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from dispatcher.boundaries.bundle import Bundle, Provenance, Units

# Summits in terrain models are this much too low at times; a unit is left out only when it is clear.
HEIGHT_MARGIN_M = 50.0
PILOT = Path(__file__).parent / "data" / "dueren.bundle"


@dataclass(frozen=True, slots=True)
class Municipality:
    """One unit of the bundle. `ags` is its key; `ars` is an alias that reforms of associations change."""

    ags: str
    ars: str
    name: str
    population: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Boundaries:
    """Municipalities sorted by AGS, their geometry in metres (`crs`), and an index over it."""

    provenance: Provenance
    crs: str
    inset_m: float
    sha256: str
    """The hash of the bundle: two processes with the same one match alike."""
    municipalities: tuple[Municipality, ...]
    units: Units
    border: NDArray[np.object_]
    inset: NDArray[np.object_]
    """What lies `inset_m` inside each unit."""
    area_m2: NDArray[np.float64]
    tree: shapely.STRtree
    window: tuple[float, float, float, float]
    """The data's extent as (west lon, south lat, east lon, north lat)."""
    index_by_ags: Mapping[str, int]
    ars_order: tuple[tuple[str, int], ...]
    """(ars, index), sorted, for prefix search."""
    registry: Registry = NO_REGISTRY
    """Codes that need a table, as the operator has imported them."""

    def names(self) -> frozenset[str]:
        """Return the names of all municipalities, in lower case (`casefold`)."""
        return _folded(self.units)

    @classmethod
    def load(cls, path: Path) -> Boundaries:
        """Read a bundle file; raises `BundleError` or `OSError`."""
        return cls.of(bundles.read(path))

    @classmethod
    def default(cls) -> Boundaries:
        """Return the bundle in the package: Kreis Düren and what lies within 25 km of it."""
        return _default_bundle()

    @classmethod
    def of(cls, bundle: Bundle) -> Boundaries:
        """Index a bundle; 10 ms for all of Germany."""
        units = bundle.units
        columns = zip(units.ags, units.ars, units.name, units.population, strict=True)
        x0, y0, x1, y1 = shapely.total_bounds(bundle.border)
        return cls(
            provenance=bundle.provenance,
            crs=bundle.crs,
            inset_m=bundle.inset_m,
            sha256=bundle.sha256,
            municipalities=tuple(Municipality(*row) for row in columns),
            units=units,
            border=bundle.border,
            inset=bundle.inset,
            area_m2=shapely.area(bundle.border),
            tree=shapely.STRtree(bundle.border),
            window=unproject_bounds((x0, y0, x1, y1), bundle.crs),
            index_by_ags={ags: index for index, ags in enumerate(units.ags)},
            ars_order=tuple(sorted((ars, index) for index, ars in enumerate(units.ars))),
        )

    def inset_of(self, index: np.intp, depth_m: float) -> BaseGeometry:
        """Return what lies at least `depth_m` inside a unit; computed where the bundle has another depth."""
        ready: BaseGeometry = self.inset[index]
        return ready if depth_m == self.inset_m else inset(self.border[index], depth_m)

    def lies_below(self, index: int, floor_m: float | None) -> bool:
        """Return whether the unit is known to lie wholly below a height; never where its height is not known."""
        highest = self.units.elevation_m[index]
        return floor_m is not None and highest is not None and highest < floor_m - HEIGHT_MARGIN_M

    def by_ags(self, ags: str) -> Municipality | None:
        """Return the municipality with exactly this key."""
        index = self.index_by_ags.get(ags)
        return None if index is None else self.municipalities[index]

    def names_of(self, codes: Iterable[str]) -> dict[str, str]:
        """Return the names of these municipalities (AGS), of those that there are, in the same order."""
        return {ags: unit.name for ags in codes if (unit := self.by_ags(ags)) is not None}

    def by_prefix(self, prefix: str) -> tuple[Municipality, ...]:
        """Return every municipality whose AGS starts with it: `05358` is Kreis Düren, `05` the Land. There is none for
        "".
        """
        return tuple(self.municipalities[index] for index in self.indices_of_ags(prefix))

    def indices_of_ags(self, prefix: str) -> tuple[int, ...]:
        """Return indices by prefix of the AGS, by bisection."""
        if not prefix:
            return ()
        start = bisect_left(self.units.ags, prefix)
        return tuple(range(start, bisect_left(self.units.ags, prefix + "~", lo=start)))

    def indices_of_ars(self, prefix: str) -> tuple[int, ...]:
        """Return indices by prefix of the ARS, by bisection, in order of AGS."""
        if not prefix:
            return ()
        start = bisect_left(self.ars_order, (prefix,))
        end = bisect_left(self.ars_order, (prefix + "~",), lo=start)
        return tuple(sorted(index for _, index in self.ars_order[start:end]))


def names_in(path: Path | None) -> frozenset[str]:
    """Return `Boundaries.names` of a bundle file, None: of the one in the package, without its geometry. Raises as
    `Boundaries.load`.
    """
    return _folded(bundles.read_units(path or PILOT))


def _folded(units: Units) -> frozenset[str]:
    return frozenset(name.casefold() for name in units.name)


@functools.cache
def _default_bundle() -> Boundaries:
    return Boundaries.load(PILOT)
