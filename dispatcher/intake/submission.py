"""Accept a submission: from its bytes to the committed promise."""

from __future__ import annotations

import asyncio
import hashlib
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakValueDictionary
from zoneinfo import ZoneInfo

import cap
from dispatcher.audience.estimate import NOBODY, UNCOUNTED
from dispatcher.intake.decide import Decision, decide
from dispatcher.intake.effects import NONE_BEHIND, Behind, EffectOf, behind, take_effect, withdrawn
from dispatcher.intake.four_eyes.asking import COUNTED_S, approval_ahead, with_doubt
from dispatcher.intake.known import left_places, related_state
from dispatcher.intake.new_alert import lane_in, new_alert
from dispatcher.intake.prepare import IntakeRules, Message, OnDoubt
from dispatcher.intake.reading import read_submission, unread_refused
from dispatcher.intake.requirements import (
    QUOTA_WINDOW,
    behind_findings,
    counts_for_quota,
    quota_exceeded,
    reference_findings,
    refusal,
    require_own_reach,
)
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.model.status import DeedKind
from dispatcher.model.templates.version import stated_version
from dispatcher.model.vocabulary import (
    DISPATCHED,
    ENDS,
    OPEN_DRILL,
    SENT,
    WARNING,
    AlertState,
    Doubt,
    Environment,
    Reason,
)
from dispatcher.queue.wakeups import WakeUpQueue, plan_wake_up
from dispatcher.store import audit
from dispatcher.targeting.outcome import Match, MatchProfile, home_of

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from dispatcher.access.principals import Principal
    from dispatcher.audience.estimate import AudienceEstimate, AudienceEstimator
    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.intake.four_eyes.asking import ApprovalAhead, ApprovalAsking, PolicyAnswer
    from dispatcher.intake.preview.sms import SmsPreview
    from dispatcher.intake.related import RelatedState
    from dispatcher.metrics import Metrics
    from dispatcher.model.alerts import AffectedMunicipality, NewAlert, ReadyAlert, StoredAlert
    from dispatcher.model.sms import Quote
    from dispatcher.model.status import CountedAlert, Over
    from dispatcher.readers.readers import Readers
    from dispatcher.settings import Settings
    from dispatcher.store.alerts.alerts import Alerts, Submission
    from dispatcher.store.delivery.status import AlertStatuses

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
    over: Over | None = None
    """Why it is no longer in force, where something has ended it since."""
    merged_into: CountedAlert | None = None
    """The equal warning of which people are notified in place of this one."""
    behind: Behind = NONE_BEHIND
    """What becomes of equal warnings that were merged into what it replaces or ends."""
    withdrawn: tuple[StoredAlert, ...] = ()
    """What waited for a person until then, had reached nobody, and is sent no more because of this message."""

    @property
    def sent_to_people(self) -> bool:
        """Whether people are notified of this very message."""
        return self.alert.reason in DISPATCHED


@dataclass(frozen=True, slots=True)
class EndAudience:
    """How many are alarmed by what a message ends, and what goes on to warn some of them, who hear of no end yet."""

    alarmed: int
    still_warned_by: tuple[StoredAlert, ...]


@dataclass(frozen=True, slots=True)
class Dropped:
    """Places that an Update leaves, and who is told there that the warning holds for them no longer."""

    places: tuple[AffectedMunicipality, ...]
    estimate: AudienceEstimate


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
    over: Over | None = None
    accepted_as: CountedAlert | None = None
    """With `repeated`: the alert that it was accepted as."""
    merged_into: CountedAlert | None = None
    quota_reached: bool = False
    """Whether it would be refused just now, because its source has submitted as many warnings as it may."""
    behind: Behind = NONE_BEHIND
    told: EndAudience | None = None
    """Of an end: who is alarmed by what it ends."""
    dropped: Dropped | None = None
    """Of an Update: who is told that they are no longer concerned."""
    sms: Quote | None = None
    """What its SMS would cost, and how long they would take; of what waits, if it was approved now."""
    approval: ApprovalAhead | None = None
    """Where it would wait for a second person: because of what, and who that may be. All else is said as of what is
    sent.
    """
    ends: tuple[StoredAlert, ...] = ()
    """What holds now and would be replaced or ended by it."""
    withdrawn: tuple[StoredAlert, ...] = ()
    """What waits for a person, has reached nobody, and would be sent no more."""

    @property
    def sent_to_people(self) -> bool:
        """Whether people are, or would be now, notified of this very message."""
        return self.reason in DISPATCHED and not self.quota_reached


