"""What the API says of a message beside accepting it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

import cap
from dispatcher.api.schemas.base import Body

if TYPE_CHECKING:
    from cap import Finding


class FindingBody(Body):
    """Something to know about the message that did not keep it from being accepted."""

    code: str = Field(description="Stable code of the rule.", examples=["reference-unknown"])
    severity: cap.Level = Field(description="Weight of the finding.", examples=["warning"])
    path: str = Field(
        description="Element of the message, as a path from `/alert`.", examples=["/alert/references"]
    )
    line: int | None = Field(description="Line of the element in the message, where known.", examples=[12])
    message: str = Field(
        description="Sentence for a developer, in English.", examples=["The reference leads nowhere."]
    )
    message_de: str = Field(
        description="The same for the duty officer, in German.", examples=["Der Verweis führt ins Leere."]
    )


def finding_body(finding: Finding) -> FindingBody:
    """Return a finding as it is shown."""
    return FindingBody(
        code=finding.code,
        severity=str(finding.severity),
        path=finding.path,
        line=finding.line,
        message=finding.message,
        message_de=finding.message_de,
    )
