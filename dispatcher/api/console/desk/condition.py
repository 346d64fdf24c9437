"""Find out how the service stands, for all who look at the desk at once: what the probes, the feeds' route and the
metrics know.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from channels.clock import utc_now
from dispatcher.api.feeds import overviews
from dispatcher.console.desk.readiness import FeedCondition, ServiceCondition
from dispatcher.model.canary.canaries import PAID_CHANNELS
from dispatcher.sms.canary_cost import canary_cost
from dispatcher.store.alerts.held import Held
from dispatcher.store.canary.endpoints import canaries, text_parts
from dispatcher.store.keys import Keys
from dispatcher.store.on_duty.condition import a_worker_leads, stopped_gateways
from dispatcher.store.on_duty.matters import DutyMatters
from dispatcher.store.record import known_within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatcher.api.dependencies import ApiDependencies
    from dispatcher.model.canary.canaries import Canary
    from dispatcher.sms.canary_cost import CanaryCost

PART_S: Final = 1.0
"""How long each part is waited for, one after the other: the page is there to say that one of them is not."""
GATEWAYS_MAX: Final = 20
"""How many stopped gateways are named: Web Push knows any number."""


async def read_condition(dependencies: ApiDependencies) -> ServiceCondition:
    """Return what is known of the service now; what does not answer in time is not known."""
    health, pool = dependencies.health, dependencies.health.pool
    parts = await health.check()
    if not parts["record"]:
        return ServiceCondition(utc_now(), record=False, queue=parts["queue"])
    at = await known_within(PART_S, dependencies.approvals.now())
    gateways = await known_within(PART_S, stopped_gateways(pool, GATEWAYS_MAX))
    expiries = await known_within(PART_S, Keys(pool).expiries_in_use())
    tested = await known_within(PART_S, canaries(pool))
    untold = await known_within(PART_S, DutyMatters(pool).untold())
    return ServiceCondition(
        at or utc_now(),
        queue=parts["queue"],
        worker_leads=await known_within(PART_S, a_worker_leads(pool)),
        gateways=None if gateways is None else tuple(gateways),
        feeds=await _feeds(dependencies),
        key_expiries=None
        if expiries is None
        else {kind.value: datetime.fromtimestamp(end, UTC) for kind, end in expiries.items()},
        uncovered=None if untold is None else untold.uncovered,
        canaries=None if tested is None else tuple(tested[0]),
        canary_costs=await _canary_costs(dependencies, tested[0] if tested else ()),
        held=await known_within(PART_S, Held(pool).count()),
        oldest_approvals=await known_within(PART_S, _oldest_approvals(dependencies)),
    )


async def _canary_costs(dependencies: ApiDependencies, tested: Sequence[Canary]) -> dict[str, CanaryCost]:
    paid = [one for one in tested if one.channel in PAID_CHANNELS]
    parts = await known_within(PART_S, text_parts(dependencies.health.pool)) if paid else None
    contracts = dependencies.settings.sms_contracts()
    return {
        one.name: canary_cost(one.every, (parts or {}).get(one.name), contracts.get(one.gateway))
        for one in paid
    }


async def _oldest_approvals(dependencies: ApiDependencies) -> tuple[datetime, ...]:
    oldest = await dependencies.approvals.oldest()
    return () if oldest is None else (oldest,)


async def _feeds(dependencies: ApiDependencies) -> tuple[FeedCondition, ...] | None:
    """Return how the feeds stand, as their route says it."""
    if dependencies.feed_services is None:
        return ()
    found: list[Any] | None = await known_within(PART_S, overviews(dependencies.feed_services))
    if found is None:
        return None
    return tuple(
        FeedCondition(one.name, one.last_successful_poll, one.stale_since, one.result, one.entries)
        for one in found
    )