@dataclass(frozen=True, slots=True)
class _ValidSubmission:
    """A message that passed everything that can be checked without the record."""

    message: Message
    rules: IntakeRules
    findings: tuple[cap.Finding, ...]
    raw: bytes
    digest: bytes


class _Audience(NamedTuple):
    """Whom a message would reach, who is alarmed by what it ends, and who is told that they are left."""

    estimate: AudienceEstimate
    told: EndAudience | None
    dropped: Dropped | None


async def _in_time(
    counting: Awaitable[_Audience], left: tuple[AffectedMunicipality, ...] | None
) -> _Audience:
    """Return who was counted; nobody where that takes too long: of millions all else must not wait for it, nor fail by
    it. `left` are places that an Update leaves.
    """
    try:
        async with asyncio.timeout(COUNTED_S):
            return await counting
    except TimeoutError:
        return _uncounted(left)


def _uncounted(left: tuple[AffectedMunicipality, ...] | None) -> _Audience:
    return _Audience(UNCOUNTED, None, None if left is None else Dropped(left, UNCOUNTED))


class SubmissionIntake:
    """Accepts submissions of control centres."""

    def __init__(  # noqa: PLR0913 - the composition root names each part
        self,
        *,
        settings: Settings,
        alerts: Alerts,
        statuses: AlertStatuses,
        estimator: AudienceEstimator,
        boundaries: Boundaries,
        wake_ups: WakeUpQueue,
        metrics: Metrics,
        readers: Readers,
        sms: SmsPreview | None = None,
        asking: ApprovalAsking | None = None,
    ) -> None:
        """`sms` is given where there are SMS gateways; `asking` where a policy may ask for a second person."""
        self._sms = sms
        self._asking = asking
        self._alerts = alerts
        self._statuses = statuses
        self._estimator = estimator
        self._boundaries = boundaries
        self._wake_ups = wake_ups
        self._metrics = metrics
        self._readers = readers
        self._deciding: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._zone = ZoneInfo(settings.time_zone)
        self._limits = cap.Limits(max_bytes=settings.max_body_bytes)
        self._quota = settings.quota_per_hour
        self._default_lifetime = timedelta(hours=settings.default_lifetime_hours)
        self._longest_lifetime = timedelta(hours=settings.longest_lifetime_hours)
        self._future_tolerance = timedelta(seconds=settings.future_tolerance_s)

    async def accept(self, principal: Principal, raw: bytes, *, corrects: EffectOf | None = None) -> Accepted:
        """Return only after the commit. Raises `RequestRefused`, or what `record.UNAVAILABLE` lists. `corrects`: it is
        the correction of a warning that was wrong, by whom, and what was wrong with it.
        """
        started = time.monotonic()
        valid, asked = await self._asked(await self._read(principal, raw))
        if corrects is not None:
            valid = replace(valid, rules=replace(valid.rules, corrects=True))
        async with self._turn(principal), self._alerts.submission(valid.message.alert.sender) as submission:
            by = corrects or EffectOf(principal.actor)
            accepted, others = await self._record(submission, valid, by)
            if self._asking is not None and not accepted.repeated:
                await self._asking.request(submission, valid.message, accepted.alert, asked, principal.author)
            if corrects is not None:
                await audit.note(submission.connection, corrects.actor, DeedKind.CORRECTED, accepted.alert.id)
            if not accepted.repeated and (stated := stated_version(valid.message.alert.codes)):
                template, version = stated
                named = {"template": template, "version": version}
                await audit.note(
                    submission.connection, principal.actor, "alert.template", accepted.alert.id, **named
                )
        if principal.environment is Environment.LIVE:  # the objective is of warnings
            self._metrics.accept_seconds.observe(time.monotonic() - started)
        if accepted.repeated:
            self._metrics.alerts_repeated.labels(principal.submits_as).inc()
        else:
            self._metrics.alerts_received.labels(principal.submits_as, accepted.alert.reason).inc()
        own = accepted.alert
        if own.state is AlertState.ACCEPTED:
            others = [own.ready, *others]
        await self._wake_ups.enqueue([plan_wake_up(ready) for ready in others])
        return await self._as_it_stands(accepted)

    async def _as_it_stands(self, accepted: Accepted) -> Accepted:
        """Return what was accepted with what has become of it since, and what is sent in its place."""
        return replace(
            accepted,
            over=await self._statuses.over(accepted.alert) if accepted.repeated else None,
            merged_into=await self._statuses.merged_into(accepted.alert),
        )

    async def preview(self, principal: Principal, raw: bytes) -> Preview:
        """Decide as `accept` does, without any effect. Raises like `accept`."""
        valid, asked = await self._asked(await self._read(principal, raw))
        message = valid.message
        async with self._turn(principal), self._alerts.submission(message.alert.sender) as submission:
            known, decision = await self._decide(submission, valid)
            quota_reached = await self._is_quota_reached(submission, valid, decision)
            as_recorded = new_alert(submission.now, valid.rules, message, known, decision, valid.raw)
            others = await behind(submission, message, known, as_recorded)
            left = await _left_places(submission, message, known, decision)
            approval = approval_ahead(asked, decision, submission.now, principal.author)
        repeated = decision.reason is Reason.DUPLICATE
        before = known.same if repeated else None
        counting = self._audience(message, known, decision, as_recorded.severity, left)
        audience, sms = await _in_time(counting, left), None
        if _would_send(decision) and audience.estimate.is_counted:
            try:
                async with asyncio.timeout(COUNTED_S):
                    sms = await self._quote(message, known, as_recorded, audience.estimate)
            except TimeoutError:  # it counts as many: without it nothing says that their SMS cost nothing
                audience = _uncounted(left)
        return Preview(
            before.reason if before else decision.reason,
            before.lane if before else lane_in(message, known, decision, valid.rules),
            before.expires if before else decision.expires,
            message.places or known.ended_places,
            (
                *valid.findings,
                *reference_findings(message, known),
                *behind_findings(others.sent, others.elsewhere, valid.rules),
            ),
            audience.estimate,
            repeated=before is not None,
            matched=message.matched,
            over=await self._statuses.over(before) if before else None,
            accepted_as=await self._statuses.counted(before) if before else None,
            merged_into=await self._stands_in(before, decision),
            quota_reached=quota_reached,
            behind=others,
            told=audience.told,
            dropped=audience.dropped,
            sms=sms,
            approval=approval,
            ends=() if repeated else tuple(known.standing),
            withdrawn=() if repeated else withdrawn(known, as_recorded),
        )

    async def _audience(
        self,
        message: Message,
        known: RelatedState,
        decision: Decision,
        severity: str,
        left: tuple[AffectedMunicipality, ...] | None,
    ) -> _Audience:
        estimate, told = NOBODY, None
        if decision.reason in ENDS:
            estimate = await self._estimator.of_ending(*known.replaced_alerts)
            told = await self._told(known)
        elif decision.reason in WARNING | OPEN_DRILL or decision.waits_for_approval:
            estimate = await self._estimator.of(
                message.matched,
                message.places,
                message.target,
                severity,
                drill=decision.reason in OPEN_DRILL,
            )
        return _Audience(estimate, told, await self._dropped(message, known, left))

    async def _quote(
        self, message: Message, known: RelatedState, recorded: NewAlert, estimate: AudienceEstimate
    ) -> Quote | None:
        if self._sms is None:
            return None
        reach = estimate.shown_by_channel()
        return await self._sms.quote(message, recorded, reach, updates=bool(known.standing))

    async def _told(self, known: RelatedState) -> EndAudience:
        alarmed, ids = await self._estimator.still_warned(*known.replaced_alerts)
        found = [await self._alerts.get(alert_id) for alert_id in ids]
        return EndAudience(alarmed, tuple(one for one in found if one is not None))

    async def _dropped(
        self, message: Message, known: RelatedState, left: tuple[AffectedMunicipality, ...] | None
    ) -> Dropped | None:
        if left is None:
            return None
        counting = self._estimator.of_dropped(known.replaced_alerts, message.places, message.target, left)
        return Dropped(left, await counting)

    async def _stands_in(self, before: StoredAlert | None, decision: Decision) -> CountedAlert | None:
        """Return the equal warning of which people are notified in place of the message, if one does."""
        if before is not None:
            return await self._statuses.merged_into(before)
        if decision.reason is not Reason.MERGED or decision.covered_by is None:
            return None
        return await self._statuses.stands_in(decision.covered_by)

    async def _asked(self, valid: _ValidSubmission) -> tuple[_ValidSubmission, PolicyAnswer | None]:
        """Return the message with the doubt that the policy of approval raises, if it does, and what it says. An
        exercise waits for nobody: it alarms only who has chosen to take part.
        """
        if self._asking is None or valid.message.environment is Environment.EXERCISE:
            return valid, None

        async def dropped() -> int:
            return await self._count_dropped(valid)

        asked = await self._asking.ask(valid.message, valid.rules.source_id, dropped)
        return replace(valid, message=with_doubt(valid.message, asked)), asked

    async def _count_dropped(self, valid: _ValidSubmission) -> int:
        """Count whom an Update tells that they are no longer concerned. Raises like `accept`."""
        message = valid.message
        async with self._alerts.submission(message.alert.sender) as submission:
            known, decision = await self._decide(submission, valid)
            left = await _left_places(submission, message, known, decision)
        dropped = await self._dropped(message, known, left)
        return 0 if dropped is None else sum(dropped.estimate.reach.by_channel.values())

    def _turn(self, principal: Principal) -> asyncio.Semaphore:
        """Return what bounds how many of a source's messages are decided upon at once, or wait for it: whoever sends
        hundreds waits for itself, and not for all others who share its CAP sender or the connections to the record.
        """
        return self._deciding.setdefault(_client(principal), asyncio.Semaphore(DECIDED_AT_ONCE))

    async def _read(self, principal: Principal, raw: bytes) -> _ValidSubmission:
        rules = self._rules(principal)
        with unread_refused():
            read = await self._readers.run(
                _client(principal), read_submission, raw, rules, self._limits, datetime.now(UTC)
            )
        if read.message is not None:
            self._metrics.match_seconds.observe(read.match_seconds)
            for lost in read.message.matched.unmatched:
                self._metrics.unmatched.labels(lost.kind).inc()
        if read.refused is not None or read.message is None:
            raise read.refused or RequestRefused(ProblemType.INTERNAL, said(Phrase.INTERNAL))
        message = replace(read.message, incoming=replace(read.message.incoming, original=raw))
        return _ValidSubmission(message, rules, read.findings, raw, hashlib.sha256(raw).digest())

    def _rules(self, principal: Principal) -> IntakeRules:
        """Return what the source may do, and the matching rule that it wants."""
        source = principal.source
        assert source is not None  # noqa: S101 - else the message's sender would not have been its own
        return IntakeRules(
            source.id,
            environment=principal.environment,
            on_doubt=OnDoubt.REFUSE,
            territory=source.territory,
            is_bounded=principal.is_bounded,
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
        if decision.reason is Reason.HELD and not decision.waits_for_approval:
            mends = next(doubt for doubt in decision.doubts if doubt is not Doubt.APPROVAL)
            raise refusal(mends, message, known, self._zone)
        await _require_own_reach(submission, rules, known, decision)
        return known, decision

    async def _record(
        self, submission: Submission, valid: _ValidSubmission, by: EffectOf
    ) -> tuple[Accepted, list[ReadyAlert]]:
        known, decision = await self._decide(submission, valid)
        message = valid.message
        if decision.reason is Reason.DUPLICATE and known.same is not None:
            await submission.confirm()
            return self._accepted(known.same, valid, known, None), []
        if counts_for_quota(message, decision):
            await self._require_quota(submission, valid.rules)
        alert = new_alert(submission.now, valid.rules, message, known, decision, valid.raw)
        stored = await submission.record(alert, by.actor)
        others, merged = await take_effect(submission, message, known, stored, by)
        accepted = self._accepted(stored, valid, known, merged)
        return replace(accepted, withdrawn=withdrawn(known, stored)), others

    async def _is_quota_reached(
        self, submission: Submission, valid: _ValidSubmission, decision: Decision
    ) -> bool:
        if decision.reason is Reason.DUPLICATE or not counts_for_quota(valid.message, decision):
            return False
        return await _quota_reached(submission, valid.rules) is not None

    async def _require_quota(self, submission: Submission, rules: IntakeRules) -> None:
        if rules.quota:
            await submission.lock_quota(rules.source_id)
        reached = await _quota_reached(submission, rules)
        if reached is not None:
            if rules.environment is Environment.LIVE:
                self._metrics.quota_exceeded.labels(rules.source_id).inc()
            raise quota_exceeded(rules.quota, reached, submission.now)

    def _accepted(
        self, stored: StoredAlert, valid: _ValidSubmission, known: RelatedState, merged: Behind | None
    ) -> Accepted:
        """Return the promise; `merged`: what becomes of what was merged, None where it had been accepted before."""
        message = valid.message
        places = message.places or known.ended_places
        findings, repeated = valid.findings, merged is None
        if merged is not None:
            findings = (
                *findings,
                *reference_findings(message, known),
                *behind_findings(merged.sent, merged.elsewhere, valid.rules),
            )
        others = merged or NONE_BEHIND
        return Accepted(stored, places, findings, repeated=repeated, matched=message.matched, behind=others)


def _client(principal: Principal) -> str:
    """Return under which name messages wait for their turn: a source's exercises never stand in its warnings' way."""
    return f"{principal.environment}:{principal.submits_as}"


def _would_send(decision: Decision) -> bool:
    """Whether people would get the message, at once or when a second person has approved it."""
    return decision.reason in SENT or decision.waits_for_approval


async def _left_places(
    submission: Submission, message: Message, known: RelatedState, decision: Decision
) -> tuple[AffectedMunicipality, ...] | None:
    """Return the municipalities of what holds that an Update leaves; None where it changes nothing that holds."""
    if not (decision.reason in WARNING or decision.waits_for_approval) or not known.standing:
        return None
    return await left_places(submission, message, known)


async def _quota_reached(submission: Submission, rules: IntakeRules) -> datetime | None:
    """Return when the warning came whose place in the source's quota is free next, if none is free now."""
    if not rules.quota:
        return None
    since = submission.now - QUOTA_WINDOW
    return await submission.warnings_since(rules.source_id, since, rules.quota, rules.environment)


async def _require_own_reach(
    submission: Submission, rules: IntakeRules, known: RelatedState, decision: Decision
) -> None:
    """Sources may share a CAP sender: none may update or end what another one warned of beyond its own territory. Nor
    may a person whose role has a territory what the own source warned of beyond that, told or still held.
    """
    if decision.reason is Reason.DUPLICATE:
        return
    waits = {stored.id for stored in known.waiting}
    concerned = {stored.id: stored for stored in (*known.replaces, *known.waiting)}
    for stored in concerned.values():
        acts = decision.reason in SENT or stored.id in waits
        if rules.is_bounded or (acts and stored.source_id != rules.source_id):
            require_own_reach(rules, await submission.places(stored.id))
