"""What an API process is made of; put together in `dispatcher.wiring`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dispatcher.feeds.desk import FeedDesk
    from dispatcher.metrics import Meter
    from dispatcher.pipeline.accept import Intake
    from dispatcher.pipeline.reports import ReportDesk
    from dispatcher.probes import Health
    from dispatcher.settings import Settings
    from dispatcher.store.accounts import Accounts
    from dispatcher.store.alerts import Alerts
    from dispatcher.store.sources import Sources
    from dispatcher.store.subscriptions import Subscriptions
    from dispatcher.targeting.boundaries import Boundaries


@dataclass(frozen=True, slots=True)
class ApiParts:
    """The working parts of one API process."""

    settings: Settings
    intake: Intake
    sources: Sources
    alerts: Alerts
    accounts: Accounts
    subscriptions: Subscriptions
    boundaries: Boundaries
    meter: Meter
    health: Health
    desk: FeedDesk | None = None
    """Feeds, where there are any."""
    reports: ReportDesk | None = None
    """For gateways that report deliveries, where there are any."""
