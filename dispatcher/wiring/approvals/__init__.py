"""Build what asks for a second person, and what carries out what that person decides."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from dispatcher.audience.estimate import AudienceEstimator
from dispatcher.audience.location_index import LocationIndex
from dispatcher.intake.approval import Approval
from dispatcher.intake.four_eyes.asking import ApprovalAsking
from dispatcher.intake.four_eyes.deciding import FourEyes
from dispatcher.intake.four_eyes.texts import HeldTexts
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.alerts.approvals import Approvals
from dispatcher.store.audience.subscriptions import AudienceCounts
from dispatcher.store.audience.watched_areas import WatchedAreas

if TYPE_CHECKING:
    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.queue.wakeups import WakeUpQueue
    from dispatcher.settings import Settings
    from dispatcher.store import record


def audience_estimator(pool: record.Pool, boundaries: Boundaries) -> AudienceEstimator:
    """Return what counts whom a message would reach."""
    return AudienceEstimator(AudienceCounts(pool), LocationIndex(WatchedAreas(pool)), boundaries)


def approval_asking(
    settings: Settings, pool: record.Pool, estimator: AudienceEstimator, known: frozenset[str]
) -> ApprovalAsking:
    """Return what asks the policy. `known` is the names of all municipalities, in lower case."""
    return ApprovalAsking(pool, estimator, HeldTexts(ZoneInfo(settings.time_zone), known))


def four_eyes(
    settings: Settings, pool: record.Pool, wake_ups: WakeUpQueue, known: frozenset[str]
) -> FourEyes:
    """Return what carries out decisions. All processes are to have the same names, or their texts differ."""
    alerts = Alerts(pool)
    return FourEyes(
        alerts=alerts,
        approvals=Approvals(pool),
        texts=HeldTexts(ZoneInfo(settings.time_zone), known),
        release=Approval(alerts=alerts, boundaries=None, wake_ups=wake_ups),
    )
