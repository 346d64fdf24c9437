"""Find the municipality or district that a key means, and the one at a position. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from dispatcher.boundaries.projection import project_points

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dispatcher.boundaries.municipalities import Boundaries, Municipality

DISTRICT_DIGITS: Final = 5
_ZEROS: Final = "0" * 7
"""What an ARS of a district ends with."""
_AGS: Final = re.compile(r"[0-9]{8}")
_ARS: Final = re.compile(r"[0-9]{12}")
_DISTRICT: Final = re.compile(rf"[0-9]{{{DISTRICT_DIGITS}}}(?:{_ZEROS})?")


class PlaceKind(StrEnum):
    """What a document can be of."""

    MUNICIPALITY = "municipality"
    DISTRICT = "district"
    AREA = "area"
    """The municipalities that a drawing concerns."""
    EVERYWHERE = "everywhere"
    """All municipalities of the boundary data."""


@dataclass(frozen=True, slots=True)
class PublicPlace:
    """What a document is of."""

    kind: PlaceKind
    key: str
    """The AGS of a municipality, its first five digits of a district; empty for everywhere."""
    ars: str
    """The Regionalschlüssel of 12 digits; empty where there is none."""
    name: str
    """Empty for what the boundary data has no name of."""
    municipalities: tuple[str, ...]
    """The keys (AGS) of its municipalities."""
    reaches_beyond: bool = False
    """Whether some of it lies in no municipality that is known."""


NOWHERE: Final = PublicPlace(PlaceKind.MUNICIPALITY, "-", "", "", ())
"""What lies beyond the boundary data, for forms that cannot say that it does."""


class PublicPlaces:
    """All places of which there are documents, by their keys."""

    def __init__(self, boundaries: Boundaries) -> None:
        self.boundaries = boundaries

    def everywhere(self) -> PublicPlace:
        """Return what all municipalities of the boundary data are."""
        return PublicPlace(PlaceKind.EVERYWHERE, "", "", "", self.boundaries.units.ags)

    def municipality(self, key: str) -> PublicPlace | None:
        """Return the municipality of an AGS (8 digits) or ARS (12 digits), also of one that a reform has ended and that
        the boundary data knows; None where there is none.
        """
        return self._one(self._municipality(key))

    def district(self, key: str) -> PublicPlace | None:
        """Return the district or county borough of a key: the first five digits of its municipalities' keys, or an ARS
        of 12 digits that ends with seven zeros; None where there is none.
        """
        if not _DISTRICT.fullmatch(key):
            return None
        key = key[:DISTRICT_DIGITS]
        units = self.boundaries.by_prefix(key)
        if not units:
            return None
        name = units[0].name if len(units) == 1 else ""
        return PublicPlace(PlaceKind.DISTRICT, key, key + _ZEROS, name, tuple(unit.ags for unit in units))

    def region(self, ars: str) -> PublicPlace | None:
        """Return the district or municipality of a key of 12 digits, `NOWHERE` where the boundary data has none; None
        for what is no such key.
        """
        if not _ARS.fullmatch(ars):
            return None
        return self.district(ars) or self.municipality(ars) or NOWHERE

    def at(self, lat: float, lon: float) -> PublicPlace | None:
        """Return the municipality at a position (degrees, WGS 84); None where the boundary data has none. On a border
        it is one of the two.
        """
        boundaries = self.boundaries
        x, y = project_points(np.array([[lat, lon]]), boundaries.crs)
        if not (np.isfinite(x[0]) and np.isfinite(y[0])):
            return None
        found = boundaries.tree.query(shapely.Point(x[0], y[0]), predicate="intersects")
        return self._one(boundaries.municipalities[int(found.min())]) if len(found) else None

    def _municipality(self, key: str) -> Municipality | None:
        boundaries = self.boundaries
        if _AGS.fullmatch(key):
            if (unit := boundaries.by_ags(key)) is not None:
                return unit
            former = boundaries.units.aliases.get(f"AGS:{key}")
        elif _ARS.fullmatch(key):
            if indices := boundaries.indices_of_ars(key):
                return boundaries.municipalities[indices[0]]
            former = boundaries.units.aliases.get(f"ARS:{key}")
        else:
            return None
        return boundaries.by_ags(former.ags) if former else None

    @staticmethod
    def _one(unit: Municipality | None) -> PublicPlace | None:
        if unit is None:
            return None
        return PublicPlace(PlaceKind.MUNICIPALITY, unit.ags, unit.ars, unit.name, (unit.ags,))


def within(territories: Iterable[str], place: PublicPlace) -> bool:
    """Whether the place lies in these territories as a whole: they are beginnings of keys, "" is everything."""
    beginnings = tuple(territories)
    return all(ags.startswith(beginnings) for ags in place.municipalities)
