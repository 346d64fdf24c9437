"""What the API shows of a message that waits for a person, and what an operator sends to decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from dispatcher.api.openapi import words
from dispatcher.api.schemas.base import Body
from dispatcher.api.schemas.municipalities import MunicipalityBody, municipality_body
from dispatcher.model.approval.request import WHY_MAX
from dispatcher.model.vocabulary import reasons_held

if TYPE_CHECKING:
    from dispatcher.api.held.deciding import ShownHeld
    from dispatcher.model.alerts import StoredAlert

TargetSha256 = Annotated[
    str,
    Field(
        pattern=r"^[0-9a-f]{64}$",
        description="Hash of the target of the message that was shown.",
        examples=["9f" * 32],
    ),
]
Why = Annotated[
    str,
    Field(
        min_length=1,
        max_length=WHY_MAX,
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="for the audit trail",
        examples=["rang the weather service"],
    ),
]


class HeldBody(Body):
    """A message that waits for a person, or waited."""

    alert: words.AlertRef
    state: words.State
    reason: words.ReasonWord
    source: str = Field(description="The source or feed it came from.", examples=["feed-mowas"])
    held_for: list[str] = Field(
        description="why it is held; empty where it waits no more", examples=[["severity"]]
    )
    headline: words.Headline
    event: words.Event
    severity: words.Severity
    received_at: words.Moment = Field(description="Since when it waits.")
    expires: words.Expires


class HeldList(Body):
    """What waits for a person, also for a second one, the longest waiting first."""

    held: list[HeldBody] = Field(description="The messages.")


class ShownHeldBody(HeldBody):
    """All that an operator is shown before deciding."""

    needs_second_person: bool = Field(
        description="true: it is approved at `/v1/approvals`, and here only discarded", examples=[False]
    )
    target_sha256: TargetSha256
    people: int | None = Field(
        description="how many people it would warn now, or, where `uncounted` says why they are not counted, how many "
        "were counted when it was held for their number. Null: they were not, or it ends a warning, and goes to those "
        "who were told",
        examples=[12000],
    )
    uncounted: Literal["timeout"] | None = Field(
        description="why nobody was counted just now though people would be warned. `timeout`: there are so many that "
        "it took longer than 3 s. Else null",
        examples=[None],
    )
    municipalities: list[MunicipalityBody] = Field(description="Municipalities that it concerns, by AGS.")
    texts: dict[str, str] = Field(
        description="what people would get to read, by kind and language: `text` as it is, `push` and `app` as the "
        "JSON that is sent",
        examples=[{"text/de": "WARNUNG: Hochwasser an der Rur"}],
    )


class ReleaseWanted(Body):
    """The release of what was shown."""

    target_sha256: TargetSha256
    people: int | None = Field(
        ge=0,
        le=1_000_000_000,
        description="how many people were shown: with many more it waits again; null as it was shown",
        examples=[12000],
    )
    why: Why


class DiscardWanted(Body):
    """The end of a message that is never sent, with its reason."""

    why: Why


def held_body(alert: StoredAlert) -> HeldBody:
    """Return what is shown of a message in a list."""
    return HeldBody(
        alert=alert.id,
        state=alert.state,
        reason=alert.reason,
        source=alert.source_id,
        held_for=reasons_held(alert.held_for),
        headline=alert.headline,
        event=alert.event,
        severity=alert.severity,
        received_at=alert.received_at,
        expires=alert.expires,
    )


def shown_held_body(shown: ShownHeld) -> ShownHeldBody:
    """Return all that an operator is shown."""
    texts = {name: text if isinstance(text, str) else text.decode() for name, text in shown.texts.items()}
    members = held_body(shown.alert).model_dump()
    if not shown.waits:
        members["held_for"] = []
    return ShownHeldBody(
        **members,
        needs_second_person=shown.needs_second_person,
        target_sha256=shown.target,
        people=shown.people,
        uncounted=None if shown.is_counted or shown.is_ending else "timeout",
        municipalities=[municipality_body(place) for place in shown.places],
        texts=texts,
    )
