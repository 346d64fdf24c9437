"""Planning an accepted alert: stop what it supersedes, freeze its audience, ring for its batches."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from dispatcher.model import ENDING
from dispatcher.store import doorbell
from dispatcher.targeting.reach import BlastLimit, blast_radius

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatcher.metrics import Meter
    from dispatcher.pipeline.precise import Precise
    from dispatcher.store.doorbell import Doorbell, Ring
    from dispatcher.store.ledger import Ledger
    from dispatcher.store.plans import Guard, Plans

AGAIN_S = 0.1
"""How soon to look again while a worker still has an earlier message of the chain in hand. It starts no more
sends, so this ends with the answers to those under way."""


def guard(factor: float) -> Guard:
    """Holds more recipients than were approved, and more than `factor` times the usual; 0 for no such limit."""
    limit = BlastLimit(usual_factor=factor)

    def why(recipients: int, usual: int | None, approved: int | None) -> str:
        found = blast_radius(recipients, usual=usual if factor else None, approved=approved, limit=limit)
        return f"{found.recipients} recipients are {found.excess.value} ({found.expected})" if found else ""

    return why


class Planner:
    """Turns accepted alerts into batches."""

    def __init__(self, plans: Plans, ledger: Ledger, bell: Doorbell, meter: Meter, precise: Precise) -> None:
        self._precise = precise
        self._plans = plans
        self._ledger = ledger
        self._doorbell = bell
        self._meter = meter

    async def plan(self, alert_id: str) -> None:
        """Idempotent; may be called at any time by any number of workers."""
        waiting = await self._plans.waiting_one(alert_id)
        if waiting is None:
            return
        with self._meter.plan_seconds.time():
            closed = await self._ledger.close_stopped(waiting.chain_id)
            self._meter.count_closed(closed.state, closed.recipients)
            ends = waiting.reason in ENDING
            precise = [] if ends else await self._precise.concerned(alert_id)
            planning = self._plans.portions(alert_id, in_hand=closed.in_hand, precise=precise)
            async with aclosing(planning) as portions:
                async for bells in portions:
                    await self._ring([doorbell.deliver(bell) for bell in bells])
        if closed.in_hand:
            await self._ring([doorbell.plan(alert_id, waiting.lane, AGAIN_S)])

    async def _ring(self, rings: Sequence[Ring]) -> None:
        rung = await self._doorbell.ring(rings)
        self._meter.rings_missed.inc(not rung)
