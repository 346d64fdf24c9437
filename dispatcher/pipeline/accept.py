"""A submission, from bytes to the committed promise."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import cap
from dispatcher.model import DISPATCHED, FEED_PREFIX, Reason, Source, new_alert_id
from dispatcher.pipeline.decide import (
    ACTS_ON_OTHERS,
    Decision,
    decide,
    effective_expiry,
    is_ending,
    referenced_of,
)
from dispatcher.pipeline.equals import speak_for_the_merged, standing_for
from dispatcher.pipeline.lanes import lane_of
from dispatcher.pipeline.merge import beginning
from dispatcher.pipeline.problem import ProblemType, Refused
from dispatcher.pipeline.wording import differs_by_place
from dispatcher.store.alerts import AffectedPlace, Alerts, NewAlert, StoredAlert, Submission
from dispatcher.store.doorbell import Doorbell, plan
from dispatcher.store.kin import Kin
from dispatcher.targeting.match import match
from dispatcher.targeting.outcome import HOMES, Match, Profile
from dispatcher.targeting.target import target_of

if TYPE_CHECKING:
    from datetime import datetime

    from dispatcher.metrics import Meter
    from dispatcher.pipeline.foresight import Foreseen, Foresight
    from dispatcher.settings import Settings
    from dispatcher.targeting.boundaries import Boundaries


NAME_MAX = 255
"""Characters of a sender or identifier. CAP sets no limit; the record's index does, at about 2,700 bytes."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The promise: `alert` is committed. `repeated`: it had been before, and nothing changed now."""

    alert: StoredAlert
    affected: tuple[AffectedPlace, ...]
    findings: tuple[cap.Finding, ...]
    repeated: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What would happen."""

    reason: Reason
    lane: str
    expires: datetime
    affected: tuple[AffectedPlace, ...]
    findings: tuple[cap.Finding, ...]
    foreseen: Foreseen


@dataclass(frozen=True, slots=True)
class _Read:
    """A message that passed everything that can be judged without the record."""

    alert: cap.Alert
    findings: tuple[cap.Finding, ...]
    affected: tuple[AffectedPlace, ...]
    matched: Match
    target: bytes


class Intake:
    """Takes submissions in."""

    def __init__(
        self,
        *,
        settings: Settings,
        alerts: Alerts,
        foresight: Foresight,
        boundaries: Boundaries,
        doorbell: Doorbell,
        meter: Meter,
    ) -> None:
        self._alerts = alerts
        self._foresight = foresight
        self._boundaries = boundaries
        self._doorbell = doorbell
        self._meter = meter
        self._profile = Profile(home=HOMES.get(boundaries.provenance.country))
        self._limits = cap.Limits(max_bytes=settings.max_body_bytes)
        self._default_lifetime = timedelta(hours=settings.default_lifetime_hours)
        self._future_tolerance = timedelta(seconds=settings.future_tolerance_s)

    async def accept(self, source: Source, raw: bytes) -> Accepted:
        """Returns only after the commit. Raises `Refused`, or what `record.UNAVAILABLE` lists."""
        started = time.monotonic()
        read = await asyncio.to_thread(self._read, source, raw)
        async with self._alerts.submission(read.alert.sender) as submission:
            accepted = await self._record(submission, source, raw, read)
        self._meter.accept_seconds.observe(time.monotonic() - started)
        if accepted.repeated:
            self._meter.alerts_repeated.labels(source.id).inc()
        else:
            self._meter.alerts_received.labels(source.id, accepted.alert.reason).inc()
        if accepted.alert.state == "accepted":
            rung = await self._doorbell.ring([plan(accepted.alert.id, accepted.alert.lane)])
            self._meter.rings_missed.inc(not rung)
        return accepted

    async def preview(self, source: Source, raw: bytes) -> Preview:
        """The same judgement without any effect. Raises like `accept`."""
        read = await asyncio.to_thread(self._read, source, raw)
        async with self._alerts.submission(read.alert.sender) as submission:
            decision, expires = await self._decide(submission, read)
        return Preview(
            decision.reason,
            lane_of(read.alert),
            expires,
            read.affected,
            read.findings,
            await self._foresight.of(read.matched, read.affected, read.target),
        )

    def _read(self, source: Source, raw: bytes) -> _Read:
        alert = self._parse(raw)
        findings = cap.check(alert, cap.STRICT)
        if not cap.is_valid(findings):
            raise Refused(
                ProblemType.INVALID_CAP,
                "Die Meldung verletzt Regeln des CAP-Standards; alle Stellen sind aufgeführt.",
                errors=tuple(as_error(finding) for finding in findings),
            )
        if alert.sender not in source.senders:
            raise Refused(
                ProblemType.SENDER_NOT_ALLOWED,
                f"Dieser Zugang darf nicht als Absender {alert.sender} melden.",
                extra={"sender": alert.sender},
            )
        _require_one_text(alert)
        return self._matched(source, alert, findings)

    def _parse(self, raw: bytes) -> cap.Alert:
        try:
            document = cap.parse(raw, self._limits)
        except cap.TooLarge as error:
            raise Refused(ProblemType.TOO_LARGE, f"Die Meldung ist zu groß: {error.message_de}") from error
        except cap.CapError as error:
            raise Refused(
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
            raise Refused(
                ProblemType.NOT_ONE_ALERT,
                f"Eine Einreichung enthält genau eine Meldung, diese {len(document.alerts)}.",
            )
        return document.alerts[0]

    def _matched(self, source: Source, alert: cap.Alert, findings: tuple[cap.Finding, ...]) -> _Read:
        """The municipalities; for the end of a warning they are information only, since it goes to those told."""
        areas = [area for info in alert.infos for area in info.areas]
        with self._meter.match_seconds.time():
            matched = match(areas, self._boundaries, profile=self._profile)
        if not is_ending(alert):
            _require_target(source, areas, matched)
        affected = tuple(
            AffectedPlace(place.ags, place.name, str(place.reason), place.share) for place in matched.affected
        )
        target = target_of(matched, self._boundaries, {place.ags for place in affected})
        return _Read(alert, findings, affected, matched, target)

    async def _decide(self, submission: Submission, read: _Read) -> tuple[Decision, datetime]:
        alert, now = read.alert, submission.now
        if alert.sent is not None and alert.sent > now + self._future_tolerance:
            raise Refused(
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
        if decision.reason is Reason.FIRST_NOTICE and (
            stands := await standing_for(submission, alert, read.affected, read.target, expires)
        ):
            decision = Decision(Reason.MERGED, merged_into=stands)
        return decision, expires

    async def _record(self, submission: Submission, source: Source, raw: bytes, read: _Read) -> Accepted:
        alert, digest = read.alert, hashlib.sha256(raw).digest()
        assert alert.sent is not None  # noqa: S101 - the strict policy refuses a message without it
        before = await submission.same_identity(alert.sender, alert.identifier, alert.sent)
        if before is not None and not _is_copy(before, source):
            return _repeat(before, source, digest, read)
        decision, expires = await self._decide(submission, read)
        new = _new_alert(submission, source, raw, read, decision, expires)
        if not alert.infos and decision.chains:
            new = await self._named_after(submission, new)
        if before is not None:
            new, decision = await self._over_copy(submission, before, new, decision)
        if decision.reason in DISPATCHED and len(decision.chains) > 1:
            await submission.merge_chains(new.chain_id, decision.chains[1:])
        await submission.record(new)
        if decision.reason in DISPATCHED and (alert.msg_type in ACTS_ON_OTHERS or before is not None):
            await submission.stop(new.chain_id, new.id)
            await speak_for_the_merged(submission, new)
        if before is not None:
            await Kin(submission).drop_held(new.chain_id, new.id)
        stored = await submission.same_identity(new.sender, new.identifier, new.sent)
        assert stored is not None  # noqa: S101 - just written in this transaction
        return Accepted(stored, read.affected, read.findings, repeated=False)

    async def _named_after(self, submission: Submission, new: NewAlert) -> NewAlert:
        """A Cancel may come without an info: it is told under the headline of what it ends."""
        told = [stored for stored in await submission.chain(new.chain_id) if stored.headline]
        if not told:
            return new
        last = told[-1]
        return replace(new, event=last.event, headline=last.headline, severity=last.severity)

    async def _over_copy(
        self, submission: Submission, before: StoredAlert, new: NewAlert, decision: Decision
    ) -> tuple[NewAlert, Decision]:
        """The original of a message that a feed brought before. People who were told of it are not told twice; who
        was not, because the copy named fewer places, is told now.
        """
        reason = decision.reason
        if reason in DISPATCHED and before.reason in DISPATCHED:
            told = {place.ags for place in await submission.places(before.id)}
            reason = Reason.DUPLICATE if {place.ags for place in new.affected} <= told else Reason.UPDATE
        chains = tuple(dict.fromkeys([before.chain_id, *decision.chains]))
        original = replace(new, reason=reason, chain_id=chains[0], revision=before.revision + 1)
        return original, Decision(reason, chains)


def _require_one_text(alert: cap.Alert) -> None:
    if alert.version is not cap.Version.V1_2:
        raise Refused(
            ProblemType.MALFORMED,
            f"Angenommen wird CAP 1.2; diese Meldung ist in CAP {alert.version} verfasst.",
        )
    names = [alert.sender, alert.identifier]
    names += [name for ref in alert.references for name in (ref.sender, ref.identifier)]
    if any(len(name) > NAME_MAX for name in names):
        raise Refused(
            ProblemType.INVALID_CAP,
            f"Eine Kennung oder ein Absender, auch in <references>, hat mehr als {NAME_MAX} Zeichen.",
        )
    if differs_by_place(alert):
        raise Refused(
            ProblemType.SEVERAL_TEXTS,
            "Mehrere <info> einer Sprache nennen verschiedene Gebiete. Bitte für jedes Gebiet eine eigene Meldung "
            "senden, damit niemand den Text für einen anderen Ort erhält.",
        )


def _is_copy(before: StoredAlert, source: Source) -> bool:
    return before.source_id.startswith(FEED_PREFIX) and before.source_id != source.id


def _repeat(before: StoredAlert, source: Source, digest: bytes, read: _Read) -> Accepted:
    if before.sha256 != digest or before.source_id != source.id:
        raise Refused(
            ProblemType.IDENTITY_REUSED,
            "Unter dieser Kennung (sender, identifier, sent) liegt schon eine andere Meldung vor. "
            "Eine Änderung braucht eine neue Kennung und msgType Update.",
        )
    return Accepted(before, read.affected, read.findings, repeated=True)


def _new_alert(
    submission: Submission,
    source: Source,
    raw: bytes,
    read: _Read,
    decision: Decision,
    expires: datetime,
) -> NewAlert:
    alert = read.alert
    assert alert.sent is not None  # noqa: S101 - the strict policy refuses a message without it
    info = alert.infos[0] if alert.infos else None
    alert_id = new_alert_id(submission.now, secrets.token_bytes(10))
    return NewAlert(
        id=alert_id,
        source_id=source.id,
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
        affected=read.affected,
        hazards=tuple(f"{hazard.name}:{hazard.value}" for hazard in cap.facts(alert).hazards),
        begins=beginning(alert),
        merged_into=decision.merged_into,
        target=read.target,
    )


def _require_target(source: Source, areas: list[cap.Area], matched: Match) -> None:
    if not areas:
        raise Refused(ProblemType.NO_AREA, "Die Meldung nennt kein Gebiet; ohne Gebiet wird niemand gewarnt.")
    if matched.held or not matched.affected:
        raise Refused(
            ProblemType.AREA_UNMATCHED,
            "Mindestens ein Teil des Gebiets trifft keine bekannte Gemeinde; es wird nichts gesendet.",
            errors=tuple(
                {"kind": str(item.kind), "value": item.value, "reason": str(item.reason)}
                for item in matched.unmatched
            ),
        )
    foreign = [place for place in matched.affected if not source.may_warn(place.ags)]
    if foreign:
        names = ", ".join(place.name for place in foreign[:20])
        raise Refused(
            ProblemType.OUTSIDE_TERRITORY,
            f"Das Gebiet reicht über die Zuständigkeit hinaus: {names}.",
            extra={"municipalities": [{"ags": place.ags, "name": place.name} for place in foreign]},
        )


def as_error(finding: cap.Finding) -> dict[str, object]:
    """A finding as a member of the problem's `errors`."""
    return {
        "code": finding.code,
        "severity": str(finding.severity),
        "path": finding.path,
        "line": finding.line,
        "message": finding.message,
        "message_de": finding.message_de,
    }
