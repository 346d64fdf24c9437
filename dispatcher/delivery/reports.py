"""What a gateway's delivery report means. The first final one counts; none ever causes a send."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import structlog

from channels.sms.delivery_reports import ReportState
from dispatcher.model.problems import ProblemType
from dispatcher.model.reports import FinalReport
from dispatcher.model.vocabulary import State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from channels.sms.delivery_reports import DeliveryReport, ReportFields
    from dispatcher.metrics import Metrics
    from dispatcher.model.reports import ReportedDelivery
    from dispatcher.store.delivery.reports import Reports

REPORTS_ACCEPTED_FOR = timedelta(days=7)
"""After the warning's end. Networks keep a message for two days at most; who reports later than this has lost count."""
AT_ONCE = 2
"""Requests at the record. After a mass send reports come by the thousand a second; the process's other connections to
the record are for warnings, which else wait behind them. More at once are no quicker."""

log = structlog.get_logger()


class ReportVerdict(StrEnum):
    """What becomes of a report. The first two are recorded, and were the first final ones of their delivery."""

    DELIVERED = "delivered"
    FAILED = "failed"
    DUPLICATE = "duplicate"
    """The same final state again."""
    CONTRADICTION = "contradiction"
    """Another final state than the one recorded, which stays."""
    PENDING = "pending"
    """Nothing final, whatever came before."""
    UNKNOWN = "unknown"
    """No delivery of ours by this gateway."""
    UNSENT = "unsent"
    """A delivery that has not been handed to any gateway: nobody can know what became of it."""
    LATE = "late"
    """After the time for which reports are taken."""
    UNREADABLE = "unreadable"
    """Without a reference of ours or with a word that stands for no state."""


RECORDED = frozenset({ReportVerdict.DELIVERED, ReportVerdict.FAILED})
REFUSALS = (
    ProblemType.UNAUTHENTICATED,
    ProblemType.TOO_LARGE,
    ProblemType.INCOMPLETE,
    ProblemType.MALFORMED_REPORT,
)
WORTH_A_LINE = frozenset(
    {
        ReportVerdict.CONTRADICTION,
        ReportVerdict.UNKNOWN,
        ReportVerdict.UNSENT,
        ReportVerdict.LATE,
        ReportVerdict.UNREADABLE,
    }
)


@dataclass(frozen=True, slots=True)
class ReportOutcome:
    """A report, what the record has of its delivery, and what becomes of it."""

    report: DeliveryReport
    delivery: ReportedDelivery | None
    verdict: ReportVerdict


def assess(report: DeliveryReport, delivery: ReportedDelivery | None) -> ReportVerdict:
    """What becomes of one report. `delivery` is that of the delivery it names, by the gateway that reports."""
    if report.ref is None or report.state is None:
        return ReportVerdict.UNREADABLE
    if delivery is None:
        return ReportVerdict.UNKNOWN
    if report.state is ReportState.PENDING:
        return ReportVerdict.PENDING
    if delivery.outcome == State.PENDING:  # claims are written before anything is handed over
        return ReportVerdict.UNSENT
    if delivery.reported is not None:
        return ReportVerdict.DUPLICATE if delivery.reported == report.state else ReportVerdict.CONTRADICTION
    return (
        ReportVerdict.LATE
        if delivery.now > delivery.deadline + REPORTS_ACCEPTED_FOR
        else ReportVerdict(report.state)
    )


def assess_all(
    reports: Sequence[DeliveryReport], deliveries: Sequence[ReportedDelivery | None]
) -> list[ReportOutcome]:
    """One after the other: what an earlier report of the list settles stands for the later ones."""
    settled: dict[tuple[int, int], str] = {}
    judged = []
    for report, delivery in zip(reports, deliveries, strict=True):
        now = delivery and replace(delivery, reported=settled.get(delivery.key, delivery.reported))
        verdict = assess(report, now)
        if now and verdict in RECORDED:
            settled[now.key] = verdict
        judged.append(ReportOutcome(report, now, verdict))
    return judged


@dataclass(frozen=True, slots=True)
class ReportingGateway:
    """A gateway whose reports are taken."""

    name: str
    secret: bytes = field(repr=False)
    """What it must show."""
    fields: ReportFields


class DeliveryReports:
    """Takes reports of one channel's gateways."""

    def __init__(
        self,
        channel: str,
        gateways: Mapping[str, ReportingGateway],
        store: Reports,
        metrics: Metrics,
        choose: Callable[[str], str],
    ) -> None:
        """`choose` gives the gateway of a recipient who names one, as the channel does."""
        self.gateways = gateways
        self._channel = channel
        self._store = store
        self._metrics = metrics
        self._choose = choose
        self._turns = asyncio.Semaphore(AT_ONCE)
        for name in gateways:
            metrics.know_reports(channel, name, tuple(ReportVerdict), REFUSALS)

    async def take(self, gateway: str, reports: Sequence[DeliveryReport]) -> Counter[ReportVerdict]:
        """Record what is new; how many reports met which verdict. What it returns is committed."""
        async with self._turns:
            return await self._take(gateway, reports)

    async def _take(self, gateway: str, reports: Sequence[DeliveryReport]) -> Counter[ReportVerdict]:
        verdicts: Counter[ReportVerdict] = Counter()
        while reports:
            judged = await self._judge(gateway, reports)
            finals = [
                FinalReport(*one.delivery.key, gateway, one.verdict, one.report.code)
                for one in judged
                if one.delivery and one.verdict in RECORDED
            ]
            contradictions = [
                one.delivery.key
                for one in judged
                if one.delivery and one.verdict is ReportVerdict.CONTRADICTION
            ]
            # Where another request was quicker, what it recorded is there now, and stands.
            overtaken = {final.key for final in finals} - await self._store.record(finals, contradictions)
            settled = [one for one in judged if one.delivery is None or one.delivery.key not in overtaken]
            verdicts.update(one.verdict for one in settled)
            self._count(gateway, settled)
            reports = [one.report for one in judged if one.delivery and one.delivery.key in overtaken]
        return verdicts

    async def _judge(self, gateway: str, reports: Sequence[DeliveryReport]) -> list[ReportOutcome]:
        deliveries = await self._store.deliveries([report.ref for report in reports])
        own = [one if one and self._choose(one.wanted) == gateway else None for one in deliveries]
        return assess_all(reports, own)

    def _count(self, gateway: str, judged: Sequence[ReportOutcome]) -> None:
        verdicts = Counter(one.verdict for one in judged)
        for verdict, count in verdicts.items():
            self._metrics.delivery_reports.labels(self._channel, gateway, verdict).inc(count)
        for one in judged:
            if one.delivery and one.verdict is ReportVerdict.DELIVERED:
                seconds = (one.delivery.now - one.delivery.received_at).total_seconds()
                self._metrics.delivered_latency.labels(self._channel, one.delivery.lane).observe(seconds)
        if odd := {verdict.value: count for verdict, count in verdicts.items() if verdict in WORTH_A_LINE}:
            log.warning("delivery_reports_not_recorded", channel=self._channel, gateway=gateway, **odd)
