"""Estimate whom a message would reach, and whom it would miss, before it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dispatcher.audience.reach import reach

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatcher.audience.location_index import LocationIndex
    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.model.alerts import AffectedMunicipality
    from dispatcher.model.subscriptions import SubscriberCounts
    from dispatcher.store.audience.subscriptions import Subscriptions
    from dispatcher.targeting.outcome import Match


@dataclass(frozen=True, slots=True)
class AudienceEstimate:
    """How many people a message would reach. `population` is that of the municipalities, None where the boundary data
    does not know it for each; `gaps` are sentences about channels without a subscriber in some municipality.
    """

    reach: SubscriberCounts
    population: int | None
    gaps: tuple[str, ...]


class AudienceEstimator:
    """Counts subscribers; writes nothing."""

    def __init__(
        self, subscriptions: Subscriptions, locations: LocationIndex, boundaries: Boundaries
    ) -> None:
        self._subscriptions = subscriptions
        self._locations = locations
        self._boundaries = boundaries

    async def of(
        self, matched: Match, affected: Sequence[AffectedMunicipality], target: bytes
    ) -> AudienceEstimate:
        """Estimate for the municipalities of a match and its shapes as WKB."""
        counts = await self._subscriptions.reach(
            [place.ags for place in affected],
            await self._locations.subscribers_in(target),
            [place.ags for place in affected if place.is_named],
        )
        counted = {
            (ags, channel): count
            for ags, row in counts.by_municipality.items()
            for channel, count in row.items()
        }
        channels = sorted(await self._subscriptions.counts())
        total = reach(matched, self._boundaries, counted, channels)
        return AudienceEstimate(counts, total.population, tuple(gap.sentence() for gap in total.gaps))

    async def of_ending(self, chain_ids: Sequence[str], alert_ids: Sequence[str]) -> AudienceEstimate:
        """Estimate for the end of these alerts: it goes to those who are alarmed by them, and to nobody else."""
        return AudienceEstimate(await self._subscriptions.alarmed(chain_ids, alert_ids), None, ())
