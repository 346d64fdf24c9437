"""What the API shows of an alert's account, one line for each recipient."""

from __future__ import annotations

from pydantic import Field

from dispatcher.api.openapi import words
from dispatcher.api.schemas.base import Body


class LedgerLineBody(Body):
    """One recipient's line in the ledger. It has no address."""

    alert_id: words.AlertRef
    kind: words.KindWord
    channel: words.Channel
    gateway: str = Field(description="Gateway that had the message.", examples=["updates.push.example"])
    recipient: int = Field(description="Number of the recipient, the same in every ledger.", examples=[4711])
    ref: str | None = Field(description="Reference at the gateway.", examples=["01-4711"])
    state: str = Field(description="State of the recipient.", examples=["accepted"])
    uncertain: bool = Field(
        description="A request left and no answer was recorded: the person may have been reached all the same.",
        examples=[False],
    )
    report: str | None = Field(
        description="What the gateway reported afterwards: `delivered`, `failed` or `partial`.",
        examples=["delivered"],
    )
    report_code: str | None = Field(description="The gateway's own code of it.", examples=["DELIVRD"])
    reported_at: words.Moment | None = Field(description="When it reported.")
    last_attempt_at: words.Moment | None = Field(description="When an attempt last came to something.")
    reason: str = Field(
        description="The kind of the last error, as `transient` or `permanent`; empty where there was none.",
        examples=["transient"],
    )
    code: str = Field(description="The last error's code: an HTTP status or a name.", examples=["503"])
    receipt: str | None = Field(
        None,
        description="What the device has said, `delivered`, `displayed` or `confirmed`; of an SMS, its gateway.",
        examples=["displayed"],
    )
    handed_over_from: str | None = Field(
        None,
        description="SMS gateway that accepted nothing, so that `gateway` took over.",
        examples=["provider"],
    )
