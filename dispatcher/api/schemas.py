"""The JSON bodies of the API."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from dispatcher.audience.reach import ShownCount
from dispatcher.model.status import OverReason, owed_recipients
from dispatcher.model.vocabulary import Reason

if TYPE_CHECKING:
    from cap import Finding
    from dispatcher.intake.submission import Accepted, Preview
    from dispatcher.model.alerts import AffectedMunicipality, StoredAlert
    from dispatcher.model.ledger import ChannelSummary
    from dispatcher.model.status import AlertStatus, Over, RecipientProgress, StandsIn
    from dispatcher.targeting.outcome import Unmatched


class Body(BaseModel):
    """The base of all bodies: frozen, and unknown members are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ProblemBody(BaseModel):
    """RFC 9457 problem details; more members by type, see the list of problems."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:cap-dispatcher:problem:invalid-cap"])
    title: str
    title_de: str
    status: int
    detail: str = Field(description="a sentence in German, for the duty officer")
    detail_en: str
    errors: list[dict[str, Any]] | None = Field(
        default=None,
        description="single findings, 50 at most: `code`, `path`, `line`, `message`, `message_de`",
    )
    errors_left_off: int | None = Field(default=None, description="how many more there are")


class MunicipalityBody(Body):
    """A municipality that an alert concerns. `share` is the part of its area, 0 to 1."""

    ags: str = Field(examples=["05358008"])
    name: str = Field(examples=["Düren"])
    reason: str = Field(examples=["geometry"])
    share: float


class FindingBody(Body):
    """Something to know about the message that did not keep it from being accepted."""

    code: str
    severity: str
    path: str
    line: int | None
    message: str
    message_de: str


class AlertBody(Body):
    """An alert of record. `reason` says why it is sent, or why not."""

    id: str
    sender: str
    identifier: str
    sent: datetime
    msg_type: str
    status: str
    scope: str
    event: str
    headline: str
    severity: str
    received_at: datetime
    expires: datetime
    lane: str
    reason: str
    chain: str
    state: str = Field(
        description="accepted: waits for its plan; planned: under way; settled: every recipient accounted for; "
        "recorded: not sent to anybody, see reason"
    )
    planned_at: datetime | None
    settled_at: datetime | None
    superseded_by: str | None
    merged_into: str | None = Field(
        description="with the reason `merged`: the equal warning that people are told of"
    )
    audience: int = Field(description="recipients in the frozen audience")


class UnmatchedBody(Body):
    """A code or shape that led to no municipality, although others did."""

    kind: str = Field(examples=["geocode"])
    value: str = Field(examples=["AGS=99999999"])
    reason: str
    message: str = Field(description="why, and what to give instead")
    message_de: str


class ProgressBody(Body):
    """An alert's recipients, each counted once. `accepted` by the gateway, which does not mean delivered."""

    recipients: int = Field(
        description="accepted, waiting and failed together; 0 before the plan, and growing while it is made"
    )
    accepted: int
    waiting: int
    failed: int = Field(description="nothing more is tried for them")
    first_accepted_at: datetime | None
    last_accepted_at: datetime | None


class WaitingBody(Body):
    """Recipients behind one gateway that are still owed the message, for one reason."""

    channel: str
    gateway: str = Field(description="its public name: an origin, or the name in the settings")
    reason: str = Field(
        description="`queued` and `in_flight`: no attempt has failed; else the last error's kind, as `transient`, "
        "`uncertain`, `rate_limited`, `down`, `misconfigured`, `breaker` or `crash`. `others`: the rest of a long list"
    )
    code: str = Field(description="the last error's code, as an HTTP status; may be empty")
    recipients: int
    next_attempt_at: datetime | None = Field(description="the earliest; null: as soon as it is their turn")


class FailedBody(Body):
    """Recipients behind one gateway for whom nothing more is tried, for one reason."""

    channel: str
    gateway: str
    reason: str = Field(
        description="their final state: `gone`, `rejected`, `expired`, `superseded` or `dead`; `others`: the rest of a "
        "long list"
    )
    code: str
    recipients: int


class OverBody(Body):
    """Since when and why an alert is no longer in force."""

    reason: OverReason = Field(
        description="expired: its validity is over; cancelled: a Cancel took it back; ended: an Update ended it; "
        "replaced: a later message says it anew; delisted: its feed stopped listing it"
    )
    by: str | None = Field(description="id of the alert that ended it")
    at: datetime


