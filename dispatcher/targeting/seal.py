"""Binds an approval to exactly what was approved: areas as sent, data matched against, municipalities found."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cap.model import Area, Polygon
    from dispatcher.targeting.outcome import Match

# A centimetre; what differs by less is the same place written by another program.
DECIMALS = 7


@dataclass(frozen=True, slots=True)
class Seal:
    """SHA-256 in hex of each thing an approval covers."""

    geometry: str
    boundaries: str
    municipalities: str

    def broken_by(self, other: Seal) -> tuple[str, ...]:
        """Which parts differ; empty if the seal holds. Anything else must be approved again."""
        names = ("geometry", "boundaries", "municipalities")
        return tuple(name for name in names if getattr(self, name) != getattr(other, name))


def seal(areas: Sequence[Area], match: Match) -> Seal:
    """The seal of an alert's target."""
    return Seal(
        geometry=geometry_hash(areas),
        boundaries=match.boundaries_sha256,
        municipalities=_digest(sorted(found.ags for found in match.affected)),
    )


def geometry_hash(areas: Iterable[Area]) -> str:
    """One hash for the same set of areas: order, repetition per language and description do not matter."""
    described = {
        json.dumps(
            [
                sorted(_ring(polygon) for polygon in area.polygons),
                sorted([_fixed(c.lat), _fixed(c.lon), _fixed(c.radius_km)] for c in area.circles),
                sorted([code.name, code.value] for code in area.geocodes),
                sorted(_ring(polygon) for polygon in area.excluded),
                [area.altitude_ft, area.ceiling_ft],
            ]
        )
        for area in areas
    }
    return _digest(sorted(described))


def _ring(polygon: Polygon) -> list[list[str]]:
    return [[_fixed(lat), _fixed(lon)] for lat, lon in polygon.lat_lon]


def _fixed(number: float) -> str:
    return f"{number + 0.0:.{DECIMALS}f}"


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()
