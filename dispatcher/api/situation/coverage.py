"""Find where an alert reaches nobody, and which channels are weak."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from dispatcher.console.alert.coverage import channel_gaps, place_gaps
from dispatcher.metrics import CHANNELS
from dispatcher.model.vocabulary import ENDS
from dispatcher.store.record import UNAVAILABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatcher.api.dependencies import ApiDependencies
    from dispatcher.console.alert.coverage import CoverageGap
    from dispatcher.model.alerts import AffectedMunicipality, StoredAlert
    from dispatcher.model.status import AlertStatus

CountsByPlace: TypeAlias = "dict[str, dict[str, int]]"
"""Counts by municipality (AGS) and state."""
PLACES_S: Final = 3.0
"""How long the counts by municipality are waited for, for which every recipient is read: all else is said without
them.
"""


class PlaceCounts(NamedTuple):
    """An alert's recipients by municipality and state, and by what their devices have said."""

    recipients: CountsByPlace
    receipts: CountsByPlace


async def place_counts(dependencies: ApiDependencies, alert: StoredAlert) -> PlaceCounts | None:
    """Return the alert's recipients by municipality; None where they could not be counted in time."""
    if alert.id in dependencies.uncounted:
        return None
    try:
        async with asyncio.timeout(PLACES_S):
            return PlaceCounts(*await dependencies.statuses.counted_by_municipality(alert))
    except TimeoutError:
        dependencies.uncounted.add(alert.id)
        return None
    except UNAVAILABLE:
        return None


async def status_in_time(dependencies: ApiDependencies, alert: StoredAlert) -> AlertStatus:
    """Return how an alert stands, with its municipalities, and with its recipients by them where these could be counted
    in time: of a million the rest must not wait for that, nor fail by it.
    """
    counts = await place_counts(dependencies, alert)
    return replace(
        await dependencies.statuses.without_municipalities(alert),
        municipalities=await dependencies.alerts.affected(alert.id),
        recipients_by_municipality=None if counts is None else counts.recipients,
        receipts_by_municipality=None if counts is None else counts.receipts,
    )


def coverage_gaps(
    dependencies: ApiDependencies,
    status: AlertStatus,
    places: Sequence[AffectedMunicipality],
    counts: PlaceCounts | None,
) -> list[CoverageGap] | None:
    """Return where a warning reaches nobody, and which channels are weak; None of an end, and before its recipients are
    settled: then nobody knows. Without `counts` nothing is said of municipalities.
    """
    if status.alert.planned_at is None or status.alert.reason in ENDS:
        return None
    without = () if dependencies.statuses.has_sms_gateway else ("sms",)
    found = [] if counts is None else place_gaps(places, counts.recipients)
    return [*found, *channel_gaps(status.channels, CHANNELS, without)]
