"""Plan an accepted alert: stop what it supersedes, freeze its audience, enqueue its batches."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from dispatcher.audience.reach import AudienceLimit, excessive_audience
from dispatcher.delivery.notices import WantedNotice
from dispatcher.model.alerts import ReadyAlert
from dispatcher.model.vocabulary import Kind
from dispatcher.queue import wakeups
from dispatcher.sms.parts import NOT_COUNTED, TextParts, parts_at
from dispatcher.store.delivery.plans import Located
from dispatcher.traces.tracer import NO_TRACES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from channels.sms.contract import Contract
    from dispatcher.audience.location_index import LocationIndex
    from dispatcher.delivery.notices import Notices
    from dispatcher.metrics import Metrics
    from dispatcher.model.alerts import PendingAlert
    from dispatcher.queue.wakeups import WakeUpQueue
    from dispatcher.store.delivery.ledger import Ledger
    from dispatcher.store.delivery.plans import AudienceGuard, Plans
    from dispatcher.store.delivery.standby import Standby
    from dispatcher.traces.tracer import Tracer

REPLAN_S = 0.1
"""How soon to look again while a worker still holds a batch of an earlier message of the chain. It starts no more
sends, so this ends with the answers to those in flight."""

COUNT_AFTER_S = 2.0
"""When the parts of SMS are counted on which no plan depends: the first recipients have the warning by then, and what
was sent meanwhile has its number."""


def audience_guard(factor: float) -> AudienceGuard:
    """Return a guard that holds an alert for more recipients than were approved, and for more than `factor` times the
    source's baseline; 0 for no such limit.
    """
    limit = AudienceLimit(baseline_factor=factor)

    def why(recipients: int, baseline: int | None, approved: int | None) -> str:
        found = excessive_audience(
            recipients, baseline=baseline if factor else None, approved=approved, limit=limit
        )
        return f"{found.recipients} recipients are {found.excess.value} ({found.expected})" if found else ""

    return why


class Planner:
    """Turns accepted alerts into batches."""

    def __init__(  # noqa: PLR0913 - the composition root names each part
        self,
        plans: Plans,
        ledger: Ledger,
        wake_ups: WakeUpQueue,
        metrics: Metrics,
        locations: LocationIndex,
        *,
        notices: Notices | None = None,
        contracts: Callable[[], Sequence[Contract]] = tuple,
        standby: Standby | None = None,
        tracer: Tracer = NO_TRACES,
    ) -> None:
        """`notices`, and what returns the `contracts` of SMS gateways, are given where SMS are sent: their parts are
        counted, ahead where a budget depends on them; `standby` where people's other endpoints are called up.
        """
        self._standby = standby
        self._tracer = tracer
        self._notices = notices
        self._contracts = contracts
        self._locations = locations
        self._plans = plans
        self._ledger = ledger
        self._wake_ups = wake_ups
        self._metrics = metrics

    async def plan(self, alert_id: str) -> None:
        """Plan the alert if it still waits for its plan. Idempotent; may be called at any time by any number of
        workers.
        """
        pending = await self._plans.waiting_one(alert_id)
        if pending is None:
            await self._plans.count_late(alert_id, self._texts)
            return
        with self._tracer.planning(pending), self._metrics.plan_seconds.time():
            closed = await self._ledger.close_stopped(pending.chain_id)
            self._metrics.count_closed(closed.state, closed.recipients)
            located = await self._located(pending)
            planning = self._plans.portions(alert_id, in_flight=closed.in_flight, located=located)
            planned = False
            async with aclosing(planning) as portions:
                async for ready_batches in portions:
                    planned |= bool(ready_batches)
                    await self._wake_ups.enqueue([wakeups.batch_wake_up(ready) for ready in ready_batches])
        again = ReadyAlert(alert_id, pending.lane, pending.source_id)
        # Nothing planned: another alert of the graph may have come meanwhile.
        if closed.in_flight or (not planned and await self._plans.waiting_one(alert_id)):
            await self._wake_ups.enqueue([wakeups.plan_wake_up(again, REPLAN_S)])
        elif planned and await self._plans.uncounted(alert_id):
            await self._wake_ups.enqueue([wakeups.plan_wake_up(again, COUNT_AFTER_S)])

    async def call_up(self) -> None:
        """Tell the next endpoint of everybody whose first one was not reached, or did not confirm in time. Idempotent;
        whoever was called up is in the record, however often this dies.
        """
        if self._standby is None:
            return
        for alert in await self._standby.waiting():
            called = await self._standby.call(alert, await self._texts(alert))
            self._metrics.called_up.labels(alert.lane).inc(called.people)
            self._metrics.count_closed(called.quiet.state, called.quiet.recipients)
            await self._wake_ups.enqueue([wakeups.batch_wake_up(ready) for ready in called.ready])

    async def _located(self, alert: PendingAlert) -> Located:
        beside = await self._plans.beside(alert.chain_id, alert.id)
        others = [one for other in beside for one in await self._locations.subscribers_of(other)]
        own = [] if alert.ends else await self._locations.subscribers_of(alert.id)
        spoken_for = await self._plans.spoken_for(alert.id)
        told = await self._locations.subscribers_of(spoken_for) if spoken_for else []
        # In all languages it takes as long as all else: nobody waits for it where nothing depends on it.
        texts = await self._texts(alert) if self._plans.counts_texts else NOT_COUNTED
        return Located(own, frozenset(beside), others, spoken_for, told, texts)

    async def _texts(self, alert: PendingAlert) -> TextParts:
        """Count the parts of the texts that warn. What a notice of an end costs is counted when it is sent: nothing
        stops it.
        """
        contracts = self._contracts()
        if self._notices is None or not contracts or alert.ends or alert.now is None:
            return NOT_COUNTED
        counted = {}
        for kind in (Kind.ALERT, Kind.UPDATE):
            for language in await self._notices.languages(alert.id):
                told = WantedNotice(alert.id, alert.chain_id, kind, language, alert.expires)
                notice = await self._notices.notice(told, alert.now)
                if notice is not None:
                    for gateway, parts in parts_at(notice, contracts).items():
                        counted[kind.value, language, gateway] = parts
        return TextParts(counted)
