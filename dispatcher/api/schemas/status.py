"""What the API says of how an alert stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from dispatcher.api.openapi import words
from dispatcher.api.schemas.alerts import AlertBody, alert_body
from dispatcher.api.schemas.base import Body
from dispatcher.api.schemas.municipalities import MunicipalityBody, municipality_body
from dispatcher.api.schemas.progress import FailedBody, ProgressBody, WaitingBody, progress_body
from dispatcher.api.schemas.related_alerts import MergedIntoBody, OverBody, merged_into_body, over_body
from dispatcher.api.schemas.sms import SmsBody, sms_body
from dispatcher.model.vocabulary import ApprovalState

if TYPE_CHECKING:
    from dispatcher.model.ledger import ChannelSummary
    from dispatcher.model.status import AlertStatus, Decided


class ChannelBody(Body):
    """One channel's recipients by state, which are endpoints: a person told on two counts in both, and once in
    `progress`. `accepted` is by the gateway; it does not mean delivered.
    """

    channel: words.Channel
    kind: words.KindWord
    states: dict[str, int] = Field(
        description="recipients by state: `pending`, `claimed`, `retry`, `accepted`, `delivered`, `displayed`, `gone`, "
        "`rejected`, `expired`, `superseded`, `dead`, `quiet_past_end`",
        examples=[{"accepted": 118, "gone": 2}],
    )
    first_accepted_at: words.Moment | None = Field(description="When a gateway accepted the first of them.")
    last_accepted_at: words.Moment | None = Field(description="When a gateway accepted the last of them.")
    reports: dict[str, int] = Field(
        description="recipients by what their gateway reported afterwards, `delivered`, `failed`, or `partial` (some "
        "parts of a text are delivered, of the others nothing is known); beside the states, which do not change by it",
        examples=[{"delivered": 117}],
    )
    receipts: dict[str, int] = Field(
        description="recipients by what their devices have said, `delivered`, `displayed`, `confirmed`, each including "
        "the later ones; a delivered SMS is the gateway's word. Who is missing has said nothing: nothing depends on it",
        examples=[{"delivered": 110, "displayed": 96, "confirmed": 12}],
    )


class StatedTemplateBody(Body):
    """The template that a message names in its `code`."""

    id: str = Field(description="Id of the template.", examples=["hochwasser"])
    version: int = Field(description="Number of the version, from 1 on.", examples=[3])


class DecidedBody(Body):
    """Who ended the wait of a message that was held for a person."""

    state: ApprovalState = Field(
        description="approved; rejected; released: by the policy, as nobody decided in time, or as it needed nobody "
        "once its people were counted; void: a later message withdrew or replaced it, see `over`",
        examples=["rejected"],
    )
    by: str = Field(description="who, as the audit trail has it", examples=["person:b.lang"])
    at: words.Moment = Field(description="When that was.")
    why: str = Field(
        description="the reason that was given, empty where none was; where a message withdrew it, its type, or what "
        "was wrong",
        examples=["falscher Ort"],
    )


class StatusBody(Body):
    """How an alert stands."""

    alert: AlertBody = Field(description="The alert of record.")
    progress: ProgressBody = Field(description="its recipients in numbers")
    waiting: list[WaitingBody] = Field(description="who is still owed the message, the largest groups first")
    failed: list[FailedBody] = Field(description="who is not reached, and will not be by this message")
    over: OverBody | None = Field(description="null while it is in force")
    merged_into_alert: MergedIntoBody | None = Field(
        description="with the reason `merged`: the warning that people are told of"
    )
    channels: list[ChannelBody] = Field(description="Its recipients by channel and kind of notice.")
    municipalities: list[MunicipalityBody] = Field(description="Municipalities that it concerns, by AGS.")
    recipients_by_municipality: dict[str, dict[str, int]] | None = Field(
        description="recipients by municipality (AGS) and state; null where so many could not be counted in time: ask "
        "again a minute later",
        examples=[{"05358008": {"accepted": 118}}],
    )
    receipts_by_municipality: dict[str, dict[str, int]] | None = Field(
        description="recipients by municipality (AGS) and what their devices have said, as `receipts` of a channel; "
        "without those of which nothing was said; null where `recipients_by_municipality` is",
        examples=[{"05358008": {"delivered": 110, "displayed": 96, "confirmed": 12}}],
    )
    sms: SmsBody | None = Field(
        description="what its SMS have cost, and what those take that wait; null where there are none"
    )
    template: StatedTemplateBody | None = Field(
        description="the template of which it says that it was made; null where it says nothing of it"
    )
    decided: DecidedBody | None = Field(
        description="who decided upon it while it was held, when and why; null where it never was, still is, or has "
        "expired meanwhile"
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
        municipalities=[municipality_body(place) for place in status.municipalities],
        recipients_by_municipality=status.recipients_by_municipality,
        receipts_by_municipality=status.receipts_by_municipality,
        sms=sms_body(status.sms),
        template=stated_template_body(status.template),
        decided=decided_body(status.decided),
    )


def decided_body(decided: Decided | None) -> DecidedBody | None:
    """Return who ended its wait for a person, as it is shown."""
    if decided is None:
        return None
    return DecidedBody(state=decided.state, by=decided.by, at=decided.at, why=decided.why)


def stated_template_body(stated: tuple[str, int] | None) -> StatedTemplateBody | None:
    """Return the template that a message names, as it is shown."""
    return StatedTemplateBody(id=stated[0], version=stated[1]) if stated else None


def channel_body(account: ChannelSummary) -> ChannelBody:
    """Return one channel's recipients by state, and beside them what was reported."""
    return ChannelBody(
        channel=account.channel,
        kind=account.kind,
        states=account.states,
        first_accepted_at=account.first_at,
        last_accepted_at=account.last_at,
        reports=account.reports,
        receipts=account.receipts,
    )
