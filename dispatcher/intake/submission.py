"""Accept a submission: from its bytes to the committed promise."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import cap
from cap.severity import highest_severity
from dispatcher.intake.decide import (
    ACTS_ON_OTHERS,
    Decision,
    decide,
    effective_expiry,
    is_ending,
    referenced_of,
)
from dispatcher.intake.duplicates import find_duplicate, promote_suppressed_duplicate
from dispatcher.intake.lane import lane_of
from dispatcher.intake.requirements import (
    as_error,
    require_one_text,
    require_own_reach,
    require_target,
    target_findings,
)
from dispatcher.intake.similarity import beginning
from dispatcher.model.alerts import AffectedMunicipality, NewAlert, StoredAlert, new_alert_id
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.vocabulary import DISPATCHED, FEED_PREFIX, AlertState, Reason
from dispatcher.queue.wakeups import WakeUpQueue, plan_wake_up
from dispatcher.store.alerts.related_alerts import RelatedAlerts
from dispatcher.targeting.match import DEFAULT_MATCHING_RULE, match
from dispatcher.targeting.outcome import COUNTRY_BOXES, Match, MatchProfile
from dispatcher.targeting.target import target_of

if TYPE_CHECKING:
    from datetime import datetime

    from dispatcher.access.principals import Principal
    from dispatcher.audience.estimate import AudienceEstimate, AudienceEstimator
    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.metrics import Metrics
    from dispatcher.settings import Settings
    from dispatcher.store.alerts.alerts import Alerts, Submission
    from dispatcher.targeting.rule import MatchingRule


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

    alert: cap.Alert
    findings: tuple[cap.Finding, ...]
    affected: tuple[AffectedMunicipality, ...]
    matched: Match
    target: bytes


@dataclass(frozen=True, slots=True)
class _PendingRecord:
    """An alert that is to be recorded. `replaces_copy`: a feed delivered the same message before."""

    new: NewAlert
    decision: Decision
    replaces_copy: bool


class SubmissionIntake:
    """Accepts submissions of control centres."""

    def __init__(
        self,
        *,
        settings: Settings,
        alerts: Alerts,
        estimator: AudienceEstimator,
        boundaries: Boundaries,
        wake_ups: WakeUpQueue,
        metrics: Metrics,
    ) -> None:
        self._alerts = alerts
        self._estimator = estimator
        self._boundaries = boundaries
        self._wake_ups = wake_ups
        self._metrics = metrics
        self._profile = MatchProfile(home=COUNTRY_BOXES.get(boundaries.provenance.country))
        self._limits = cap.Limits(max_bytes=settings.max_body_bytes)
        self._default_lifetime = timedelta(hours=settings.default_lifetime_hours)
        self._future_tolerance = timedelta(seconds=settings.future_tolerance_s)

    async def accept(self, principal: Principal, raw: bytes) -> Accepted:
        """Return only after the commit. Raises `RequestRefused`, or what `record.UNAVAILABLE` lists."""
        started = time.monotonic()
        valid = await asyncio.to_thread(self._read, principal, raw)
        async with self._alerts.submission(valid.alert.sender) as submission:
            accepted = await self._record(submission, principal, raw, valid)
        self._metrics.accept_seconds.observe(time.monotonic() - started)
        if accepted.repeated:
            self._metrics.alerts_repeated.labels(principal.id).inc()
        else:
            self._metrics.alerts_received.labels(principal.id, accepted.alert.reason).inc()
        if accepted.alert.state is AlertState.ACCEPTED:
            await self._wake_ups.enqueue([plan_wake_up(accepted.alert.id, accepted.alert.lane)])
        return accepted

    async def preview(self, principal: Principal, raw: bytes) -> Preview:
        """Decide as `accept` does, without any effect. Raises like `accept`."""
        valid = await asyncio.to_thread(self._read, principal, raw)
        async with self._alerts.submission(valid.alert.sender) as submission:
            before = await self._accepted_before(submission, principal, raw, valid)
            new = (
                before.alert
                if before
                else (await self._pending_record(submission, principal, raw, valid)).new
            )
        return Preview(
            new.reason,
            new.lane,
            new.expires,
            valid.affected,
            valid.findings,
            await self._estimator.of(valid.matched, valid.affected, valid.target),
            repeated=before is not None,
            matched=valid.matched,
        )

    def _read(self, principal: Principal, raw: bytes) -> _ValidSubmission:
        alert = self._parse(raw)
        findings = cap.check(alert, cap.STRICT)
        if not cap.is_valid(findings):
            raise RequestRefused(
                ProblemType.INVALID_CAP,
                "Die Meldung verletzt Regeln des CAP-Standards; alle Stellen sind aufgeführt.",
                errors=tuple(as_error(finding) for finding in findings),
            )
        if not principal.may_send_as(alert.sender):
            raise RequestRefused(
                ProblemType.SENDER_NOT_ALLOWED,
                f"Dieser Zugang darf nicht als Absender {alert.sender} melden.",
                extra={"sender": alert.sender},
            )
        require_one_text(alert)
        return self._matched(principal, alert, findings)

    def _parse(self, raw: bytes) -> cap.Alert:
        try:
            document = cap.parse(raw, self._limits)
        except cap.TooLarge as error:
            raise RequestRefused(
                ProblemType.TOO_LARGE, f"Die Meldung ist zu groß: {error.message_de}"
            ) from error
        except cap.CapError as error:
            raise RequestRefused(
                ProblemType.MALFORMED,
                f"Die Meldung ist nicht lesbar: {error.message_de}",
                errors=(
                    {
                        "code": error.code,
                        "line": error.line,
                        "message": str(error),
                        "message_de": error.message_de,
                    },
                ),
            ) from error
        if document.kind != "alert" or len(document.alerts) != 1:
            raise RequestRefused(
                ProblemType.NOT_ONE_ALERT,
                f"Eine Einreichung enthält genau eine Meldung, diese {len(document.alerts)}.",
            )
        return document.alerts[0]

    def _matched(
        self, principal: Principal, alert: cap.Alert, findings: tuple[cap.Finding, ...]
    ) -> _ValidSubmission:
        """Match the municipalities; for an ending they are information only, as it goes to those who were notified."""
        areas = [area for info in alert.infos for area in info.areas]
        with self._metrics.match_seconds.time():
            rule = _rule_of(principal, alert)
            matched = match(areas, self._boundaries, rule=rule, profile=self._profile)
        for lost in matched.unmatched:
            self._metrics.unmatched.labels(lost.kind).inc()
        if not is_ending(alert):
            require_target(principal, areas, matched)
        affected = tuple(
            AffectedMunicipality(place.ags, place.name, str(place.reason), place.share)
            for place in matched.affected
        )
        target = target_of(matched, self._boundaries, {place.ags for place in affected})
        about_target = target_findings(matched) if areas else ()
        return _ValidSubmission(alert, (*findings, *about_target), affected, matched, target)

    async def _decide(
        self, submission: Submission, principal: Principal, valid: _ValidSubmission
    ) -> tuple[Decision, datetime]:
        alert, now = valid.alert, submission.now
        if alert.sent is not None and alert.sent > now + self._future_tolerance:
            raise RequestRefused(
                ProblemType.SENT_IN_FUTURE,
                f"<sent> liegt in der Zukunft: {alert.sent.isoformat()}, hier ist es {now.isoformat()}.",
            )
        known = await submission.referenced([reference.identifier for reference in alert.references])
        referenced = referenced_of(alert, known)
        chains = dict.fromkeys(stored.chain_id for stored in referenced)
        chain = [stored for chain_id in chains for stored in await submission.chain(chain_id)]
        expires = effective_expiry(alert, chain, now, self._default_lifetime)
        decision = decide(
            alert,
            referenced=referenced,
            chain=sorted(chain, key=lambda stored: stored.received_at),
            expires=expires,
            now=now,
        )
        if decision.reason in DISPATCHED:
            await _require_own_reach(submission, principal, decision.chains, chain)
        if decision.reason is Reason.FIRST_NOTICE and (
            duplicate_of := await find_duplicate(submission, alert, valid.affected, valid.target, expires)
        ):
            decision = Decision(Reason.MERGED, merged_into=duplicate_of)
        return decision, expires

    async def _accepted_before(
        self, submission: Submission, principal: Principal, raw: bytes, valid: _ValidSubmission
    ) -> Accepted | None:
        """Return the answer that the same message got before. Raises `RequestRefused` for other content under its
        identity.
        """
        before = await self._same_identity(submission, valid)
        if before is None or _is_copy(before, principal):
            return None
        return _repeat(before, principal, hashlib.sha256(raw).digest(), valid)

    async def _same_identity(self, submission: Submission, valid: _ValidSubmission) -> StoredAlert | None:
        assert valid.alert.sent is not None  # noqa: S101 - the strict policy refuses a message without it
        return await submission.same_identity(valid.alert.sender, valid.alert.identifier, valid.alert.sent)

    async def _pending_record(
        self, submission: Submission, principal: Principal, raw: bytes, valid: _ValidSubmission
    ) -> _PendingRecord:
        decision, expires = await self._decide(submission, principal, valid)
        new = _new_alert(submission, principal, raw, valid, decision, expires)
        if not valid.alert.infos and decision.chains:
            new = await self._with_headline_of_chain(submission, new)
        copy = await self._same_identity(submission, valid)
        if copy is not None:
            new, decision = await self._replacing_copy(submission, copy, new, decision)
        return _PendingRecord(new, decision, replaces_copy=copy is not None)

    async def _record(
        self, submission: Submission, principal: Principal, raw: bytes, valid: _ValidSubmission
    ) -> Accepted:
        if before := await self._accepted_before(submission, principal, raw, valid):
            return before
        pending = await self._pending_record(submission, principal, raw, valid)
        new, decision = pending.new, pending.decision
        if decision.reason in DISPATCHED and len(decision.chains) > 1:
            await submission.merge_chains(new.chain_id, decision.chains[1:])
        await submission.record(new)
        acts = valid.alert.msg_type in ACTS_ON_OTHERS or pending.replaces_copy
        if decision.reason in DISPATCHED and acts:
            await submission.stop(new.chain_id, new.id)
            await promote_suppressed_duplicate(submission, new)
        if pending.replaces_copy:
            await RelatedAlerts(submission).supersede_held(new.chain_id, new.id)
        stored = await self._same_identity(submission, valid)
        assert stored is not None  # noqa: S101 - just written in this transaction
        return Accepted(stored, valid.affected, valid.findings, repeated=False, matched=valid.matched)

    async def _with_headline_of_chain(self, submission: Submission, new: NewAlert) -> NewAlert:
        """Add what a Cancel without an info lacks: people are notified of it under the headline of what it ends."""
        notified = [stored for stored in await submission.chain(new.chain_id) if stored.headline]
        if not notified:
            return new
        last = notified[-1]
        return replace(new, event=last.event, headline=last.headline, severity=last.severity)

    async def _replacing_copy(
        self, submission: Submission, before: StoredAlert, new: NewAlert, decision: Decision
    ) -> tuple[NewAlert, Decision]:
        """Decide about the original of a message that a feed delivered before. People who were notified of the copy are
        not notified twice; those who were not, because the copy named fewer places, are notified now.
        """
        reason = decision.reason
        if reason in DISPATCHED and before.reason in DISPATCHED:
            notified = {place.ags for place in await submission.places(before.id)}
            reason = Reason.DUPLICATE if {place.ags for place in new.affected} <= notified else Reason.UPDATE
        chains = tuple(dict.fromkeys([before.chain_id, *decision.chains]))
        original = replace(new, reason=reason, chain_id=chains[0], revision=before.revision + 1)
        return original, Decision(reason, chains)


def _rule_of(principal: Principal, alert: cap.Alert) -> MatchingRule:
    """Return the matching rule that the source wants for a message of this gravity."""
    source = principal.source
    assert source is not None  # noqa: S101 - else the message's sender would not have been its own
    return DEFAULT_MATCHING_RULE.asked(
        source.inset_m, highest_severity(alert) if source.by_severity else None
    )


async def _require_own_reach(
    submission: Submission, principal: Principal, chains: tuple[str, ...], known: list[StoredAlert]
) -> None:
    """Sources may share a CAP sender: none may update or end what another one warned of beyond its own territory."""
    for stored in known:
        if stored.chain_id in chains and stored.reason in DISPATCHED and not principal.owns(stored.source_id):
            require_own_reach(principal, await submission.places(stored.id))


def _is_copy(before: StoredAlert, principal: Principal) -> bool:
    return before.source_id.startswith(FEED_PREFIX) and not principal.owns(before.source_id)


def _repeat(before: StoredAlert, principal: Principal, digest: bytes, valid: _ValidSubmission) -> Accepted:
    if before.sha256 != digest or not principal.owns(before.source_id):
        raise RequestRefused(
            ProblemType.IDENTITY_REUSED,
            "Unter dieser Kennung (sender, identifier, sent) liegt schon eine andere Meldung vor. "
            "Eine Änderung braucht eine neue Kennung und msgType Update.",
        )
    return Accepted(before, valid.affected, valid.findings, repeated=True, matched=valid.matched)


def _new_alert(
    submission: Submission,
    principal: Principal,
    raw: bytes,
    valid: _ValidSubmission,
    decision: Decision,
    expires: datetime,
) -> NewAlert:
    alert = valid.alert
    assert alert.sent is not None  # noqa: S101 - the strict policy refuses a message without it
    info = alert.infos[0] if alert.infos else None
    alert_id = new_alert_id(submission.now, secrets.token_bytes(10))
    return NewAlert(
        id=alert_id,
        source_id=principal.id,
        sender=alert.sender,
        identifier=alert.identifier,
        sent=alert.sent,
        msg_type=alert.msg_type,
        status=alert.status,
        scope=alert.scope,
        event=info.event if info else "",
        headline=(info.headline or info.event) if info else "",
        severity=info.severity if info else cap.Severity.UNKNOWN,
        raw=raw,
        sha256=hashlib.sha256(raw).digest(),
        received_at=submission.now,
        expires=expires,
        lane=lane_of(alert),
        reason=decision.reason,
        chain_id=decision.chains[0] if decision.chains else alert_id,
        references=tuple((ref.sender, ref.identifier, ref.sent) for ref in alert.references),
        affected=valid.affected,
        hazards=tuple(f"{hazard.name}:{hazard.value}" for hazard in cap.facts(alert).hazards),
        begins=beginning(alert),
        merged_into=decision.merged_into,
        target=valid.target,
    )