class MergedIntoBody(Body):
    """The equal warning of which people are notified in place of this one. Of another source's only its existence is
    shown: then all members are null.
    """

    id: str | None = None
    sender: str | None = None
    identifier: str | None = None
    sent: datetime | None = None
    headline: str | None = None
    progress: ProgressBody | None = Field(
        default=None, description="null, too, where an answer to a submission could not wait for the count"
    )


class AcceptedBody(Body):
    """The promise: committed to the record."""

    alert: AlertBody
    repeated: bool
    sent_to_people: bool = Field(
        description="false: nobody is notified of this message, `alert.reason` says why"
    )
    over: OverBody | None = Field(description="where it was accepted before and has ended since")
    merged_into_alert: MergedIntoBody | None
    municipalities: list[MunicipalityBody]
    unmatched: list[UnmatchedBody]
    notes: list[str] = Field(description="what was repaired or looks odd in the areas")
    notes_de: list[str] = Field(description="the same in German, in the same order")
    findings: list[FindingBody]


class PreviewBody(Body):
    """What submitting would do now. Nothing was stored, nothing will be sent."""

    reason: str
    repeated: bool = Field(
        description="accepted before: submitting it again answers the same and does nothing"
    )
    lane: str
    expires: datetime
    sent_to_people: bool = Field(
        description="false: nobody would be notified of this message, whatever `municipalities` and `reach` list; "
        "`reason`, or `quota_reached`, says why"
    )
    over: OverBody | None = Field(description="where it was accepted before and has ended since")
    merged_into: MergedIntoBody | None = Field(
        description="the warning in force that says the same: people are notified of that one"
    )
    quota_reached: bool = Field(
        description="submitting it now would be refused: the source has sent as many warnings as it may in an hour"
    )
    municipalities: list[MunicipalityBody]
    unmatched: list[UnmatchedBody]
    notes: list[str] = Field(description="what was repaired or looks odd in the areas")
    notes_de: list[str] = Field(description="the same in German, in the same order")
    reach: dict[str, ShownCount] = Field(
        description="subscribers by channel, each counted once. Where the message has a polygon or circle, those whom "
        "it reaches by a place of their own are rounded down to a multiple of 5, and less than 5 in all is `< 5`"
    )
    reach_by_municipality: dict[str, dict[str, ShownCount]]
    population: int | None = Field(description="of the municipalities; null where the boundary data lacks it")
    gaps: list[str] = Field(
        description="channels that nobody in some of the municipalities has subscribed to"
    )
    findings: list[FindingBody]


class ChannelBody(Body):
    """One channel's recipients by state. `accepted` is by the gateway; it does not mean delivered."""

    channel: str
    kind: str
    states: dict[str, int]
    first_accepted_at: datetime | None
    last_accepted_at: datetime | None
    reports: dict[str, int] = Field(
        description="recipients by what their gateway reported afterwards, `delivered` or `failed`; beside the states, "
        "which do not change by it"
    )


class StatusBody(Body):
    """How an alert stands."""

    alert: AlertBody
    progress: ProgressBody
    waiting: list[WaitingBody] = Field(description="who is still owed the message, the largest groups first")
    failed: list[FailedBody] = Field(description="who is not reached, and will not be by this message")
    over: OverBody | None = Field(description="null while it is in force")
    merged_into_alert: MergedIntoBody | None
    channels: list[ChannelBody]
    municipalities: list[MunicipalityBody]
    recipients_by_municipality: dict[str, dict[str, int]]


class StaleFeed(Body):
    """A source of which nobody knows what it says now."""

    name: str
    since: datetime


class AlertList(Body):
    alerts: list[AlertBody]
    stale_feeds: list[StaleFeed] = Field(
        default=[],
        description="for app instances: where this is not empty, an empty list of alerts does not mean that there "
        "are no warnings",
    )


class AlertPage(AlertList):
    """A page of a source's own alerts, newest first."""

    next: str | None = Field(description="what `before` asks the next page with; null: this is the last one")


class BoundariesBody(Body):
    """The boundary data in use; the attribution must be shown wherever its results are."""

    attribution: str
    vintage: str
    municipalities: int


def alert_body(alert: StoredAlert) -> AlertBody:
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


def municipality(place: AffectedMunicipality) -> MunicipalityBody:
    return MunicipalityBody(ags=place.ags, name=place.name, reason=place.reason, share=round(place.share, 4))


