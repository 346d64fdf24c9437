"""Turns what an app sends about a subscriber into what is asked for, and a subscriber into what the app is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dispatcher.api.subscribers.bodies import EndpointBody, PartlyShownBody, QuietHours, SubscriberBody
from dispatcher.audience.wish import SEVERITIES, Asked, AskedEndpoint
from dispatcher.model.subscribers import EndpointState

if TYPE_CHECKING:
    from dispatcher.api.subscribers.bodies import SubscriberWanted
    from dispatcher.apps.enrolment import Enrolled

_TOLD: Final = {EndpointState.ACTIVE, EndpointState.REPLACED}
_SEVERITY: Final[dict[int, Any]] = {rank: severity for severity, rank in SEVERITIES.items()}


def asked(wanted: SubscriberWanted) -> Asked:
    """Return what is asked for."""
    quiet = wanted.quiet_hours
    return Asked(
        endpoints=[AskedEndpoint(one.channel, one.address, one.keys) for one in wanted.endpoints],
        places=wanted.places,
        languages=wanted.languages,
        min_severity=wanted.min_severity,
        quiet_hours=None if quiet is None else (quiet.begins, quiet.ends),
        drills=wanted.drills,
        escalate_after_s=wanted.escalate_after_s,
        device=wanted.device,
        ends_at=wanted.ends_at,
    )


def body_of(enrolled: Enrolled) -> SubscriberBody:
    """Return what the app is told."""
    subscriber = enrolled.subscriber
    wanted = subscriber.preferences
    quiet = wanted.quiet
    return SubscriberBody(
        active=not subscriber.is_over and any(one.state in _TOLD for one in subscriber.endpoints),
        endpoints=[
            EndpointBody(
                channel=one.channel,
                position=one.position,
                state=one.state,
                sent_at=one.sent_at,
                answer=one.answer,
                last_accepted=one.last_accepted,
                last_confirmed=one.last_confirmed,
                retry_after_s=one.retry_after_s,
            )
            for one in subscriber.endpoints
        ],
        places=list(subscriber.places),
        areas=len(subscriber.watched_areas),
        left_out=list(enrolled.left_out),
        partly_left_out=[PartlyShownBody(**one._asdict()) for one in enrolled.partly],
        languages=list(wanted.languages),
        min_severity=_SEVERITY.get(wanted.min_severity),
        quiet_hours=None
        if quiet is None
        else QuietHours(begins=f"{quiet.begins:%H:%M}", ends=f"{quiet.ends:%H:%M}"),
        drills=wanted.drills,
        escalate_after_s=wanted.escalate_after_s,
        ends_at=subscriber.expires_at,
        seen_at=subscriber.seen_at,
        leave=f"/v1/leave/{enrolled.leave_token}",
        token=enrolled.new_token,
    )
