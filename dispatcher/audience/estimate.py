"""Estimate whom a message would reach, and whom it would miss, before it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dispatcher.audience.reach import ShownCount, reach, shown
from dispatcher.model.subscriptions import SubscriberCounts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatcher.audience.location_index import LocationIndex
    from dispatcher.audience.reach import Gap
    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.model.alerts import AffectedMunicipality
    from dispatcher.store.audience.subscriptions import AudienceCounts
    from dispatcher.targeting.outcome import Match


@dataclass(frozen=True, slots=True)
class AudienceEstimate:
    """How many people a message would reach. `population` is that of the municipalities, None where the boundary data
    does not know it for each; `gaps` are channels without a subscriber in some municipality.
    """

    reach: SubscriberCounts
    """Exact: for the record and for a person who approves, never for a source."""
    population: int | None
    gaps: tuple[Gap, ...]
    without_places: SubscriberCounts | None = None
    """Those of them who are reached without regard to where a shape lies; None where there is no shape."""
    channels: tuple[str, ...] = ()
    """Every channel that somebody has subscribed to."""
    is_counted: bool = True
    """Whether anybody was counted: where not, all counts are empty, and mean nothing."""

    def shown_by_channel(self) -> dict[str, ShownCount]:
        """Return the reach as a source may see it, by channel."""
        if self.without_places is None:
            return dict(self.reach.by_channel)
        return self._shown(self.reach.by_channel, self.without_places.by_channel)

    def shown_by_municipality(self) -> dict[str, dict[str, ShownCount]]:
        """Return the reach as a source may see it, by municipality (AGS) and channel."""
        if self.without_places is None:
            return {ags: dict(row) for ags, row in self.reach.by_municipality.items()}
        others = self.without_places.by_municipality
        return {ags: self._shown(row, others.get(ags, {})) for ags, row in self.reach.by_municipality.items()}

    def _shown(self, counts: dict[str, int], others: dict[str, int]) -> dict[str, ShownCount]:
        """Name every channel: one that is left out would say that it reaches nobody."""
        return {channel: shown(counts.get(channel, 0), others.get(channel, 0)) for channel in self.channels}


NOBODY = AudienceEstimate(SubscriberCounts({}, {}), None, ())
"""The estimate for a message that is recorded and not sent."""
UNCOUNTED = AudienceEstimate(SubscriberCounts({}, {}), None, (), is_counted=False)
"""The estimate where counting took too long."""


class RecipientCounter:
    """Counts whom a message of record would reach, which takes no boundaries; writes nothing."""

    def __init__(self, subscriptions: AudienceCounts, locations: LocationIndex) -> None:
        self._subscriptions = subscriptions
        self._locations = locations

    async def people(
        self,
        affected: Sequence[AffectedMunicipality],
        target: bytes,
        severity: str = "",
        *,
        drill: bool = False,
    ) -> int:
        """Count the people whom a recorded message would warn now, by its municipalities and its shapes as WKB."""
        ags = [place.ags for place in affected]
        named = [place.ags for place in affected if place.is_named]
        located = await self._locations.subscribers_in(target)
        counts = await self._subscriptions.reach(ags, located, named, severity, drill=drill)
        return sum(counts.by_channel.values())

    async def of_dropped(
        self,
        replaced: tuple[Sequence[str], Sequence[str]],
        affected: Sequence[AffectedMunicipality],
        target: bytes,
        dropped: Sequence[AffectedMunicipality],
    ) -> AudienceEstimate:
        """Estimate who is told that what they were warned of holds for them no longer, by a message for `affected` and
        `target` that replaces alerts (ids of their graphs, and theirs), which were for the places `dropped` too. Where
        it has a shape, all of them are shown rounded down: else two previews would tell where somebody's place is.
        """
        ags = [place.ags for place in affected]
        named = [place.ags for place in affected if place.is_named]
        located = await self._locations.subscribers_in(target)
        counts = await self._subscriptions.dropped(
            replaced, (ags, located, named), [place.ags for place in dropped]
        )
        if not target:
            return AudienceEstimate(counts, None, ())
        channels = tuple(sorted(await self._subscriptions.counts()))
        return AudienceEstimate(counts, None, (), SubscriberCounts({}, {}), channels)


class AudienceEstimator(RecipientCounter):
    """Counts subscribers, and says of which channels and municipalities there are none; writes nothing."""

    def __init__(
        self, subscriptions: AudienceCounts, locations: LocationIndex, boundaries: Boundaries
    ) -> None:
        super().__init__(subscriptions, locations)
        self._boundaries = boundaries

    async def of(
        self,
        matched: Match,
        affected: Sequence[AffectedMunicipality],
        target: bytes,
        severity: str = "",
        *,
        drill: bool = False,
    ) -> AudienceEstimate:
        """Estimate for the municipalities of a match and its shapes as WKB, and for what people want to hear of.
        `drill`: it is an exercise.
        """
        ags = [place.ags for place in affected]
        named = [place.ags for place in affected if place.is_named]
        located = await self._locations.subscribers_in(target)
        counts = await self._subscriptions.reach(ags, located, named, severity, drill=drill)
        without_places = (
            await self._subscriptions.reach(ags, (), named, severity, drill=drill) if target else None
        )
        # Whether anybody follows a municipality or a place in it says nothing of where the place is.
        counted = await self._subscriptions.followers(ags)
        channels = tuple(sorted(await self._subscriptions.counts()))
        total = reach(matched, self._boundaries, counted, channels)
        return AudienceEstimate(counts, total.population, total.gaps, without_places, channels)

    async def of_ending(self, chain_ids: Sequence[str], alert_ids: Sequence[str]) -> AudienceEstimate:
        """Estimate for the end of these alerts: it goes to those who are alarmed by them and whom nothing else in force
        of these graphs concerns, and to nobody else.
        """
        return AudienceEstimate(await self._subscriptions.alarmed(chain_ids, alert_ids), None, ())

    async def still_warned(
        self, chain_ids: Sequence[str], alert_ids: Sequence[str]
    ) -> tuple[int, tuple[str, ...]]:
        """Return how many are alarmed by these alerts, and the ids of what goes on to warn some of them."""
        return await self._subscriptions.still_warned(chain_ids, alert_ids)