def progress_body(progress: RecipientProgress) -> ProgressBody:
    return ProgressBody(
        recipients=progress.recipients,
        accepted=progress.accepted,
        waiting=owed_recipients(progress.waiting),
        failed=owed_recipients(progress.failed),
        first_accepted_at=progress.first_accepted_at,
        last_accepted_at=progress.last_accepted_at,
    )


def over_body(over: Over | None) -> OverBody | None:
    return None if over is None else OverBody(reason=over.reason, by=over.by, at=over.at)


def merged_into_body(stands_in: StandsIn | None, reader: str | None) -> MergedIntoBody | None:
    """Return what the source `reader` may know of the warning that stands in for its own; None: an operator, who may
    know all.
    """
    if stands_in is None:
        return None
    other = stands_in.alert
    if reader not in (None, other.source_id):
        return MergedIntoBody()
    return MergedIntoBody(
        id=other.id,
        sender=other.sender,
        identifier=other.identifier,
        sent=other.sent,
        headline=other.headline,
        progress=progress_body(stands_in.progress) if stands_in.progress else None,
    )


def status_body(status: AlertStatus, reader: str | None) -> StatusBody:
    """Return how an alert stands, as the source `reader` may know it, or an operator (None)."""
    return StatusBody(
        alert=alert_body(status.alert),
        progress=progress_body(status.progress),
        waiting=[
            WaitingBody(
                channel=one.channel,
                gateway=one.gateway,
                reason=one.reason,
                code=one.code,
                recipients=one.recipients,
                next_attempt_at=one.next_attempt_at,
            )
            for one in status.progress.waiting
        ],
        failed=[
            FailedBody(
                channel=one.channel,
                gateway=one.gateway,
                reason=one.reason,
                code=one.code,
                recipients=one.recipients,
            )
            for one in status.progress.failed
        ],
        over=over_body(status.over),
        merged_into_alert=merged_into_body(status.merged_into, reader),
        channels=[channel_body(item) for item in status.channels],
        municipalities=[municipality(place) for place in status.municipalities],
        recipients_by_municipality=status.recipients_by_municipality,
    )


def accepted_body(accepted: Accepted) -> AcceptedBody:
    return AcceptedBody(
        alert=alert_body(accepted.alert),
        repeated=accepted.repeated,
        sent_to_people=accepted.sent_to_people,
        over=over_body(accepted.over),
        merged_into_alert=merged_into_body(accepted.merged_into, accepted.alert.source_id),
        municipalities=[municipality(place) for place in accepted.affected],
        unmatched=[_unmatched(lost) for lost in accepted.matched.unmatched],
        notes=list(accepted.matched.notes),
        notes_de=list(accepted.matched.notes_de),
        findings=[_finding(finding) for finding in accepted.findings],
    )


def _unmatched(lost: Unmatched) -> UnmatchedBody:
    return UnmatchedBody(
        kind=lost.kind, value=lost.value, reason=lost.reason, message=lost.said.en, message_de=lost.said.de
    )


def preview_body(preview: Preview, reader: str) -> PreviewBody:
    """Return what submitting would do, as the source `reader` may know it."""
    return PreviewBody(
        reason=preview.reason,
        repeated=preview.repeated,
        lane=preview.lane,
        expires=preview.expires,
        sent_to_people=preview.sent_to_people,
        over=over_body(preview.over),
        merged_into=merged_into_body(preview.merged_into, reader),
        quota_reached=preview.quota_reached,
        municipalities=[municipality(place) for place in preview.affected],
        unmatched=[_unmatched(lost) for lost in preview.matched.unmatched],
        notes=list(preview.matched.notes),
        notes_de=list(preview.matched.notes_de),
        reach=preview.estimate.shown_by_channel(),
        reach_by_municipality=preview.estimate.shown_by_municipality(),
        population=preview.estimate.population,
        gaps=list(preview.estimate.gaps),
        findings=[_finding(finding) for finding in preview.findings],
    )


def channel_body(account: ChannelSummary) -> ChannelBody:
    return ChannelBody(
        channel=account.channel,
        kind=account.kind,
        states=account.states,
        first_accepted_at=account.first_at,
        last_accepted_at=account.last_at,
        reports=account.reports,
    )


def _finding(finding: Finding) -> FindingBody:
    return FindingBody(
        code=finding.code,
        severity=str(finding.severity),
        path=finding.path,
        line=finding.line,
        message=finding.message,
        message_de=finding.message_de,
    )
