"""Collect device receipts in memory, and write those of a batch once in a second.

Of a mass send they come by the ten thousand a second: a statement for each would cost more than sending did. They are
written in ten portions a second, batch by batch in the order in which these began to wait: all at once they kept loop
and record busy for a twentieth of a second, which a submission then waited. At a clean stop all are written; a process
that is killed loses those of at most a second, or as long as the record was away. Nothing depends on them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Final

import structlog
from asyncpg import PostgresError

from dispatcher.metrics.receipts import PostedReceipt
from dispatcher.model.reports import ReceiptMasks, ReceiptState
from dispatcher.store.record import UNAVAILABLE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dispatcher.access.receipt_tokens import ReceiptTokens
    from dispatcher.metrics import Metrics
    from dispatcher.model.reports import ReceiptPosition
    from dispatcher.store.delivery.device_receipts import DeviceReceipts

WAITS_S: Final = 1.0
"""How long what came waits at most, to be written with what comes meanwhile of the same batch."""
STEP_S: Final = WAITS_S / 10
"""How often what has waited is written."""
LAST_WRITE_S: Final = 5.0
"""How long the last write may take once the process is to end."""
BATCHES_MAX: Final = 10_000
"""Batches of which receipts wait at most, ten million recipients: some 6 MB, or 40 MB of batches ten times as large.
Then no more are taken until they are written."""

log = structlog.get_logger()

_RANKS: Final = {state: state.rank for state in ReceiptState}


class ReceiptCollector:
    """The receipts of one API process on their way into the record."""

    def __init__(
        self, tokens: ReceiptTokens, store: DeviceReceipts, metrics: Metrics, most: int = BATCHES_MAX
    ) -> None:
        self._tokens = tokens
        self._store = store
        self._most = most
        self._taken = metrics.receipts_posted.labels(PostedReceipt.TAKEN)
        self._forged = metrics.receipts_posted.labels(PostedReceipt.FORGED)
        self._waiting: dict[tuple[int, int], list[int]] = {}
        """By batch and generation, in the order in which they began to wait."""
        self._begun = 0
        """How many batches have begun to wait since the last step."""
        self._steps: deque[tuple[float, int]] = deque()
        """When the steps were of which batches wait, and how many began before each."""
        self._writing = asyncio.Lock()

    @property
    def is_full(self) -> bool:
        """Whether no more can be taken now, whatever is posted."""
        return len(self._waiting) >= self._most

    def take(self, token: str, state: ReceiptState) -> bool:
        """Take one receipt. Returns whether its token is one of this deployment, which nobody who posts is told."""
        place = self._tokens.position(token)
        if place is None:
            self._forged.inc()
            return False
        self._note(place, state)
        self._taken.inc()
        return True

    def take_many(self, receipts: Iterable[tuple[str, ReceiptState]]) -> None:
        """Take receipts as `take` does, and say nothing of any: counted together they cost as much to count as one."""
        taken = forged = 0
        for token, state in receipts:
            place = self._tokens.position(token)
            if place is None:
                forged += 1
            else:
                self._note(place, state)
                taken += 1
        self._taken.inc(taken)
        self._forged.inc(forged)

    def _note(self, place: ReceiptPosition, state: ReceiptState) -> None:
        batch_id, generation, position = place
        masks = self._waiting.get((batch_id, generation))
        if masks is None:
            masks = self._waiting[batch_id, generation] = [0, 0, 0]
            self._begun += 1
        masks[_RANKS[state]] |= 1 << position

    async def run(self) -> None:
        """Write what has waited, again and again, until cancelled; then all that is left."""
        clock, written = asyncio.get_running_loop().time, True
        try:
            while True:
                await asyncio.sleep(STEP_S if written else WAITS_S)
                written = await self.step(clock())
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_WRITE_S):
                    await self.flush()
            if self._waiting:
                log.warning("device_receipts_lost", batches=len(self._waiting))

    async def step(self, now: float) -> bool:
        """Write the batches that would have waited for too long at the next step; `now` in seconds. Returns False where
        they could not be written.
        """
        self._steps.append((now, self._begun))
        self._begun = due = 0
        while self._steps and self._steps[0][0] <= now - WAITS_S + 2 * STEP_S:
            due += self._steps.popleft()[1]
        return await self._write(due)

    async def flush(self) -> None:
        """Write all that waits. What cannot be written now waits on."""
        await self._write(len(self._waiting))

    async def _write(self, count: int) -> bool:
        async with self._writing:
            waiting = self._waiting
            portion = {key: waiting.pop(key) for key in list(islice(waiting, count))}
            try:
                await self._store.add({key: _implied(masks) for key, masks in portion.items()})
            except BaseException as error:
                self._keep(portion)
                if not isinstance(error, (*UNAVAILABLE, PostgresError)):
                    raise
                log.warning("device_receipts_not_written", error=type(error).__name__)
                return False
            return True

    def _keep(self, unwritten: dict[tuple[int, int], list[int]]) -> None:
        """Join what could not be written with what came meanwhile. It waits as if it had come now."""
        for key, masks in unwritten.items():
            since = self._waiting.get(key)
            if since is None:
                self._waiting[key] = masks
                self._begun += 1
            else:
                since[:] = [before | after for before, after in zip(masks, since, strict=True)]


def _implied(masks: list[int]) -> ReceiptMasks:
    """Return the masks, with what each state implies: a message that was confirmed was displayed and delivered."""
    delivered, displayed, confirmed = masks
    return ReceiptMasks(delivered | displayed | confirmed, displayed | confirmed, confirmed)
