"""Build what asks for a second person, and what carries out what that person decides."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from dispatcher.api.held.parts import HeldParts
from dispatcher.audience.estimate import AudienceEstimator, RecipientCounter
from dispatcher.audience.location_index import LocationIndex
from dispatcher.intake.approval import Approval
from dispatcher.intake.four_eyes.counting import HeldCount
from dispatcher.intake.four_eyes.deciding import FourEyes
from dispatcher.intake.four_eyes.texts import HeldTexts
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.alerts.approvals import Approvals
from dispatcher.store.alerts.held import Held
from dispatcher.store.audience.subscriptions import AudienceCounts
from dispatcher.store.audience.watched_areas import WatchedAreas

if TYPE_CHECKING:
    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.queue.wakeups import WakeUpQueue
    from dispatcher.settings import Settings
    from dispatcher.store import record
    from dispatcher.store.sms.charges import Charges


def audience_estimator(pool: record.Pool, boundaries: Boundaries) -> AudienceEstimator:
    """Return what counts whom a message would reach."""
    return AudienceEstimator(AudienceCounts(pool), LocationIndex(WatchedAreas(pool)), boundaries)


def held_texts(settings: Settings, known: frozenset[str]) -> HeldTexts:
    """Return what writes texts of messages that wait. `known` is the names of all municipalities, in lower case: all
    processes are to have the same names, or their texts differ.
    """
    return HeldTexts(ZoneInfo(settings.time_zone), known)


def held_parts(
    pool: record.Pool,
    wake_ups: WakeUpQueue,
    estimator: AudienceEstimator,
    charges: Charges,
    texts: HeldTexts,
) -> HeldParts:
    """Return what shows messages that wait for a person, and carries out what an operator decides about them."""
    release = Approval(alerts=Alerts(pool), boundaries=None, wake_ups=wake_ups)
    return HeldParts(pool, Held(pool), release, estimator, texts, charges, wake_ups)


def held_count(pool: record.Pool, wake_ups: WakeUpQueue, locations: LocationIndex) -> HeldCount:
    """Return what counts whom a message would warn that waits."""
    alerts, recipients = Alerts(pool), RecipientCounter(AudienceCounts(pool), locations)
    return HeldCount(alerts, Approval(alerts=alerts, boundaries=None, wake_ups=wake_ups), recipients)


def four_eyes(pool: record.Pool, wake_ups: WakeUpQueue, texts: HeldTexts) -> FourEyes:
    """Return what carries out decisions."""
    alerts = Alerts(pool)
    return FourEyes(
        alerts=alerts,
        approvals=Approvals(pool),
        texts=texts,
        release=Approval(alerts=alerts, boundaries=None, wake_ups=wake_ups),
    )
