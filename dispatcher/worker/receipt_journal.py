"""Tie the receipts of message centres to deliveries, by the record: they come to whichever process holds a session,
also for what another process has sent, and some before the answer that names their id.

What is to be kept is collected, and written at once for all that came meanwhile. A receipt is acknowledged when it is
committed; one whose id nobody knows yet is acknowledged too, and waits for its id: a centre that waits for each
acknowledgement would else send no other for so long.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import structlog

from channels.sms.delivery_reports import WHOLE, DeliveryReport, SentPart
from channels.sms.smpp.statuses import OK, RECEIVER_TEMPORARY
from dispatcher.store.record import UNAVAILABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from channels.sms.inbound import InboundText
    from channels.sms.smpp.receipts import CentreReceipt
    from dispatcher.apps.inbound_texts import InboundTexts
    from dispatcher.delivery.reports import DeliveryReports
    from dispatcher.metrics import Metrics
    from dispatcher.store.delivery.reports import Reports

PARKED_S: Final = 60.0
"""How long a receipt waits for its id. An answer to a submit that comes at all comes within that time."""
PARKED_MAX: Final = 10_000
"""Receipts that wait at most; the oldest then counts as unmatched."""
LOOK_AGAIN_S: Final = 2.0
"""How often the record is asked for the ids of those that wait: another process may have written them."""
TOGETHER_MAX: Final = 500
"""Receipts that are written together at most."""
UNWRITTEN_MAX: Final = 100_000
"""Ids that wait for a record that cannot be reached at most; what those beyond would tie is lost."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ReceivedReceipt:
    """A receipt that is to be recorded."""

    gateway: str
    report: DeliveryReport
    acknowledge: Callable[[int], None]
    until: float
    """When waiting for its id ends, by the journal's clock."""


def report_of(receipt: CentreReceipt) -> DeliveryReport:
    """Return a centre's receipt as the report that it is."""
    return DeliveryReport(None, receipt.state, receipt.code, keys=receipt.keys)


def understood(report: DeliveryReport, whole: int) -> DeliveryReport:
    """Return a report of the part with the number `whole` as one of the whole message."""
    return replace(report, part=WHOLE) if report.part == str(whole) else report


def _keys(receipts: Iterable[ReceivedReceipt]) -> set[tuple[str, str]]:
    """Return what receipts are looked for by: gateway and id."""
    return {(one.gateway, key) for one in receipts for key in one.report.keys}


@dataclass(frozen=True, slots=True)
class ReceivedText:
    """A text that somebody has sent and that is to be read."""

    gateway: str
    text: InboundText
    acknowledge: Callable[[int], None]


