"""Build what is written to the record of a message, and when its source stops listing it. Pure but for the new id."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

import cap
from cap.profiles.profile import Facts
from cap.severity import SEVERITY_ORDER
from dispatcher.intake.decide import Decision
from dispatcher.intake.lane import lane_of
from dispatcher.intake.prepare import Incoming, IntakeRules, Message, OnDoubt, credit
from dispatcher.intake.related import RelatedState, reference_keys
from dispatcher.intake.similarity import beginning, words_digest
from dispatcher.model.alerts import NewAlert, new_alert_id, together
from dispatcher.model.vocabulary import ENDING_REASONS, SENT, Reason
from dispatcher.texts.choice import language_of
from dispatcher.texts.languages import DEFAULT
from dispatcher.texts.words.catalogues import words_for

if TYPE_CHECKING:
    from datetime import datetime

    from dispatcher.model.alerts import StoredAlert
    from dispatcher.model.vocabulary import Lane

OUTSIDE_GRAPH = frozenset({Reason.HELD, Reason.MERGED})
"""Messages with these reasons are a graph of their own until they go out."""


def new_alert(
    received_at: datetime,
    rules: IntakeRules,
    message: Message,
    known: RelatedState,
    decision: Decision,
    raw: bytes,
) -> NewAlert:
    """Build the alert of a message; `raw` is its CAP as the record keeps it."""
    alert, reason = message.alert, decision.reason
    alert_id = new_alert_id(received_at, secrets.token_bytes(10))
    from_feed = rules.on_doubt is OnDoubt.HOLD
    event, headline, severity = _named(alert, known)
    references = message.references
    return NewAlert(
        id=alert_id,
        source_id=rules.source_id,
        sender=alert.sender,
        identifier=alert.identifier,
        sent=message.sent,
        msg_type=alert.msg_type,
        status=alert.status,
        scope=alert.scope,
        event=event,
        headline=headline,
        severity=severity,
        raw=raw,
        sha256=known.digest,
        received_at=received_at,
        expires=decision.expires,
        lane=lane_in(message, known, decision, rules),
        reason=reason,
        chain_id=graph_of(known) or alert_id if reason not in OUTSIDE_GRAPH else alert_id,
        references=tuple((ref.sender, ref.identifier, ref.sent) for ref in references),
        affected=message.places or known.ended_places,
        target=message.target,
        event_key=message.facts.key if from_feed else "",
        hazards=tuple(f"{hazard.name}:{hazard.value}" for hazard in message.facts.hazards),
        begins=beginning(alert),
        attribution=credit(message, rules) if from_feed else "",
        held_for=decision.held_for,
        merged_into=decision.covered_by if reason is Reason.MERGED else None,
        reference_keys=reference_keys(references),
        original=(message.incoming.original, message.incoming.geometry) if from_feed else None,
        proved=message.proved,
        stopped_by=decision.covered_by if reason is Reason.SUPERSEDED else None,
        thread=thread_of(known) or alert_id,
        territory=rules.territory,
        words=words_digest(alert),
    )


def lane_in(message: Message, known: RelatedState, decision: Decision, rules: IntakeRules) -> Lane:
    """Return the lane in which the message travels, as its source may and as quick as what it ends."""
    ended = [stored.lane for stored in known.standing] if decision.reason in ENDING_REASONS else []
    return lane_of(message.alert, may_flash=rules.may_flash, ended=ended, corrects=rules.corrects)


def graph_of(known: RelatedState) -> str | None:
    """Return the id of the graph that the message joins, which is that of the oldest in it."""
    joined = {stored.id for stored in known.connected}
    return next((stored.chain_id for stored in known.graph if stored.id in joined), None)


def thread_of(known: RelatedState) -> str | None:
    """Return the thread that the message continues: that of the first message which it replaces and which no other has
    continued. A second branch is a thread of its own, so that its notices do not take the place of the first one's.
    """
    taken = {stored.thread for stored in known.survivors}
    told = [stored for stored in known.direct if stored.reason in SENT]
    return next((stored.thread for stored in told if stored.thread not in taken), None)


def _named(alert: cap.Alert, known: RelatedState) -> tuple[str, str, str]:
    """Return event, headline and severity: of the gravest info, or, as a Cancel may have none, of what it ends."""
    infos = [info for info in alert.infos if info.headline or info.event]
    if infos:
        info = min(infos, key=lambda one: SEVERITY_ORDER.index(one.severity))
        return info.event, info.headline or info.event, info.severity
    told = [stored for stored in known.replaces if stored.headline and stored.reason in SENT]
    standing = {stored.id for stored in known.standing}
    named = [stored for stored in told if stored.id in standing] or told[-1:]
    if not named:
        return "", "", cap.Severity.UNKNOWN
    return named[-1].event, together([stored.headline for stored in named]), named[-1].severity


def delisting_notice(
    recorded_at: datetime, rules: IntakeRules, stored: StoredAlert, alert: cap.Alert, now: datetime
) -> NewAlert:
    """Build our own message that the source stopped listing the warning; it is never sent in the authority's name."""
    infos = tuple(
        replace(
            info,
            response_types=(),
            description=words_for(f"{language_of(info)},en").delisted,
            instruction=None,
        )
        for info in alert.infos
    )
    notice = replace(
        alert,
        sender=rules.source_id,
        identifier=f"{stored.identifier}.no-longer-listed.{stored.revision}",
        sent=now.replace(microsecond=0),
        msg_type=cap.MsgType.CANCEL,
        references=(cap.Reference(stored.sender, stored.identifier, stored.sent),),
        note=words_for(DEFAULT).delisted,
        infos=infos,
    )
    return _recorded_notice(recorded_at, rules, stored, notice)


def _recorded_notice(
    recorded_at: datetime, rules: IntakeRules, stored: StoredAlert, notice: cap.Alert
) -> NewAlert:
    raw = cap.render(notice)
    message = Message(notice, stored.sent, Facts(), (), (), stored.expires, Incoming(notice, raw))
    known = RelatedState(
        now=recorded_at, source_id=rules.source_id, digest=message.render()[1], named=[stored], graph=[stored]
    )
    new = new_alert(
        recorded_at, rules, message, known, Decision(Reason.NO_LONGER_LISTED, stored.expires), raw
    )
    return replace(new, sent=notice.sent or stored.sent, attribution=stored.attribution, original=None)
