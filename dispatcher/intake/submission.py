"""Accept a submission: from its bytes to the committed promise."""

from __future__ import annotations

import asyncio
import hashlib
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import cap
from dispatcher.audience.estimate import NOBODY
from dispatcher.intake.decide import Decision, decide
from dispatcher.intake.effects import take_effect
from dispatcher.intake.known import related_state
from dispatcher.intake.new_alert import lane_in, new_alert
from dispatcher.intake.prepare import IntakeRules, Message, OnDoubt
from dispatcher.intake.reading import read_submission, unread_refused
from dispatcher.intake.requirements import (
    QUOTA_WINDOW,
    counts_for_quota,
    quota_exceeded,
    reference_findings,
    refusal,
    require_own_reach,
)
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.vocabulary import DISPATCHED, ENDING_REASONS, WARNING, AlertState, Reason
from dispatcher.queue.wakeups import WakeUpQueue, plan_wake_up
from dispatcher.targeting.outcome import Match, MatchProfile, home_of

if TYPE_CHECKING:
    from dispatcher.access.principals import Principal
    from dispatcher.audience.estimate import AudienceEstimate, AudienceEstimator
    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.intake.related import RelatedState
    from dispatcher.metrics import Metrics
    from dispatcher.model.alerts import AffectedMunicipality, ReadyAlert, StoredAlert
    from dispatcher.readers.readers import Readers
    from dispatcher.settings import Settings
    from dispatcher.store.alerts.alerts import Alerts, Submission

DECIDED_AT_ONCE = 2
"""How many messages of one source are decided upon at once in a process, of its connections to the record."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The promise that `alert` is committed. `repeated`: it had been before, and nothing changed now."""

    alert: StoredAlert
    affected: tuple[AffectedMunicipality, ...]
    findings: tuple[cap.Finding, ...]
    repeated: bool
    matched: Match


@dataclass(frozen=True, slots=True)
class Preview:
    """What a submission would do. `repeated`: nothing, because it was accepted before."""

    reason: Reason
    lane: str
    expires: datetime
    affected: tuple[AffectedMunicipality, ...]
    findings: tuple[cap.Finding, ...]
    estimate: AudienceEstimate
    repeated: bool
    matched: Match


@dataclass(frozen=True, slots=True)
class _ValidSubmission:
    """A message that passed everything that can be checked without the record."""

    message: Message
    rules: IntakeRules
    findings: tuple[cap.Finding, ...]
    raw: bytes
    digest: bytes


