"""All parts that deal with feeds, as the API, the workers and the command line share them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from dispatcher.feeds.configuration import Feed
    from dispatcher.feeds.poller import Poller
    from dispatcher.feeds.sync import FeedSync
    from dispatcher.intake.approval import Approval
    from dispatcher.store.alerts.alerts import Alerts
    from dispatcher.store.alerts.held import Held
    from dispatcher.store.feeds.feeds import Feeds
    from dispatcher.store.feeds.quarantine import Quarantine


@dataclass(frozen=True, slots=True)
class FeedServices:
    """The services of feeds, which `dispatcher.wiring` puts together."""

    feeds: tuple[Feed, ...]
    alerts: Alerts
    store: Feeds
    quarantine: Quarantine
    held: Held
    release: Approval
    sync: FeedSync
    poller: Poller
    clock: Callable[[], datetime]

    def named(self, name: str) -> Feed | None:
        return next((feed for feed in self.feeds if feed.name == name), None)
