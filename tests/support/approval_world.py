"""A record with a policy of approval, the intake of control centres in front of it, and two processes that decide."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dispatcher.access.principals import UNNAMED_OPERATOR, Actor, of_source
from dispatcher.audience.estimate import AudienceEstimator
from dispatcher.audience.location_index import LocationIndex
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.intake.approval import Approval
from dispatcher.intake.four_eyes import asking
from dispatcher.intake.four_eyes.asking import ApprovalAsking
from dispatcher.intake.four_eyes.counting import HeldCount
from dispatcher.intake.four_eyes.deciding import Decider, FourEyes
from dispatcher.intake.four_eyes.texts import HeldTexts
from dispatcher.intake.submission import Accepted, SubmissionIntake
from dispatcher.metrics import Metrics
from dispatcher.model.approval.policy import NO_TIMERS, PolicyRule, Timers
from dispatcher.model.principals import Source
from dispatcher.model.vocabulary import AlertState, Environment
from dispatcher.queue.address import parse
from dispatcher.queue.wakeups import WakeUpQueue, open_queue
from dispatcher.readers.readers import InProcess
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.alerts.approvals import Approvals
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.audience.watched_areas import WatchedAreas
from dispatcher.store.delivery.status import AlertStatuses
from dispatcher.store.sources import Sources
from dispatcher.wiring.sms.charges import sms_charges
from tests.support.messages import SENDER, Message
from tests.support.sealed import ADDRESSES

LEITSTELLE = Source("leitstelle", "Leitstelle Düren", frozenset({SENDER}), ("05358",))
GRAVE = PolicyRule("*", "Severe", 0, is_needed=True)
"""Everything grave needs a second person."""
ZONE = ZoneInfo("Europe/Berlin")


def decider(person: str) -> Decider:
    return Decider(person, Actor(f"person:{person}"), lambda _places: None)


@dataclass
class ApprovalWorld:
    """All parts over one record. Time can be moved forward for those who decide."""

    pool: Any
    wake_ups: WakeUpQueue
    settings: Settings
    ahead: timedelta = timedelta()
    metrics: Metrics = field(default_factory=Metrics)

    def __post_init__(self) -> None:
        boundaries = Boundaries.default()
        self.alerts, self.approvals = Alerts(self.pool), Approvals(self.pool)
        self.subscriptions = Subscriptions(self.pool, ADDRESSES)
        self.texts = HeldTexts(ZONE)
        estimator = AudienceEstimator(self.subscriptions, LocationIndex(WatchedAreas(self.pool)), boundaries)
        self.asking = ApprovalAsking(self.pool, estimator, self.texts)
        self.intake = SubmissionIntake(
            settings=self.settings,
            alerts=self.alerts,
            statuses=AlertStatuses(self.pool, sms_charges(self.settings)),
            estimator=estimator,
            boundaries=boundaries,
            wake_ups=self.wake_ups,
            metrics=self.metrics,
            readers=InProcess(boundaries),
            asking=self.asking,
        )
        self.release = Approval(alerts=self.alerts, boundaries=boundaries, wake_ups=self.wake_ups)
        self.held_count = HeldCount(self.alerts, self.release, estimator)
        self.here, self.there = self.process(), self.process()
        """Two processes of the API: what they share is the record alone."""

    def process(self) -> FourEyes:
        alerts = Alerts(self.pool)
        return FourEyes(
            alerts=alerts,
            approvals=self.approvals,
            texts=self.texts,
            release=Approval(
                alerts=alerts, boundaries=None, wake_ups=self.wake_ups, clock=lambda now: now + self.ahead
            ),
            clock=lambda now: now + self.ahead,
        )

    async def policy(self, *rules: PolicyRule) -> None:
        for rule in rules:
            await self.approvals.put_rule(rule, UNNAMED_OPERATOR)

    async def submit(self, message: Message | bytes, person: str = "") -> Accepted:
        raw = message if isinstance(message, bytes) else message.xml()
        environment = Environment.EXERCISE if b"<status>Exercise" in raw else Environment.LIVE
        return await self.intake.accept(of_source(LEITSTELLE, environment, person), raw)

    async def submit_uncounted(self, message: Message | bytes, person: str = "") -> str:
        """Submit a message which is held before anybody has counted whom it would warn; its id."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(asking, "COUNTED_S", 0.0)
            held = (await self.submit(message, person)).alert
        assert held.state is AlertState.HELD
        assert held.id in await self.approvals.uncounted()
        return held.id

    async def binding(self, alert_id: str) -> str:
        """The binding as a person sees it."""
        shown = await self.here.shown(alert_id)
        assert shown is not None
        return shown.binding

    async def trail(self, action: str) -> list[tuple[str, str | None]]:
        """Who did this, and what is said of why."""
        rows = await self.pool.fetch("SELECT actor, detail FROM audit WHERE action = $1 ORDER BY id", action)
        return [(row["actor"], row["detail"].get("why")) for row in rows]


def grave_with(timers: Timers = NO_TIMERS, *, source: str = "*", is_needed: bool = True) -> PolicyRule:
    return PolicyRule(source, "Severe", 0, is_needed, timers)


@asynccontextmanager
async def approval_world(database_url: str, redis_url: str) -> AsyncIterator[ApprovalWorld]:
    settings = Settings(database_url=database_url, redis_url=redis_url, key_pepper="pepper of the tests")
    pool = await record.connect(database_url, size=8)
    await Sources(pool, b"pepper").put(LEITSTELLE)
    wake_ups = WakeUpQueue(open_queue(parse(redis_url)))
    try:
        yield ApprovalWorld(pool, wake_ups, settings)
    finally:
        await wake_ups.aclose()
        await pool.close()
