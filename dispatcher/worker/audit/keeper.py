"""Keep the chain of the audit trail in one process at a time: chain what was committed, make checkpoints, put them at
the anchors, and look through what was chained before.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from channels.clock import elapsed
from dispatcher.store.audit_chain.protection import protection
from dispatcher.store.backup.contents import BackupWatch
from dispatcher.worker.audit.anchors import AnchorRefused
from dispatcher.worker.recurrence import Recurrence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dispatcher.audit.checkpoint import Interval
    from dispatcher.audit.verification import ChainFinding, ChainVerdict
    from dispatcher.metrics import Metrics
    from dispatcher.store.audit_chain.anchors import AnchorStates
    from dispatcher.store.audit_chain.checkpoints import Checkpoints
    from dispatcher.store.audit_chain.protection import Protection
    from dispatcher.store.audit_chain.writer import ChainWriter
    from dispatcher.store.leadership import Leadership
    from dispatcher.store.record import Pool
    from dispatcher.worker.audit.anchors import Anchor
    from dispatcher.worker.audit.patrol import ChainPatrol

INTERVAL_S: Final = 1.0
"""Seconds between two rounds: how long an entry is in the trail and not in the chain, where nothing holds it up."""
ROUND_TIMEOUT_S: Final = 30.0
"""How long a round may take: a record that hangs is noticed and counted like one that is away."""
SILENT_S: Final = ROUND_TIMEOUT_S + 10
"""After how long a process that is frozen leads no more."""
PAGES: Final = 5
"""Pages that are chained in one round at most: it is to end in time."""
LOOK_EVERY_S: Final = 60.0
"""How often is looked again whether the service's role could change the trail."""
AT_ONCE: Final = 100
"""Checkpoints that are put at an anchor in one round at most."""
RETRY_S: Final = 30.0
"""Pause of an anchor after it refused."""
SENTENCES: Final = 5
"""Faults that are logged with their sentence."""
SAY_EVERY_S: Final = 60.0
"""How often faults are logged that stay as they are. A short chain is looked through in every round."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Chain:
    """What reads and writes the chain."""

    pool: Pool
    writer: ChainWriter
    checkpoints: Checkpoints
    patrol: ChainPatrol
    states: AnchorStates


class AuditKeeper:
    """Runs beside the lanes of every worker, and works in the one that leads."""

    def __init__(  # noqa: PLR0913 - dependencies, the last ones named at the call
        self,
        chain: Chain,
        leadership: Leadership,
        anchors: Sequence[Anchor],
        interval: Interval,
        metrics: Metrics,
        *,
        interval_s: float = INTERVAL_S,
        clock: Callable[[], float] = elapsed,
    ) -> None:
        """`clock` gives seconds."""
        self._chain = chain
        self._leadership = leadership
        self._anchors = anchors
        self._interval = interval
        self._metrics = metrics
        self._interval_s = interval_s
        self._clock = clock
        self._looking = Recurrence(LOOK_EVERY_S, clock)
        self._found: tuple[ChainFinding, ...] = ()
        """The faults that were logged last."""
        self._saying = Recurrence(SAY_EVERY_S, clock)
        self._leads = False
        self._term = 0
        """The term of leadership for which the writer and the patrol began."""
        self._protection: Protection | None = None
        self._backups = BackupWatch(chain.pool)

    async def run(self) -> None:
        """Work until cancelled. An outage of the record is waited out, and an anchor that refuses is tried again."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._chain_on())
                for anchor in self._anchors:
                    tasks.create_task(self._anchor_on(anchor))
        finally:
            await self._leadership.drop()

    async def _chain_on(self) -> None:
        while True:
            try:
                async with asyncio.timeout(ROUND_TIMEOUT_S):
                    if self._looking.falls_due() or self._protection is None:
                        await self.look_at_protection()
                        await self.look_at_backup()
                    await self.round()
            except Exception as error:  # noqa: BLE001 - it must outlive every outage; it is counted and logged
                self._leads = False
                self._metrics.audit_rounds_failed.inc()
                log.warning("audit_round_failed", error=type(error).__name__)
            await asyncio.sleep(self._interval_s)

    async def look_at_protection(self) -> None:
        """Show whether the service's own role could change the trail, and say so at first and when that changes."""
        found = await protection(self._chain.pool)
        self._metrics.audit_unprotected.set(not found.protected)
        if found == self._protection:
            return
        self._protection = found
        if found.protected:
            log.info("audit_protected")
        else:
            log.warning("audit_unprotected", reasons=list(found.reasons))

    async def look_at_backup(self) -> None:
        """Show when the last backup was made."""
        last = await self._backups.look()
        self._metrics.backed_up_at.set(last.timestamp() if last else 0)

    async def round(self) -> None:
        """Chain what was committed, make a checkpoint where one is due, and look at a part of what was chained."""
        self._leads = await self._leadership.hold()
        if not self._leads:
            self._metrics.lead_no_audit()
            return
        # In a new term the record may be another one: one that a standby took over, or a backup. A round that failed
        # in between does not make it one, and its work is not thrown away.
        if self._term != self._leadership.terms:
            self._term = self._leadership.terms
            self._chain.writer.begin_anew()
            self._chain.patrol.begin_anew()
        for _ in range(PAGES):
            if not await self._chain.writer.write():
                break
        await self._chain.checkpoints.make(self._interval)
        await self._show()
        verdict = await self._chain.patrol.step()
        if verdict is not None:
            self._judge(verdict)

    async def _show(self) -> None:
        waiting, last = await self._chain.writer.waiting(), await self._chain.checkpoints.last()
        metrics = self._metrics
        metrics.audit_unchained.set(waiting.lines)
        metrics.audit_unchained_since.set(waiting.since.timestamp() if waiting.since else 0)
        metrics.audit_checkpoint_at.set(last.at.timestamp() if last else 0)
        metrics.audit_chained_at.set_to_current_time()

    def _judge(self, verdict: ChainVerdict) -> None:
        self._metrics.audit_position.set(verdict.position)
        self._metrics.audit_faults.set(verdict.counts.total())
        self._metrics.audit_verified_at.set_to_current_time()
        found = tuple(verdict.findings[:SENTENCES])
        if found != self._found:
            if not found:
                log.info("audit_chain_whole", position=verdict.position)
            self._found, self._saying = found, Recurrence(SAY_EVERY_S, self._clock)
        for one in found if self._saying.falls_due() else ():
            log.error("audit_chain_broken", fault=one.fault.value, position=one.position, says=one.sentence)

    async def _anchor_on(self, anchor: Anchor) -> None:
        while True:
            well = True
            try:
                if self._leads:
                    well = await self.put(anchor)
            except Exception as error:  # noqa: BLE001 - it must outlive every outage; it is counted and logged
                self._metrics.audit_rounds_failed.inc()
                log.warning("audit_anchoring_failed", anchor=anchor.kind, error=type(error).__name__)
            await asyncio.sleep(self._interval_s if well else max(self._interval_s, RETRY_S))

    async def put(self, anchor: Anchor) -> bool:
        """Put at an anchor what it does not have yet, in order. Returns whether it took all of it."""
        states, failing = self._chain.states, self._metrics.audit_anchor_failing_since.labels(anchor.kind)
        state = await states.of(anchor.kind)
        for checkpoint in await self._chain.checkpoints.after(state.checkpoint, AT_ONCE):
            try:
                await anchor.put(checkpoint)
            except AnchorRefused as refused:
                self._metrics.audit_anchor_failures.labels(anchor.kind).inc()
                log.warning("audit_anchor_refused", anchor=anchor.kind, error=refused.code)
                since = (await states.refused(state, refused.code)).failing_since
                failing.set(since.timestamp() if since else 0)
                return False
            state = await states.took(state, checkpoint.number)
            failing.set(0)
        return True
