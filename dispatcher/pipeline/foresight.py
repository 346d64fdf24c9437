"""Whom a message would reach, and whom it would miss, before it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dispatcher.targeting.reach import reach

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatcher.model import Reach
    from dispatcher.pipeline.precise import Precise
    from dispatcher.store.alerts import AffectedPlace
    from dispatcher.store.subscriptions import Subscriptions
    from dispatcher.targeting.boundaries import Boundaries
    from dispatcher.targeting.outcome import Match


@dataclass(frozen=True, slots=True)
class Foreseen:
    """`population` is that of the municipalities, None where the boundary data does not know it for each; `gaps` are
    sentences about channels to which nobody in some municipality has subscribed.
    """

    reach: Reach
    population: int | None
    gaps: tuple[str, ...]


class Foresight:
    """Counts subscribers; writes nothing."""

    def __init__(self, subscriptions: Subscriptions, precise: Precise, boundaries: Boundaries) -> None:
        self._subscriptions = subscriptions
        self._precise = precise
        self._boundaries = boundaries

    async def of(self, matched: Match, affected: Sequence[AffectedPlace], target: bytes) -> Foreseen:
        """For the municipalities of a match and its shapes as WKB."""
        reached = await self._subscriptions.reach(
            [place.ags for place in affected],
            await self._precise.within(target),
            [place.ags for place in affected if place.reason != "geometry"],
        )
        counted = {
            (ags, channel): count
            for ags, row in reached.by_municipality.items()
            for channel, count in row.items()
        }
        channels = sorted(await self._subscriptions.counts())
        whole = reach(matched, self._boundaries, counted, channels)
        return Foreseen(reached, whole.population, tuple(gap.sentence() for gap in whole.gaps))
