"""Build what is written to the record of a feed's message, and when its source stops listing it. Pure but for the new
id.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

import cap
from cap.profiles.profile import Facts
from dispatcher.intake.feed_decision import FeedDecision, RelatedState
from dispatcher.intake.lane import lane_of
from dispatcher.intake.prepare import FeedRules, Incoming, Message, credit, reference_keys
from dispatcher.model.alerts import NewAlert, new_alert_id
from dispatcher.model.vocabulary import Reason

if TYPE_CHECKING:
    from datetime import datetime

    from dispatcher.model.alerts import StoredAlert

DELISTING_TEXT = {
    "de": "Die Quelle führt diese Warnung nicht mehr. Eine Entwarnung der zuständigen Behörde liegt nicht vor; "
    "bitte informieren Sie sich weiter.",
    "en": "The source no longer lists this warning. The authority has not given the all-clear; please stay "
    "informed.",
}


def new_alert_from_feed(
    now: datetime,
    rules: FeedRules,
    message: Message,
    known: RelatedState,
    decision: FeedDecision,
    content: tuple[list[str], bytes],
) -> NewAlert:
    """Build the alert of a feed's message; `content` is the chains that it continues, and its CAP as recorded."""
    alert, (chains, raw) = message.alert, content
    info = alert.infos[0] if alert.infos else cap.Info()
    alert_id = new_alert_id(now, secrets.token_bytes(10))
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
        event=info.event,
        headline=info.headline or info.event,
        severity=info.severity,
        raw=raw,
        sha256=known.digest,
        received_at=now,
        expires=message.expires,
        lane=lane_of(alert),
        reason=decision.reason,
        chain_id=chains[0] if chains else alert_id,
        references=tuple((ref.sender, ref.identifier, ref.sent) for ref in references),
        affected=message.places,
        target=message.target,
        revision=known.same.revision + 1 if known.same is not None else 0,
        event_key=message.facts.key,
        hazards=tuple(f"{hazard.name}:{hazard.value}" for hazard in message.facts.hazards),
        begins=info.onset or info.effective or message.sent,
        attribution=credit(message, rules),
        held_for=decision.held_for,
        reference_keys=reference_keys(references),
        original=(message.incoming.original, message.incoming.geometry),
    )


def delisting_notice(
    recorded_at: datetime, rules: FeedRules, stored: StoredAlert, alert: cap.Alert, now: datetime
) -> NewAlert:
    """Build our own message that the source stopped listing the warning; it is never sent in the authority's name."""
    infos = tuple(
        replace(
            info,
            response_types=(),
            description=DELISTING_TEXT["de" if (info.language or "de").lower().startswith("de") else "en"],
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
        note=DELISTING_TEXT["de"],
        infos=infos,
    )
    return _recorded_notice(recorded_at, rules, stored, notice)


def _recorded_notice(
    recorded_at: datetime, rules: FeedRules, stored: StoredAlert, notice: cap.Alert
) -> NewAlert:
    raw = cap.render(notice)
    message = Message(notice, stored.sent, Facts(), (), (), stored.expires, Incoming(notice, raw))
    known = RelatedState(now=recorded_at, source_id=rules.source_id)
    new = new_alert_from_feed(
        recorded_at, rules, message, known, FeedDecision(Reason.NO_LONGER_LISTED), ([stored.chain_id], raw)
    )
    return replace(new, sent=notice.sent or stored.sent, attribution=stored.attribution, original=None)
