"""What the API says that submitting a message would do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

import cap
from dispatcher.api.openapi import words
from dispatcher.api.schemas.base import Body
from dispatcher.api.schemas.findings import FindingBody, finding_body
from dispatcher.api.schemas.municipalities import (
    MunicipalityBody,
    UnmatchedBody,
    municipality_body,
    unmatched_body,
)
from dispatcher.api.schemas.related_alerts import (
    AcceptedAsBody,
    MergedIntoBody,
    OtherAlertBody,
    OverBody,
    SentInsteadBody,
    accepted_as_body,
    merged_into_body,
    other_alert_body,
    over_body,
    sent_instead_bodies,
)
from dispatcher.api.schemas.sms import SmsBody, sms_body
from dispatcher.audience.reach import ShownCount

if TYPE_CHECKING:
    from datetime import timedelta

    from dispatcher.intake.four_eyes.asking import ApprovalAhead
    from dispatcher.intake.submission import Dropped, Preview


class ToldBody(Body):
    """Who is alarmed by what this message ends, and who hears of the end now."""

    alarmed: int = Field(description="how many are alarmed by what it ends", examples=[18])
    hear: int = Field(description="how many of them hear of the end by this message", examples=[0])
    still_warned_by: list[OtherAlertBody] = Field(
        description="what is in force of the same event, or waits to be sent, and concerns the others: they hear of "
        "the end when that has ended"
    )


class DroppedBody(Body):
    """Whom an Update leaves: they were warned, and are told that it holds for their place no longer."""

    municipalities: list[MunicipalityBody] = Field(
        description="Municipalities of what it replaces that it does not name."
    )
    reach: dict[str, ShownCount] | None = Field(
        description="those who are told so, by channel. Where the message has a polygon or circle, rounded down to a "
        "multiple of 5, and less than 5 is `< 5`. Null where `uncounted` says why",
        examples=[{"sms": 5}],
    )
    reach_by_municipality: dict[str, dict[str, ShownCount]] | None = Field(
        description="the same by municipality (AGS)", examples=[{"05358024": {"sms": 5}}]
    )


class ApprovalAheadBody(Body):
    """The second person whom a message would wait for, and the rule that asks for one."""

    is_author_known: bool = Field(
        description="true: the key is a person's, and any other approver for these municipalities may approve it; "
        "false: it is nobody's, so that nobody approves it who writes for this source",
        examples=[True],
    )
    source: str = Field(
        description="whose warnings the rule is for: a source, or how ids begin with * behind it",
        examples=["*"],
    )
    severity: cap.Severity = Field(description="this grave, or graver; Unknown: any", examples=["Severe"])
    people: int = Field(description="for so many people, or more", examples=[10000])
    remind_after_s: int | None = Field(description="when somebody is reminded; null: never", examples=[300])
    escalate_after_s: int | None = Field(description="when it is escalated; null: never", examples=[600])
    release_after_s: int | None = Field(
        description="when it goes out without a decision; null: never", examples=[None]
    )


class PreviewBody(Body):
    """What submitting would do now. Nothing was stored, nothing will be sent."""

    reason: words.ReasonWord
    repeated: bool = Field(
        description="accepted before: submitting it again answers the same and does nothing, so that `reach` is empty",
        examples=[False],
    )
    accepted_as: AcceptedAsBody | None = Field(description="with `repeated`: what it was accepted as")
    lane: words.LaneWord
    expires: words.Expires
    sent_to_people: bool = Field(
        description="false: nobody would be notified of this message, whatever `municipalities` and `reach` list; "
        "`reason`, or `quota_reached`, says why"
    )
    over: OverBody | None = Field(description="where it was accepted before and has ended since")
    merged_into: MergedIntoBody | None = Field(
        description="the warning in force that says the same: people are notified of that one"
    )
    sent_instead: list[SentInsteadBody] = Field(
        description="equal warnings that would be sent, because this message replaces or ends what stands for them"
    )
    ends: list[OtherAlertBody] = Field(
        description="what holds now and this message would replace or end: warnings in force, or exercises that go on"
    )
    withdrawn: list[OtherAlertBody] = Field(
        description="what waits for a person, has reached nobody, and would be sent no more because of this message"
    )
    told: ToldBody | None = Field(
        description="of a message that ends a warning: who is alarmed by that, and who hears of the end now; else null"
    )
    no_longer_affected: DroppedBody | None = Field(
        description="of an Update of a warning in force: whom it leaves; they are not in `reach`. Else null"
    )
    quota_reached: bool = Field(
        description="submitting it now would be refused: the source has sent as many warnings as it may in an hour"
    )
    municipalities: list[MunicipalityBody] = Field(description="Municipalities that it concerns, by AGS.")
    unmatched: list[UnmatchedBody] = Field(description="What of its areas led nowhere.")
    notes: list[str] = Field(
        description="what was repaired or looks odd in the areas", examples=[["polygon 1: ring repaired"]]
    )
    notes_de: list[str] = Field(
        description="the same in German, in the same order", examples=[["Polygon 1: Ring berichtigt"]]
    )
    reach: dict[str, ShownCount] | None = Field(
        description="subscribers by channel, each counted once. Where the message has a polygon or circle, those whom "
        "it reaches by a place of their own are rounded down to a multiple of 5, and less than 5 in all is `< 5`. Null "
        "where `uncounted` says why",
        examples=[{"webpush": 120, "sms": "< 5"}],
    )
    reach_by_municipality: dict[str, dict[str, ShownCount]] | None = Field(
        description="the same by municipality (AGS)", examples=[{"05358008": {"webpush": 120}}]
    )
    uncounted: Literal["timeout"] | None = Field(
        description="why nobody was counted: `reach`, `told`, `sms` and the like are null, and `gaps` is empty, though "
        "people would get it. `timeout`: there are so many that it took longer than 3 s. Else null",
        examples=[None],
    )
    population: int | None = Field(
        description="of the municipalities; null where the boundary data lacks it", examples=[93323]
    )
    gaps: list[str] = Field(
        description="channels that nobody in some of the municipalities has subscribed to",
        examples=[["3 von 15 Gemeinden haben keine Abonnenten für sms."]],
    )
    findings: list[FindingBody] = Field(description="What is worth knowing about the message.")
    approval: ApprovalAheadBody | None = Field(
        description="where it would wait for a second person (`reason` is held): whom, and why. `reach`, `sms` and "
        "`no_longer_affected` say what happens if that person approves it now. Else null"
    )
    sms: SmsBody | None = Field(
        description="what its SMS would cost and how long they would take, of the German text and of the people shown "
        "in `reach`; null where there are none, or too few to be told apart"
    )


def preview_body(preview: Preview, reader: str) -> PreviewBody:
    """Return what submitting would do, as the source `reader` may know it."""
    is_counted = preview.estimate.is_counted
    return PreviewBody(
        reason=preview.reason,
        repeated=preview.repeated,
        accepted_as=accepted_as_body(preview.accepted_as, reader),
        lane=preview.lane,
        expires=preview.expires,
        sent_to_people=preview.sent_to_people,
        over=over_body(preview.over),
        merged_into=merged_into_body(preview.merged_into, reader),
        sent_instead=sent_instead_bodies(preview.behind, reader),
        ends=[other_alert_body(one, reader) for one in preview.ends],
        withdrawn=[other_alert_body(one, reader) for one in preview.withdrawn],
        told=_told(preview, reader),
        no_longer_affected=_dropped(preview.dropped),
        quota_reached=preview.quota_reached,
        municipalities=[municipality_body(place) for place in preview.affected],
        unmatched=[unmatched_body(lost) for lost in preview.matched.unmatched],
        notes=list(preview.matched.notes),
        notes_de=list(preview.matched.notes_de),
        reach=preview.estimate.shown_by_channel() if is_counted else None,
        reach_by_municipality=preview.estimate.shown_by_municipality() if is_counted else None,
        uncounted=None if is_counted else "timeout",
        population=preview.estimate.population,
        gaps=[one.sentence().de for one in preview.estimate.gaps],
        findings=[finding_body(finding) for finding in preview.findings],
        approval=_approval(preview.approval),
        sms=sms_body(preview.sms),
    )


def _approval(approval: ApprovalAhead | None) -> ApprovalAheadBody | None:
    if approval is None:
        return None
    rule, timers = approval.rule, approval.timers
    return ApprovalAheadBody(
        is_author_known=approval.is_author_known,
        source=rule.source,
        severity=cap.Severity(rule.severity),
        people=rule.people,
        remind_after_s=_seconds(timers.remind),
        escalate_after_s=_seconds(timers.escalate),
        release_after_s=_seconds(timers.release),
    )


def _seconds(after: timedelta | None) -> int | None:
    return None if after is None else int(after.total_seconds())


def _told(preview: Preview, reader: str) -> ToldBody | None:
    if preview.told is None:
        return None
    return ToldBody(
        alarmed=preview.told.alarmed,
        hear=sum(preview.estimate.reach.by_channel.values()),
        still_warned_by=[other_alert_body(one, reader) for one in preview.told.still_warned_by],
    )


def _dropped(dropped: Dropped | None) -> DroppedBody | None:
    if dropped is None:
        return None
    return DroppedBody(
        municipalities=[municipality_body(place) for place in dropped.places],
        reach=dropped.estimate.shown_by_channel() if dropped.estimate.is_counted else None,
        reach_by_municipality=dropped.estimate.shown_by_municipality()
        if dropped.estimate.is_counted
        else None,
    )