class ReceiptJournal:
    """What sessions bring beside answers, on its way into the record (`channels.sms.smpp.carrier.Journal`)."""

    def __init__(
        self,
        store: Reports,
        reports: DeliveryReports,
        metrics: Metrics,
        inbound: InboundTexts,
        *,
        whole: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`inbound` does what people ask for by SMS; `whole` is the number that stands for all parts of a text."""
        self._store = store
        self._reports = reports
        self._metrics = metrics
        self._inbound = inbound
        self._texts: deque[ReceivedText] = deque()
        self._whole = whole
        self._clock = clock
        self._parts: dict[str, list[SentPart]] = defaultdict(list)
        self._unwritten = 0
        self._received: deque[ReceivedReceipt] = deque()
        self._parked: deque[ReceivedReceipt] = deque()
        self._parked_keys: set[tuple[str, str]] = set()
        """What those are looked for by; some may be left of receipts that wait no more."""
        self._looked_at = clock()
        self._look_now = False
        self._news = asyncio.Event()

    @property
    def parked(self) -> int:
        """Receipts that wait for their id."""
        return len(self._parked)

    def sent(self, gateway: str, part: SentPart) -> None:
        if self._unwritten >= UNWRITTEN_MAX:
            self._metrics.receipts_unmatched.labels(gateway, "id_lost").inc()
            return
        self._unwritten += 1
        self._parts[gateway].append(part)
        self._news.set()

    def received(self, gateway: str, receipt: CentreReceipt, acknowledge: Callable[[int], None]) -> None:
        until = self._clock() + PARKED_S
        self._received.append(ReceivedReceipt(gateway, report_of(receipt), acknowledge, until))
        self._news.set()

    def texted(self, gateway: str, text: InboundText, acknowledge: Callable[[int], None]) -> None:
        self._metrics.receipts_unmatched.labels(gateway, "no_receipt").inc()
        self._texts.append(ReceivedText(gateway, text, acknowledge))
        self._news.set()

    async def run(self) -> None:
        """Write what comes, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(LOOK_AGAIN_S if self._parked else None):
                    await self._news.wait()
            except TimeoutError:
                self._look_now = True
            self._news.clear()
            if not await self.flush():
                await asyncio.sleep(LOOK_AGAIN_S)
                self._news.set()

    async def flush(self) -> bool:
        """Write all that is there, and look for the ids of those that wait. Returns whether the record took it."""
        try:
            await self._remember()
            await self._record_received()
            await self._take_texts()
            await self._look_again()
        except UNAVAILABLE as error:
            log.warning("record_unavailable", receipts=len(self._received), error=type(error).__name__)
            waiting = [one.acknowledge for one in self._received] + [one.acknowledge for one in self._texts]
            for acknowledge in waiting:
                acknowledge(RECEIVER_TEMPORARY)  # it comes again
            self._received.clear()
            self._texts.clear()
            return False
        return True

    async def aclose(self) -> None:
        """Write what is left. Receipts whose id is not known by now are unmatched."""
        self._look_now = True
        await self.flush()
        for one in self._parked:
            self._drop(one)
        self._parked.clear()

    async def _remember(self) -> None:
        for gateway in list(self._parts):
            parts = self._parts[gateway]
            count = len(parts)
            await self._store.remember(gateway, parts[:count])
            self._look_now |= any((gateway, one.key) in self._parked_keys for one in parts[:count])
            del parts[:count]
            self._unwritten -= count

    async def _record_received(self) -> None:
        while self._received:
            some = [self._received[n] for n in range(min(TOGETHER_MAX, len(self._received)))]
            unknown = await self._record(some)
            for one in some:
                self._received.popleft()
                one.acknowledge(OK)
            self._park(unknown)

    async def _take_texts(self) -> None:
        while self._texts:
            one = self._texts[0]
            await self._inbound.take(one.gateway, [one.text])
            self._texts.popleft()
            one.acknowledge(OK)

    def _park(self, unknown: Sequence[ReceivedReceipt]) -> None:
        self._parked.extend(unknown)
        self._parked_keys |= _keys(unknown)
        while len(self._parked) > PARKED_MAX:
            self._drop(self._parked.popleft())

    async def _look_again(self) -> None:
        """Ask for the ids of those that wait: now and then, and at once where one of them has come here. Not with each
        piece of news: whoever shares an account has another's receipts too, and thousands of them may wait.
        """
        now = self._clock()
        if not self._parked or not (self._look_now or now >= self._looked_at + LOOK_AGAIN_S):
            return
        self._look_now, self._looked_at = False, now
        waiting = list(self._parked)
        unknown = await self._record(waiting)
        for one in unknown:
            if one.until <= now:
                self._drop(one)
        self._parked = deque(one for one in unknown if one.until > now)
        self._parked_keys = _keys(self._parked)

    async def _record(self, receipts: Sequence[ReceivedReceipt]) -> list[ReceivedReceipt]:
        """Record those whose id is known, and those that never will be; returns the others."""
        by_gateway: dict[str, list[ReceivedReceipt]] = defaultdict(list)
        for one in receipts:
            by_gateway[one.gateway].append(one)
        unknown: list[ReceivedReceipt] = []
        for gateway, some in by_gateway.items():
            named = await self._store.named(gateway, [one.report for one in some])
            known = [understood(report, self._whole) for report in named if report.ref or not report.keys]
            if known:
                await self._reports.take(gateway, known)
            unknown += [
                one for one, report in zip(some, named, strict=True) if not report.ref and report.keys
            ]
        return unknown

    def _drop(self, one: ReceivedReceipt) -> None:
        """Count a receipt whose id nobody knows."""
        self._metrics.receipts_unmatched.labels(one.gateway, "unknown_id").inc()