class SubmissionIntake:
    """Accepts submissions of control centres."""

    def __init__(  # noqa: PLR0913 - the composition root names each part
        self,
        *,
        settings: Settings,
        alerts: Alerts,
        estimator: AudienceEstimator,
        boundaries: Boundaries,
        wake_ups: WakeUpQueue,
        metrics: Metrics,
        readers: Readers,
    ) -> None:
        self._alerts = alerts
        self._estimator = estimator
        self._boundaries = boundaries
        self._wake_ups = wake_ups
        self._metrics = metrics
        self._readers = readers
        self._deciding: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._limits = cap.Limits(max_bytes=settings.max_body_bytes)
        self._quota = settings.quota_per_hour
        self._default_lifetime = timedelta(hours=settings.default_lifetime_hours)
        self._longest_lifetime = timedelta(hours=settings.longest_lifetime_hours)
        self._future_tolerance = timedelta(seconds=settings.future_tolerance_s)

    async def accept(self, principal: Principal, raw: bytes) -> Accepted:
        """Return only after the commit. Raises `RequestRefused`, or what `record.UNAVAILABLE` lists."""
        started = time.monotonic()
        valid = await self._read(principal, raw)
        async with self._turn(principal), self._alerts.submission(valid.message.alert.sender) as submission:
            accepted, others = await self._record(submission, valid)
        self._metrics.accept_seconds.observe(time.monotonic() - started)
        if accepted.repeated:
            self._metrics.alerts_repeated.labels(principal.id).inc()
        else:
            self._metrics.alerts_received.labels(principal.id, accepted.alert.reason).inc()
        own = accepted.alert
        if own.state is AlertState.ACCEPTED:
            others = [own.ready, *others]
        await self._wake_ups.enqueue([plan_wake_up(ready) for ready in others])
        return accepted

    async def preview(self, principal: Principal, raw: bytes) -> Preview:
        """Decide as `accept` does, without any effect. Raises like `accept`."""
        valid = await self._read(principal, raw)
        message = valid.message
        async with self._turn(principal), self._alerts.submission(message.alert.sender) as submission:
            known, decision = await self._decide(submission, valid)
            before = known.same
        repeated = decision.reason is Reason.DUPLICATE and before is not None
        estimate = NOBODY
        if decision.reason in ENDING_REASONS:
            # What is connected becomes one graph with the message.
            chains = {stored.chain_id for stored in known.connected}
            ended = [stored.id for stored in known.replaces]
            estimate = await self._estimator.of_ending(sorted(chains), ended)
        elif decision.reason in WARNING:
            estimate = await self._estimator.of(message.matched, message.places, message.target)
        return Preview(
            before.reason if repeated and before else decision.reason,
            before.lane if repeated and before else lane_in(message, known, decision, valid.rules),
            before.expires if repeated and before else decision.expires,
            message.places or known.ended_places,
            (*valid.findings, *reference_findings(message, known)),
            estimate,
            repeated=repeated,
            matched=message.matched,
        )

    def _turn(self, principal: Principal) -> asyncio.Semaphore:
        """Return what bounds how many of a source's messages are decided upon at once, or wait for it: whoever sends
        hundreds waits for itself, and not for all others who share its CAP sender or the connections to the record.
        """
        return self._deciding.setdefault(principal.id, asyncio.Semaphore(DECIDED_AT_ONCE))

    async def _read(self, principal: Principal, raw: bytes) -> _ValidSubmission:
        rules = self._rules(principal)
        with unread_refused():
            read = await self._readers.run(
                principal.id, read_submission, raw, rules, self._limits, datetime.now(UTC)
            )
        if read.message is not None:
            self._metrics.match_seconds.observe(read.match_seconds)
            for lost in read.message.matched.unmatched:
                self._metrics.unmatched.labels(lost.kind).inc()
        if read.refused is not None or read.message is None:
            raise read.refused or RequestRefused(ProblemType.INTERNAL, "Die Meldung wurde nicht gelesen.")
        message = replace(read.message, incoming=replace(read.message.incoming, original=raw))
        return _ValidSubmission(message, rules, read.findings, raw, hashlib.sha256(raw).digest())

    def _rules(self, principal: Principal) -> IntakeRules:
        """Return what the source may do, and the matching rule that it wants."""
        source = principal.source
        assert source is not None  # noqa: S101 - else the message's sender would not have been its own
        return IntakeRules(
            source.id,
            on_doubt=OnDoubt.REFUSE,
            territory=source.territory,
            senders=source.senders,
            default_lifetime=self._default_lifetime,
            longest_lifetime=self._longest_lifetime,
            default_language="",
            may_flash=source.may_flash,
            quota=self._quota if source.quota is None else source.quota,
            future_tolerance=self._future_tolerance,
            profile=MatchProfile(
                home=home_of(source.territory, self._boundaries.provenance.country),
                inset_m=source.inset_m,
                by_severity=source.by_severity,
            ),
        )

    async def _decide(self, submission: Submission, valid: _ValidSubmission) -> tuple[RelatedState, Decision]:
        """Decide in the record's present. Raises `RequestRefused` for what is in doubt."""
        message, rules = valid.message.at(submission.now, valid.rules), valid.rules
        known = await related_state(submission, rules, message, valid.digest, submission.now)
        decision = decide(message, known, rules)
        if decision.reason is Reason.HELD:
            raise refusal(decision.doubts[0], message, known)
        if decision.reason in DISPATCHED:
            await _require_own_reach(submission, rules, known)
        return known, decision

    async def _record(
        self, submission: Submission, valid: _ValidSubmission
    ) -> tuple[Accepted, list[ReadyAlert]]:
        known, decision = await self._decide(submission, valid)
        message = valid.message
        if decision.reason is Reason.DUPLICATE and known.same is not None:
            return self._accepted(known.same, valid, known, repeated=True), []
        if counts_for_quota(message, decision):
            await self._require_quota(submission, valid.rules)
        alert = new_alert(submission.now, valid.rules, message, known, decision, valid.raw)
        stored = await submission.record(alert)
        others = await take_effect(submission, message, known, stored)
        return self._accepted(stored, valid, known, repeated=False), others

    async def _require_quota(self, submission: Submission, rules: IntakeRules) -> None:
        if not rules.quota:
            return
        since = submission.now - QUOTA_WINDOW
        reached = await submission.warnings_since(rules.source_id, since, rules.quota)
        if reached is not None:
            self._metrics.quota_exceeded.labels(rules.source_id).inc()
            raise quota_exceeded(rules.quota, reached, submission.now)

    def _accepted(
        self, stored: StoredAlert, valid: _ValidSubmission, known: RelatedState, *, repeated: bool
    ) -> Accepted:
        message = valid.message
        places = message.places or known.ended_places
        findings = (*valid.findings, *(() if repeated else reference_findings(message, known)))
        return Accepted(stored, places, findings, repeated=repeated, matched=message.matched)


async def _require_own_reach(submission: Submission, rules: IntakeRules, known: RelatedState) -> None:
    """Sources may share a CAP sender: none may update or end what another one warned of beyond its own territory."""
    for stored in known.replaces:
        if stored.source_id != rules.source_id:
            require_own_reach(rules, await submission.places(stored.id))
