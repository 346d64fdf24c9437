"""Define subscriptions: an endpoint and what it follows, and how many there are of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class SubscriberCounts:
    """Subscribers that an alert would address, by channel and municipality (AGS)."""

    by_channel: dict[str, int]
    by_municipality: dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class PutSubscriptions:
    """What an import did: lines that were taken; endpoints known before whose places are now those of the file, those
    of them that had other places, and those that several instances name, whose places were added. `inactive`: endpoints
    that are told nothing, as no legal basis is stated. `opted_out`: lines left out, as their number has said STOP.
    """

    lines: int = 0
    renewed: int = 0
    places_changed: int = 0
    shared: int = 0
    inactive: int = 0
    opted_out: int = 0

    def __add__(self, other: PutSubscriptions) -> PutSubscriptions:
        return PutSubscriptions(
            self.lines + other.lines,
            self.renewed + other.renewed,
            self.places_changed + other.places_changed,
            self.shared + other.shared,
            self.inactive + other.inactive,
            self.opted_out + other.opted_out,
        )


@dataclass(frozen=True, slots=True)
class WatchedArea:
    """A place that is followed more closely than by municipality: one corner and a radius, or the corners of a
    polygon, as (lat, lon) rounded to three decimals. `ags`: the municipalities it lies in.
    """

    lat_lon: tuple[tuple[float, float], ...]
    radius_m: float = 0.0
    ags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewSubscription:
    """An endpoint, and the municipalities (AGS) and watched areas that it follows. `address`, `keys` and
    `watched_areas` are personal data.
    """

    channel: str
    gateway: str
    address: str
    keys: Mapping[str, str]
    places: tuple[str, ...]
    language: str = "de"
    """Tags of BCP 47, the best first, with commas between them."""
    instance: str | None = None
    ref: str | None = None
    """The subscriber's opaque reference at the party that registered it, for joining ledgers."""
    watched_areas: tuple[WatchedArea, ...] = ()
    legal_basis: str | None = None
    """Why somebody who is imported may be written to."""
