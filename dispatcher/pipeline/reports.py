"""What a gateway's delivery report means. The first final one counts; none ever causes a send."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import structlog

from channels.sms_report import ReportState
from dispatcher.model import State
from dispatcher.pipeline.problem import ProblemType
from dispatcher.store.reports import Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from channels.sms_report import Report, ReportFields
    from dispatcher.metrics import Meter
    from dispatcher.store.reports import Reports, Standing

TAKEN_FOR = timedelta(days=7)
"""After the warning's end. Networks keep a message for two days at most; who reports later than this has lost count."""
AT_ONCE = 2
"""Requests at the record. After a mass send reports come by the thousand a second; the process's other connections to
the record are for warnings, which else wait behind them. More at once are no quicker."""

log = structlog.get_logger()


class Verdict(StrEnum):
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


RECORDED = frozenset({Verdict.DELIVERED, Verdict.FAILED})
REFUSALS = (
    ProblemType.UNAUTHENTICATED,
    ProblemType.TOO_LARGE,
    ProblemType.INCOMPLETE,
    ProblemType.MALFORMED_REPORT,
)
WORTH_A_LINE = frozenset(
    {Verdict.CONTRADICTION, Verdict.UNKNOWN, Verdict.UNSENT, Verdict.LATE, Verdict.UNREADABLE}
)


@dataclass(frozen=True, slots=True)
class Judged:
    """A report, what the record has of its delivery, and what becomes of it."""

    report: Report
    standing: Standing | None
    verdict: Verdict


def judge(report: Report, standing: Standing | None) -> Verdict:
    """What becomes of one report. `standing` is that of the delivery it names, by the gateway that reports."""
    if report.ref is None or report.state is None:
        return Verdict.UNREADABLE
    if standing is None:
        return Verdict.UNKNOWN
    if report.state is ReportState.PENDING:
        return Verdict.PENDING
    if standing.outcome == State.PENDING:  # claims are written before anything is handed over
        return Verdict.UNSENT
    if standing.reported is not None:
        return Verdict.DUPLICATE if standing.reported == report.state else Verdict.CONTRADICTION
    return Verdict.LATE if standing.now > standing.deadline + TAKEN_FOR else Verdict(report.state)


def judge_all(reports: Sequence[Report], standings: Sequence[Standing | None]) -> list[Judged]:
    """One after the other: what an earlier report of the list settles stands for the later ones."""
    settled: dict[tuple[int, int], str] = {}
    judged = []
    for report, standing in zip(reports, standings, strict=True):
        now = standing and replace(standing, reported=settled.get(standing.key, standing.reported))
        verdict = judge(report, now)
        if now and verdict in RECORDED:
            settled[now.key] = verdict
        judged.append(Judged(report, now, verdict))
    return judged


@dataclass(frozen=True, slots=True)
class ReportingGateway:
    """A gateway whose reports are taken."""

    name: str
    secret: bytes = field(repr=False)
    """What it must show."""
    fields: ReportFields


class ReportDesk:
    """Takes reports of one channel's gateways."""

    def __init__(
        self,
        channel: str,
        gateways: Mapping[str, ReportingGateway],
        store: Reports,
        meter: Meter,
        choose: Callable[[str], str],
    ) -> None:
        """`choose` gives the gateway of a recipient who names one, as the channel does."""
        self.gateways = gateways
        self._channel = channel
        self._store = store
        self._meter = meter
        self._choose = choose
        self._turns = asyncio.Semaphore(AT_ONCE)
        for name in gateways:
            meter.know_reports(channel, name, tuple(Verdict), REFUSALS)

    async def take(self, gateway: str, reports: Sequence[Report]) -> Counter[Verdict]:
        """Record what is new; how many reports met which verdict. What it returns is committed."""
        async with self._turns:
            return await self._take(gateway, reports)

    async def _take(self, gateway: str, reports: Sequence[Report]) -> Counter[Verdict]:
        verdicts: Counter[Verdict] = Counter()
        while reports:
            judged = await self._judge(gateway, reports)
            finals = [
                Final(*one.standing.key, gateway, one.verdict, one.report.code)
                for one in judged
                if one.standing and one.verdict in RECORDED
            ]
            contradictions = [
                one.standing.key for one in judged if one.standing and one.verdict is Verdict.CONTRADICTION
            ]
            # Where another request was quicker, what it recorded is there now, and stands.
            overtaken = {final.key for final in finals} - await self._store.record(finals, contradictions)
            settled = [one for one in judged if one.standing is None or one.standing.key not in overtaken]
            verdicts.update(one.verdict for one in settled)
            self._count(gateway, settled)
            reports = [one.report for one in judged if one.standing and one.standing.key in overtaken]
        return verdicts

    async def _judge(self, gateway: str, reports: Sequence[Report]) -> list[Judged]:
        standings = await self._store.standings([report.ref for report in reports])
        own = [one if one and self._choose(one.wanted) == gateway else None for one in standings]
        return judge_all(reports, own)

    def _count(self, gateway: str, judged: Sequence[Judged]) -> None:
        verdicts = Counter(one.verdict for one in judged)
        for verdict, count in verdicts.items():
            self._meter.delivery_reports.labels(self._channel, gateway, verdict).inc(count)
        for one in judged:
            if one.standing and one.verdict is Verdict.DELIVERED:
                seconds = (one.standing.now - one.standing.received_at).total_seconds()
                self._meter.delivered_latency.labels(self._channel, one.standing.lane).observe(seconds)
        if odd := {verdict.value: count for verdict, count in verdicts.items() if verdict in WORTH_A_LINE}:
            log.warning("delivery_reports_not_recorded", channel=self._channel, gateway=gateway, **odd)
