"""What the API says of an alert's recipients in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from dispatcher.api.openapi import words
from dispatcher.api.schemas.base import Body
from dispatcher.model.status import owed_recipients

if TYPE_CHECKING:
    from dispatcher.model.status import RecipientProgress


class ProgressBody(Body):
    """An alert's recipients, each counted once. `accepted` by the gateway, which does not mean delivered."""

    recipients: int = Field(
        description="accepted, waiting and failed together; 0 before the plan, and growing while it is made",
        examples=[120],
    )
    accepted: int = Field(description="gateways took the message for them", examples=[118])
    waiting: int = Field(description="they are still owed the message", examples=[0])
    failed: int = Field(description="nothing more is tried for them", examples=[2])
    gone: int = Field(
        0,
        description="how many of the failed are gone: the subscription has ended, nothing is owed",
        examples=[1],
    )
    quiet_past_end: int = Field(
        0,
        description="how many of the failed have quiet hours until after the end of the warning: they did not want "
        "to be told before, nothing is owed",
        examples=[0],
    )
    first_accepted_at: words.Moment | None = Field(description="When a gateway accepted the first of them.")
    last_accepted_at: words.Moment | None = Field(description="When a gateway accepted the last of them.")


class WaitingBody(Body):
    """Recipients behind one gateway that are still owed the message, for one reason."""

    channel: words.Channel
    gateway: str = Field(
        description="its public name: an origin, or the name in the settings",
        examples=["updates.push.example"],
    )
    reason: str = Field(
        description="`queued` and `in_flight`: no attempt has failed; else the last error's kind, as `transient`, "
        "`uncertain`, `rate_limited`, `down`, `misconfigured`, `breaker`, `crash` or `fault` (in this service: an "
        "exception, whose type is the code). `quiet_hours`: they are told when these are over. `budget`: no SMS "
        "gateway's budget holds them, a person decides. `others`: the rest of a long list",
        examples=["rate_limited"],
    )
    code: str = Field(description="the last error's code, as an HTTP status; may be empty", examples=["429"])
    recipients: int = Field(description="how many they are", examples=[3])
    next_attempt_at: words.Moment | None = Field(
        description="the earliest; null: as soon as it is their turn"
    )


class FailedBody(Body):
    """Recipients behind one gateway for whom nothing more is tried, for one reason."""

    channel: words.Channel
    gateway: str = Field(description="its public name", examples=["updates.push.example"])
    reason: str = Field(
        description="their final state: `gone`, `rejected`, `expired`, `superseded`, `quiet_past_end` (their quiet "
        "hours last until after the end) or `dead` (given up; it may have arrived all the same), or `lasting` "
        "(rejected: it failed again and again while others were accepted); `others`: the rest of a long list",
        examples=["gone"],
    )
    code: str = Field(description="the gateway's code of it; may be empty", examples=["410"])
    recipients: int = Field(description="how many they are", examples=[2])


def progress_body(progress: RecipientProgress) -> ProgressBody:
    """Return recipients in numbers, without the reasons."""
    return ProgressBody(
        recipients=progress.recipients,
        accepted=progress.accepted,
        waiting=owed_recipients(progress.waiting),
        failed=owed_recipients(progress.failed),
        gone=progress.gone,
        quiet_past_end=progress.quiet_past_end,
        first_accepted_at=progress.first_accepted_at,
        last_accepted_at=progress.last_accepted_at,
    )
