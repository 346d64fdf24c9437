"""What matching says, and what must be known of a source to say it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from dispatcher.model.sentences.sentence import Said
from dispatcher.model.vocabulary import TOUCHED

if TYPE_CHECKING:
    from collections.abc import Collection

    from shapely.geometry.base import BaseGeometry


UNSAID = Said("", "")


class MatchReason(StrEnum):
    """Why a municipality is affected."""

    GEOCODE = "geocode"
    GEOMETRY = TOUCHED
    BOTH = "both"


class Codes(StrEnum):
    """What a source's administrative codes mean beside its geometry."""

    UNION = "union"
    """Codes and geometry count together (CAP 1.2 §3.2.4)."""
    AUTHORITATIVE = "authoritative"
    """Where all codes of an area resolve, its geometry only depicts them and adds nothing."""


class HeightUnit(StrEnum):
    """The unit in which a source writes `altitude` and `ceiling`."""

    FEET = "ft"
    """The unit that CAP 1.2 §3.2.4 prescribes."""
    METRES = "m"
    """The unit that for example MeteoSwiss sends, against the standard."""


class Beyond(StrEnum):
    """What it means that a shape or a code lies outside the boundary data."""

    HOLD = "hold"
    """A person looks: the source warns for this region only."""
    NOTE = "note"
    """It is expected: the source, for example a national feed, warns for other regions too."""


@dataclass(frozen=True, slots=True)
class CountryBox:
    """The country a source warns for, in degrees; without it swapped coordinates are reported, not
    corrected.
    """

    south_lat: float
    west_lon: float
    north_lat: float
    east_lon: float

    def holds(self, lat: float, lon: float) -> bool:
        """Return whether the point is inside."""
        return self.south_lat <= lat <= self.north_lat and self.west_lon <= lon <= self.east_lon


COUNTRY_BOXES = {"DE": CountryBox(south_lat=47.2, west_lon=5.8, north_lat=55.1, east_lon=15.1)}
"""Where a source's coordinates must lie, by the source's country, so that swapped ones are noticed."""


def home_of(territory: Collection[str], country: str) -> CountryBox | None:
    """Return the country that a control centre warns for: that of the keys in its territory, which are keys of
    `country`. None for one without a territory.

    It says nothing of feeds: the territory of a feed is what this installation takes of it, not where it warns.
    """
    return COUNTRY_BOXES.get(country) if territory else None


@dataclass(frozen=True, slots=True)
class MatchProfile:
    """What is known of a source that its messages do not say."""

    codes: Codes = Codes.UNION
    beyond: Beyond = Beyond.HOLD
    home: CountryBox | None = None
    """The source's own country, never that of the boundary data: a world-wide feed means the coordinates it writes."""
    height_unit: HeightUnit = HeightUnit.FEET
    nationwide: bool = False
    """Whether a code for the whole country means every municipality in the data; else it is held."""
    inset_m: float | None = None
    """How deep a hazard must enter a municipality, in place of the rule's own depth."""
    by_severity: bool = False
    """Whether the rule is more generous for what is Extreme, and more sparing for what is Minor."""


@dataclass(frozen=True, slots=True)
class Affected:
    """One municipality. `share` is how much of its area the alert's geometry covers; 1 where only codes name
    it.
    """

    ags: str
    ars: str
    name: str
    reason: MatchReason
    share: float


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A shape (`polygon`, `circle`), code (`geocode`) or whole `area` that led to no municipality."""

    kind: str
    value: str
    reason: str
    said: Said = field(default=UNSAID, compare=False, repr=False)
    """The same for a person at the desk, with what to give instead."""


@dataclass(frozen=True, slots=True)
class Match:
    """The outcome for one alert. Municipalities in order of AGS.

    `held`: part of the alert waits for a person, because it has no target that could be understood. What is
    in `affected` is right all the same and need not wait for it.
    """

    affected: tuple[Affected, ...]
    unmatched: tuple[Unmatched, ...] = ()
    held: bool = False
    notes: tuple[str, ...] = ()
    notes_de: tuple[str, ...] = field(default=(), compare=False)
    """The notes in German, in the same order."""
    geometry: BaseGeometry | None = field(default=None, compare=False, repr=False)
    """The union of all shapes, in the CRS of the boundaries."""
    boundaries_sha256: str = ""
