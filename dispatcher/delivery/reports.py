"""Decide what a gateway's delivery report means. The first final one counts; none ever causes a send."""

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
    from dispatcher.access.credentials import SharedSecret
    from dispatcher.metrics import Metrics
    from dispatcher.model.reports import ReportedDelivery
    from dispatcher.store.delivery.reports import Reports

REPORTS_ACCEPTED_FOR = timedelta(days=7)
"""How long after the warning's end reports are accepted. Networks keep a message for two days at most; a gateway that
reports later than this has lost count."""
REQUESTS_AT_ONCE = 2
"""Requests of gateways that use the record at the same time. After a mass send reports come by the thousand a second;
the process's other connections to the record are for warnings, which else wait behind them. More at once are no
quicker."""

log = structlog.get_logger()


class ReportVerdict(StrEnum):
    """What becomes of a report. Reports with the first two verdicts are recorded: they were the first final ones of
    their delivery.
    """

    DELIVERED = "delivered"
    FAILED = "failed"
    DUPLICATE = "duplicate"
    """The report says the same final state again."""
    CONTRADICTION = "contradiction"
    """The report says another final state than the one recorded, which stays."""
    PENDING = "pending"
    """The report says nothing final, whatever came before."""
    UNKNOWN = "unknown"
    """There is no delivery of ours by this gateway."""
    UNSENT = "unsent"
    """The delivery has not been handed to any gateway: nobody can know what became of it."""
    LATE = "late"
    """The report came after the time for which reports are accepted."""
    UNREADABLE = "unreadable"
    """The report has no reference of ours, or a word that means no state."""


RECORDED = frozenset({ReportVerdict.DELIVERED, ReportVerdict.FAILED})
"""The verdicts of reports that are written to the record."""
REFUSALS = (
    ProblemType.UNAUTHENTICATED,
    ProblemType.TOO_LARGE,
    ProblemType.INCOMPLETE,
    ProblemType.MALFORMED_REPORT,
)
LOGGED = frozenset(
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
    """Return what becomes of one report. `delivery` is the one that it names, by the gateway that reports."""
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
    """Assess reports one after the other: what an earlier one of the list settles holds for the later ones."""
    settled: dict[tuple[int, int], str] = {}
    outcomes = []
    for report, delivery in zip(reports, deliveries, strict=True):
        current = delivery and replace(delivery, reported=settled.get(delivery.key, delivery.reported))
        verdict = assess(report, current)
        if current and verdict in RECORDED:
            settled[current.key] = verdict
        outcomes.append(ReportOutcome(report, current, verdict))
    return outcomes


@dataclass(frozen=True, slots=True)
class ReportingGateway:
    """A gateway whose reports are accepted."""

    name: str
    secret: SharedSecret = field(repr=False)
    """The secret that its requests must show, and the one before it."""
    fields: ReportFields


class DeliveryReports:
    """Records the reports of one channel's gateways."""

    def __init__(
        self,
        channel: str,
        gateways: Mapping[str, ReportingGateway],
        store: Reports,
        metrics: Metrics,
        choose: Callable[[str], str],
    ) -> None:
        """`choose` returns the gateway for the one that a recipient names, as the channel does."""
        self.gateways = gateways
        self._channel = channel
        self._store = store
        self._metrics = metrics
        self._choose = choose
        self._slots = asyncio.Semaphore(REQUESTS_AT_ONCE)
        for name in gateways:
            metrics.know_reports(channel, name, tuple(ReportVerdict), REFUSALS)

    async def take(self, gateway: str, reports: Sequence[DeliveryReport]) -> Counter[ReportVerdict]:
        """Record what is new, and return how many reports met which verdict. What it returns is committed."""
        async with self._slots:
            return await self._take(gateway, reports)

    async def _take(self, gateway: str, reports: Sequence[DeliveryReport]) -> Counter[ReportVerdict]:
        verdicts: Counter[ReportVerdict] = Counter()
        while reports:
            outcomes = await self._assess(gateway, reports)
            finals = [
                FinalReport(*outcome.delivery.key, gateway, outcome.verdict, outcome.report.code)
                for outcome in outcomes
                if outcome.delivery and outcome.verdict in RECORDED
            ]
            contradictions = [
                outcome.delivery.key
                for outcome in outcomes
                if outcome.delivery and outcome.verdict is ReportVerdict.CONTRADICTION
            ]
            # Where another request was quicker, what it recorded is there now, and stays.
            overtaken = {final.key for final in finals} - await self._store.record(finals, contradictions)
            settled = [
                outcome
                for outcome in outcomes
                if outcome.delivery is None or outcome.delivery.key not in overtaken
            ]
            verdicts.update(outcome.verdict for outcome in settled)
            self._count(gateway, settled)
            reports = [
                outcome.report
                for outcome in outcomes
                if outcome.delivery and outcome.delivery.key in overtaken
            ]
        return verdicts

    async def _assess(self, gateway: str, reports: Sequence[DeliveryReport]) -> list[ReportOutcome]:
        deliveries = await self._store.deliveries([report.ref for report in reports])
        own = [
            delivery if delivery and self._choose(delivery.wanted) == gateway else None
            for delivery in deliveries
        ]
        return assess_all(reports, own)

    def _count(self, gateway: str, outcomes: Sequence[ReportOutcome]) -> None:
        verdicts = Counter(outcome.verdict for outcome in outcomes)
        for verdict, count in verdicts.items():
            self._metrics.delivery_reports.labels(self._channel, gateway, verdict).inc(count)
        for outcome in outcomes:
            if outcome.delivery and outcome.verdict is ReportVerdict.DELIVERED:
                seconds = (outcome.delivery.now - outcome.delivery.received_at).total_seconds()
                self._metrics.delivered_latency.labels(self._channel, outcome.delivery.lane).observe(seconds)
        if odd := {verdict.value: count for verdict, count in verdicts.items() if verdict in LOGGED}:
            log.warning("delivery_reports_not_recorded", channel=self._channel, gateway=gateway, **odd)
