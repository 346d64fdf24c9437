"""What the API shows of an alert of record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from dispatcher.api.openapi import words
from dispatcher.api.schemas.base import Body
from dispatcher.api.schemas.feeds import StaleFeed
from dispatcher.model.vocabulary import Reason

if TYPE_CHECKING:
    from dispatcher.model.alerts import StoredAlert


class AlertBody(Body):
    """An alert of record. `reason` says why it is sent, or why not."""

    id: words.AlertRef
    sender: words.Sender
    identifier: words.Identifier
    sent: words.Sent
    msg_type: words.MsgType
    status: words.Status
    scope: words.Scope
    event: words.Event
    headline: words.Headline
    severity: words.Severity
    received_at: words.Moment = Field(description="When the message was committed to the record.")
    expires: words.Expires
    lane: words.LaneWord
    reason: words.ReasonWord
    chain: words.Chain
    state: words.State = Field(
        description="accepted: waits for its plan; planned: under way; settled: every recipient accounted for; "
        "recorded: not sent to anybody, see reason; held: waits for a person"
    )
    planned_at: words.Moment | None = Field(description="When its recipients were frozen; null before.")
    settled_at: words.Moment | None = Field(
        description="When every recipient had a final state; null before."
    )
    superseded_by: words.AlertRef | None = Field(description="Alert that has replaced or ended this one.")
    merged_into: words.AlertRef | None = Field(
        description="with the reason `merged`: the equal warning that people are told of"
    )
    audience: int = Field(description="recipients in the frozen audience", examples=[120])


class AlertList(Body):
    """Alerts of record, the newest first."""

    alerts: list[AlertBody] = Field(description="The alerts.")
    stale_feeds: list[StaleFeed] = Field(
        default=[],
        description="for app instances: where this is not empty, an empty list of alerts does not mean that there "
        "are no warnings",
    )


class AlertPage(AlertList):
    """A page of a source's own alerts, newest first."""

    next: words.AlertRef | None = Field(
        description="what `before` asks the next page with; null: this is the last one"
    )


def alert_body(alert: StoredAlert) -> AlertBody:
    """Return what is shown of an alert of record: nothing of how it is kept."""
    return AlertBody(
        id=alert.id,
        sender=alert.sender,
        identifier=alert.identifier,
        sent=alert.sent,
        msg_type=alert.msg_type,
        status=alert.status,
        scope=alert.scope,
        event=alert.event,
        headline=alert.headline,
        severity=alert.severity,
        received_at=alert.received_at,
        expires=alert.expires,
        lane=alert.lane,
        reason=alert.reason,
        chain=alert.chain_id,
        state=alert.state,
        planned_at=alert.planned_at,
        settled_at=alert.settled_at,
        superseded_by=alert.stopped_by,
        merged_into=alert.merged_into if alert.reason is Reason.MERGED else None,
        audience=alert.audience,
    )
