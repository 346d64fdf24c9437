"""Decide whether the service can warn now, and why not. Pure: what is known of it is given, what is not is None."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from dispatcher.model.canary.canaries import silent_lanes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from dispatcher.model.canary.canaries import Canary
    from dispatcher.model.vocabulary import Lane
    from dispatcher.sms.canary_cost import CanaryCost
    from dispatcher.store.on_duty.condition import StoppedGateway

KEY_AHEAD: Final = timedelta(days=7)
"""How long before a key ends that its bearer needs it is said: as the alarm `DispatcherKeyExpires` does."""
APPROVAL_AFTER: Final = timedelta(minutes=5)
"""How long a message waits for a second person before that is said: as the alarm `DispatcherApprovalOverdue` does."""


class CanWarn(StrEnum):
    """Whether it can warn."""

    READY = "ready"
    LIMITED = "limited"
    """It can, but not everybody, not at once, or not of everything."""
    UNABLE = "unable"


class Hindrance(StrEnum):
    """What is in the way. The first two stop everything."""

    RECORD = "record"
    WORKERS = "workers"
    QUEUE = "queue"
    GATEWAY = "gateway"
    FEED = "feed"
    CANARY = "canary"
    """No test that the service sends to itself arrives."""
    UNKNOWN = "unknown"
    """The state of something could not be found out in time."""
    DUTY = "duty"
    APPROVAL = "approval"
    KEY = "key"


STOPPING: Final = frozenset({Hindrance.RECORD, Hindrance.WORKERS})
LIMITING: Final = frozenset(
    {Hindrance.QUEUE, Hindrance.GATEWAY, Hindrance.FEED, Hindrance.CANARY, Hindrance.UNKNOWN}
)
"""What limits it. All others a person has to see to, but it can warn."""


@dataclass(frozen=True, slots=True)
class FeedCondition:
    """How a feed stands: when it last said what it lists, and since when nobody knows that, if so."""

    name: str
    as_of: datetime | None
    silent_since: datetime | None
    result: str
    entries: int


@dataclass(frozen=True, slots=True)
class ServiceCondition:
    """What is known of the service at an instant; None where it could not be found out in time."""

    at: datetime
    record: bool = True
    queue: bool | None = None
    worker_leads: bool | None = None
    gateways: tuple[StoppedGateway, ...] | None = None
    """Those that take nothing now."""
    feeds: tuple[FeedCondition, ...] | None = None
    key_expiries: Mapping[str, datetime] | None = None
    """By kind of bearer when the first one loses a key that it needs."""
    uncovered: int | None = None
    """Of how many open messages nobody on duty can be told."""
    held: int | None = None
    canaries: tuple[Canary, ...] | None = None
    """The service's own endpoints, and how its tests of itself go there."""
    canary_costs: Mapping[str, CanaryCost] = field(default_factory=dict)
    """What those cost that cost something, by name, as far as it is known."""
    oldest_approvals: tuple[datetime, ...] | None = None
    """Since when that waits for a second person which has waited for longest; empty where nothing waits."""


@dataclass(frozen=True, slots=True)
class WhyNot:
    """One thing in the way: what it is called, since when, and how many there are, as far as that says anything."""

    hindrance: Hindrance
    name: str = ""
    at: datetime | None = None
    count: int = 0
    lanes: tuple[Lane, ...] = ()
    """In which nothing arrives: the page has words for them."""


@dataclass(frozen=True, slots=True)
class ServiceReadiness:
    """Whether the service can warn, and everything in the way, the gravest first."""

    verdict: CanWarn
    why: tuple[WhyNot, ...] = ()


def readiness(condition: ServiceCondition) -> ServiceReadiness:
    """Return whether the service can warn now. What is not known is in the way: nobody is told that all is well."""
    if not condition.record:
        return ServiceReadiness(CanWarn.UNABLE, (WhyNot(Hindrance.RECORD),))
    why = [*_parts(condition), *_outside(condition), *_unknown(condition), *_to_see_to(condition)]
    found = {one.hindrance for one in why}
    verdict = CanWarn.LIMITED if found & LIMITING else CanWarn.READY
    return ServiceReadiness(CanWarn.UNABLE if found & STOPPING else verdict, tuple(why))


def _parts(condition: ServiceCondition) -> list[WhyNot]:
    missing = {Hindrance.WORKERS: condition.worker_leads, Hindrance.QUEUE: condition.queue}
    return [WhyNot(hindrance) for hindrance, is_there in missing.items() if is_there is False]


def _outside(condition: ServiceCondition) -> list[WhyNot]:
    stopped = [
        WhyNot(Hindrance.GATEWAY, f"{one.channel} {one.name}", one.since) for one in condition.gateways or ()
    ]
    silent = [
        WhyNot(Hindrance.FEED, one.name, one.as_of) for one in condition.feeds or () if one.silent_since
    ]
    return [*stopped, *silent, *_untested(condition)]


def _untested(condition: ServiceCondition) -> list[WhyNot]:
    lanes = silent_lanes(condition.canaries or (), condition.at)
    return [WhyNot(Hindrance.CANARY, at=min(lanes.values()), lanes=tuple(lanes))] if lanes else []


def _unknown(condition: ServiceCondition) -> list[WhyNot]:
    asked = (
        "worker_leads",
        "queue",
        "gateways",
        "feeds",
        "key_expiries",
        "uncovered",
        "held",
        "canaries",
        "oldest_approvals",
    )
    return [WhyNot(Hindrance.UNKNOWN, name) for name in asked if getattr(condition, name) is None]


def _to_see_to(condition: ServiceCondition) -> list[WhyNot]:
    found = []
    if condition.uncovered:
        found.append(WhyNot(Hindrance.DUTY, count=condition.uncovered))
    waiting = condition.oldest_approvals or ()
    found += [WhyNot(Hindrance.APPROVAL, at=one) for one in waiting if condition.at - one > APPROVAL_AFTER]
    keys = (condition.key_expiries or {}).items()
    ending = sorted((at, kind) for kind, at in keys if at - condition.at < KEY_AHEAD)
    return found + [WhyNot(Hindrance.KEY, kind, at) for at, kind in ending]
