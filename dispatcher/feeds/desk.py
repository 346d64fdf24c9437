"""All parts that deal with feeds, as the API, the workers and the command line share them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from dispatcher.feeds.absorb import Absorber
    from dispatcher.feeds.configuration import Feed
    from dispatcher.feeds.poller import Poller
    from dispatcher.pipeline.release import Release
    from dispatcher.store.alerts import Alerts
    from dispatcher.store.feeds import Feeds
    from dispatcher.store.held import Held
    from dispatcher.store.quarantine import Quarantine


@dataclass(frozen=True, slots=True)
class FeedDesk:
    """Put together in `dispatcher.wiring`."""

    feeds: tuple[Feed, ...]
    alerts: Alerts
    store: Feeds
    quarantine: Quarantine
    held: Held
    release: Release
    absorber: Absorber
    poller: Poller
    clock: Callable[[], datetime]

    def named(self, name: str) -> Feed | None:
        return next((feed for feed in self.feeds if feed.name == name), None)
