"""What the API shows of an approval, and what a person sends to decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from dispatcher.api.openapi import words
from dispatcher.api.schemas.base import Body
from dispatcher.api.schemas.municipalities import MunicipalityBody, municipality_body
from dispatcher.intake.four_eyes.states import state_of
from dispatcher.model.approval.request import WHY_MAX, ApprovalDecision, most_recipients
from dispatcher.model.vocabulary import ApprovalState, reasons_held

if TYPE_CHECKING:
    from datetime import datetime

    from dispatcher.intake.four_eyes.deciding import ShownMessage
    from dispatcher.model.approval.request import ApprovalRequest

Binding = Annotated[
    str,
    Field(
        pattern=r"^[0-9a-f]{64}$",
        description="Hash over all that is approved, of the message that was shown.",
        examples=["9f" * 32],
    ),
]


class ApprovalBody(Body):
    """A message that waits for a second person, or waited."""

    alert: words.AlertRef
    state: ApprovalState = Field(
        description="waiting; approved; rejected; void: a later message outdated it; expired; released: by the policy"
    )
    is_needed: bool = Field(
        description="false: any operator may release it, and it is here for the policy's timers",
        examples=[True],
    )
    held_for: list[str] = Field(description="Why it is held.", examples=[["approval"]])
    people: int | None = Field(
        description="how many people are shown to whoever decides; null: they could not be counted before it was "
        "accepted, and are counted now. Then the policy decides again: what it asks nobody else about goes out",
        examples=[12000],
    )
    most_recipients: int | None = Field(
        description="how many are approved at most: a few may subscribe meanwhile; null: there is no number yet",
        examples=[12240],
    )
    authors: list[str] = Field(
        description="persons who submitted it or may have: none of them can approve it",
        examples=[["m.keller"]],
    )
    requested_at: words.Moment = Field(description="Since when it waits.")
    expires: words.Expires
    remind_at: words.Moment | None = Field(description="When somebody is reminded; null: never.")
    escalate_at: words.Moment | None = Field(description="When it is escalated; null: never.")
    release_at: words.Moment | None = Field(
        description="When the policy releases it without a decision; null: never."
    )
    decision: ApprovalDecision | None = Field(description="What was decided; null while it waits.")
    decided_at: words.Moment | None = Field(description="When it was decided; null while it waits.")
    decided_by: str | None = Field(
        description="who decided, as the audit trail has it", examples=["person:b.lang"]
    )


class ApprovalList(Body):
    """What waits for a second person, the longest waiting first."""

    approvals: list[ApprovalBody] = Field(description="The messages.")


class ShownBody(ApprovalBody):
    """All that a person is shown before deciding."""

    binding: Binding
    is_as_held: bool = Field(
        description="false: something has changed since it is held, and it cannot be approved any more",
        examples=[True],
    )
    municipalities: list[MunicipalityBody] = Field(description="Municipalities that it concerns, by AGS.")
    texts: dict[str, str] = Field(
        description="what people will get to read, by kind and language: `text` as it is, `push` and `app` as the JSON "
        "that is sent",
        examples=[{"text/de": "WARNUNG: Hochwasser an der Rur"}],
    )


class ApprovalWanted(Body):
    """The approval of what was shown."""

    binding: Binding


class RejectionWanted(Body):
    """The rejection of a message, with its reason."""

    why: str = Field(
        min_length=1,
        max_length=WHY_MAX,
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="for the audit trail",
        examples=["falscher Ort"],
    )


def approval_body(request: ApprovalRequest, now: datetime) -> ApprovalBody:
    """Return what is shown of a request at this instant of the record's clock."""
    return ApprovalBody(
        alert=request.alert_id,
        state=state_of(request, now),
        is_needed=request.is_needed,
        held_for=reasons_held(request.held_for),
        people=request.people,
        most_recipients=most_recipients(request.people),
        authors=list(request.authors),
        requested_at=request.requested_at,
        expires=request.expires,
        remind_at=request.remind_at,
        escalate_at=request.escalate_at,
        release_at=request.release_at,
        decision=request.decision,
        decided_at=request.decided_at,
        decided_by=request.decided_by or None,
    )


def shown_body(shown: ShownMessage) -> ShownBody:
    """Return all that a person is shown."""
    texts = {name: text if isinstance(text, str) else text.decode() for name, text in shown.texts.items()}
    return ShownBody(
        **approval_body(shown.request, shown.now).model_dump(),
        binding=shown.binding,
        is_as_held=shown.is_as_held,
        municipalities=[municipality_body(place) for place in shown.places],
        texts=texts,
    )
