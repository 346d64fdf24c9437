"""Decide what a gateway's delivery reports mean. What they say together does not depend on their order: a text is
delivered when all its parts are, and not where one of them failed. None ever causes a send.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import structlog

from channels.sms.delivery_reports import WHOLE, ReportState
from dispatcher.model.problems import ProblemType
from dispatcher.model.reports import (
    NO_EVIDENCE,
    PARTS_MAX,
    Evidence,
    ReportChange,
    Reported,
    beside_alerts,
)
from dispatcher.model.vocabulary import State
from dispatcher.traces.tracer import NO_TRACES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from channels.sms.delivery_reports import DeliveryReport, ReportFields
    from dispatcher.access.credentials import SharedSecret
    from dispatcher.metrics import Metrics
    from dispatcher.model.reports import ReportedDelivery
    from dispatcher.store.delivery.reports import Reports
    from dispatcher.traces.tracer import Tracer

REPORTS_ACCEPTED_FOR = timedelta(days=7)
"""How long after the warning's end reports are accepted. Networks keep a message for two days at most; a gateway that
reports later than this has lost count."""
REQUESTS_AT_ONCE = 2
"""Requests of gateways that use the record at the same time. After a mass send reports come by the thousand a second;
the process's other connections to the record are for warnings, which else wait behind them. More at once are no
quicker."""

log = structlog.get_logger()


class ReportVerdict(StrEnum):
    """What becomes of a report. Reports with the first three verdicts are recorded: each says more than was known."""

    DELIVERED = "delivered"
    """With this report the message is delivered: all of its parts are."""
    FAILED = "failed"
    """With this report the message has failed: it, or a part of it."""
    PART = "part"
    """The report is of one part, and the state of the whole does not follow from it, or was known."""
    DUPLICATE = "duplicate"
    """The report says what was known."""
    CONTRADICTION = "contradiction"
    """The report says "delivered" of what has failed, which stays."""
    PENDING = "pending"
    """The report says nothing final, whatever came before."""
    CODE = "code"
    """The report is of an SMS with a code, whatever it says: no warning depends on it, and nothing is recorded."""
    TRIAL = "trial"
    """The report is of an SMS of `dispatcher gateway test`."""
    UNKNOWN = "unknown"
    """There is no delivery of ours by this gateway."""
    UNSENT = "unsent"
    """The delivery has not been handed to any gateway: nobody can know what became of it."""
    LATE = "late"
    """The report came after the time for which reports are accepted."""
    UNREADABLE = "unreadable"
    """The report has no reference of ours, or a word that means no state."""


RECORDED = frozenset({ReportVerdict.DELIVERED, ReportVerdict.FAILED, ReportVerdict.PART})
"""The verdicts of reports that are written to the record."""
SAYS_MORE = RECORDED | {ReportVerdict.CONTRADICTION}
"""The verdicts of reports that change what is recorded of their delivery, if only by a count."""
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
    contradicts: bool = False


def evidence_of(report: DeliveryReport) -> Evidence:
    """Return what one report says: nothing where it is not final."""
    part = frozenset({report.part})
    if report.state is ReportState.DELIVERED:
        return Evidence(delivered=part, code=report.code)
    return Evidence(failed=part, code=report.code) if report.state is ReportState.FAILED else NO_EVIDENCE


def assess(report: DeliveryReport, delivery: ReportedDelivery | None) -> ReportVerdict:
    """Return what becomes of one report. `delivery` is the one that it names, by the gateway that reports."""
    if report.ref is None or report.state is None:
        return ReportVerdict.UNREADABLE
    if (purpose := beside_alerts(report.ref[0])) is not None:
        return ReportVerdict(purpose)
    if delivery is None:
        return ReportVerdict.UNKNOWN
    if report.state is ReportState.PENDING:
        return ReportVerdict.PENDING
    if delivery.outcome == State.PENDING:  # claims are written before anything is handed over
        return ReportVerdict.UNSENT
    return _final_verdict(evidence_of(report), delivery)


def _final_verdict(said: Evidence, delivery: ReportedDelivery) -> ReportVerdict:
    known, parts = delivery.evidence, delivery.parts
    merged = known.merged(said)
    before, after = known.state(parts, WHOLE), merged.state(parts, WHOLE)
    if (merged.delivered, merged.failed) == (known.delivered, known.failed) or _too_many(merged):
        return ReportVerdict.DUPLICATE
    if delivery.now > delivery.deadline + REPORTS_ACCEPTED_FOR:
        return ReportVerdict.LATE
    if after is before or after is Reported.PARTIAL or after is None:
        contrary = before is Reported.FAILED and said.contradicts(known, WHOLE)
        return ReportVerdict.CONTRADICTION if contrary else ReportVerdict.PART
    return ReportVerdict(after)


def _too_many(evidence: Evidence) -> bool:
    """Whether it names more parts than a text can have: a gateway that makes them up fills no record."""
    return len(evidence.delivered | evidence.failed) > PARTS_MAX


def assess_all(
    reports: Sequence[DeliveryReport], deliveries: Sequence[ReportedDelivery | None]
) -> list[ReportOutcome]:
    """Assess reports one after the other: what earlier ones of the list say is known to the later ones."""
    known: dict[tuple[int, int], Evidence] = {}
    outcomes = []
    for report, delivery in zip(reports, deliveries, strict=True):
        current = delivery and replace(delivery, evidence=known.get(delivery.key, delivery.evidence))
        verdict, said = assess(report, current), evidence_of(report)
        contradicts = False
        if current and verdict in SAYS_MORE:
            contradicts = said.contradicts(current.evidence, WHOLE)
            known[current.key] = current.evidence.merged(said)
        outcomes.append(ReportOutcome(report, current, verdict, contradicts))
    return outcomes


def changes(
    gateway: str, outcomes: Sequence[ReportOutcome], deliveries: Sequence[ReportedDelivery | None]
) -> list[ReportChange]:
    """Return what these reports change, one change for each delivery. `deliveries` are as they were read."""
    found: dict[tuple[int, int], ReportChange] = {}
    for outcome, delivery in zip(outcomes, deliveries, strict=True):
        if delivery is None or outcome.verdict not in SAYS_MORE:
            continue
        last = found.get(delivery.key)
        after = (last.after if last else delivery.evidence).merged(evidence_of(outcome.report))
        state = after.state(delivery.parts, WHOLE)
        if state is not None:
            contradictions = (last.contradictions if last else 0) + outcome.contradicts
            found[delivery.key] = ReportChange(
                *delivery.key,
                delivery.recipient,
                gateway,
                delivery.evidence,
                after,
                state,
                contradictions,
            )
    return list(found.values())


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
        tracer: Tracer = NO_TRACES,
    ) -> None:
        """`choose` returns the gateway that sends in place of one that is not configured any more, as the channel
        does.
        """
        self.gateways = gateways
        self._channel = channel
        self._store = store
        self._metrics = metrics
        self._choose = choose
        self._tracer = tracer
        self._slots = asyncio.Semaphore(REQUESTS_AT_ONCE)
        for name in gateways:
            metrics.know_reports(channel, name, tuple(ReportVerdict), REFUSALS)

    async def take(self, gateway: str, reports: Sequence[DeliveryReport]) -> Counter[ReportVerdict]:
        """Record what is new, and return how many reports met which verdict. What it returns is committed. Raises what
        `record.UNAVAILABLE` lists: then the same reports may be handed in again.
        """
        async with self._slots:
            return await self._take(gateway, await self._store.named(gateway, reports))

    async def _take(self, gateway: str, reports: Sequence[DeliveryReport]) -> Counter[ReportVerdict]:
        verdicts: Counter[ReportVerdict] = Counter()
        while reports:
            deliveries = await self._deliveries(gateway, reports)
            outcomes = assess_all(reports, deliveries)
            changed = changes(gateway, outcomes, deliveries)
            # Where another request was quicker, these are to be assessed again, by what it recorded.
            overtaken = {change.key for change in changed} - await self._store.record(changed)
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

    async def _deliveries(
        self, gateway: str, reports: Sequence[DeliveryReport]
    ) -> list[ReportedDelivery | None]:
        found = await self._store.deliveries([report.ref for report in reports])
        return [
            delivery if delivery and gateway in map(self._choose, delivery.gateways) else None
            for delivery in found
        ]

    def _count(self, gateway: str, outcomes: Sequence[ReportOutcome]) -> None:
        verdicts = Counter(outcome.verdict for outcome in outcomes)
        for verdict, count in verdicts.items():
            self._metrics.delivery_reports.labels(self._channel, gateway, verdict).inc(count)
        if self._tracer.is_on:
            told = [(one.report.ref, one.verdict) for one in outcomes if one.delivery and one.report.ref]
            self._tracer.reported(gateway, Counter((ref[0], verdict.value) for ref, verdict in told))
        for outcome in outcomes:
            if outcome.delivery and outcome.verdict is ReportVerdict.DELIVERED:
                seconds = (outcome.delivery.now - outcome.delivery.received_at).total_seconds()
                self._metrics.delivered_latency.labels(self._channel, outcome.delivery.lane).observe(seconds)
        if odd := {verdict.value: count for verdict, count in verdicts.items() if verdict in LOGGED}:
            log.warning("delivery_reports_not_recorded", channel=self._channel, gateway=gateway, **odd)
