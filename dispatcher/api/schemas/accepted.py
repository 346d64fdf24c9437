"""What the API promises of a message that it has accepted."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from pydantic import Field

from dispatcher.api.schemas.alerts import AlertBody, alert_body
from dispatcher.api.schemas.base import Body
from dispatcher.api.schemas.findings import FindingBody, finding_body
from dispatcher.api.schemas.municipalities import (
    MunicipalityBody,
    UnmatchedBody,
    municipality_body,
    unmatched_body,
)
from dispatcher.api.schemas.related_alerts import (
    MergedIntoBody,
    OtherAlertBody,
    OverBody,
    SentInsteadBody,
    merged_into_body,
    other_alert_body,
    over_body,
    sent_instead_bodies,
)

if TYPE_CHECKING:
    from dispatcher.api.approvals.asked import AskedPersons
    from dispatcher.intake.submission import Accepted


class SecondPersonBody(Body):
    """What happens next to a message that is held until a second person approves it."""

    needed: int = Field(
        description="how many further persons have to approve it before anybody is warned", examples=[1]
    )
    on_duty: int = Field(
        description="how many people on duty may approve it, and are told within seconds", examples=[2]
    )
    instead: int = Field(
        description="where that is 0: how many others are told in their place, who have to be put on duty first. "
        "With 0 as well nobody is told: call somebody",
        examples=[0],
    )


class AcceptedBody(Body):
    """The promise: committed to the record."""

    alert: AlertBody = Field(description="The alert of record.")
    repeated: bool = Field(
        description="accepted before: this answer is that of the first time", examples=[False]
    )
    sent_to_people: bool = Field(
        description="false: nobody is notified of this message, `alert.reason` says why"
    )
    over: OverBody | None = Field(description="where it was accepted before and has ended since")
    merged_into_alert: MergedIntoBody | None = Field(
        description="with the reason `merged`: the warning that people are told of"
    )
    sent_instead: list[SentInsteadBody] = Field(
        description="equal warnings that are sent now, because this message replaces or ends what stood for them"
    )
    second_person: SecondPersonBody | None = Field(
        description="while it is held for a second person: who is asked; null where it is not, and where that could "
        "not be found out in time"
    )
    withdrawn: list[OtherAlertBody] = Field(
        description="what still waited for a person, has reached nobody, and is sent no more because of this message"
    )
    municipalities: list[MunicipalityBody] = Field(description="Municipalities that it concerns, by AGS.")
    unmatched: list[UnmatchedBody] = Field(description="What of its areas led nowhere.")
    notes: list[str] = Field(
        description="what was repaired or looks odd in the areas", examples=[["polygon 1: ring repaired"]]
    )
    notes_de: list[str] = Field(
        description="the same in German, in the same order", examples=[["Polygon 1: Ring berichtigt"]]
    )
    findings: list[FindingBody] = Field(description="What is worth knowing about the message.")


def accepted_body(accepted: Accepted, asked: AskedPersons | None = None) -> AcceptedBody:
    """Return the promise, as the source of the alert may know it. `asked`: who is, where it waits for a person."""
    return AcceptedBody(
        alert=alert_body(accepted.alert),
        repeated=accepted.repeated,
        sent_to_people=accepted.sent_to_people,
        over=over_body(accepted.over),
        merged_into_alert=merged_into_body(accepted.merged_into, accepted.alert.source_id),
        sent_instead=sent_instead_bodies(accepted.behind, accepted.alert.source_id),
        second_person=asked and SecondPersonBody(**asdict(asked)),
        withdrawn=[other_alert_body(one, accepted.alert.source_id) for one in accepted.withdrawn],
        municipalities=[municipality_body(place) for place in accepted.affected],
        unmatched=[unmatched_body(lost) for lost in accepted.matched.unmatched],
        notes=list(accepted.matched.notes),
        notes_de=list(accepted.matched.notes_de),
        findings=[finding_body(finding) for finding in accepted.findings],
    )
