"""What the API shows of a template, and what is sent to fill one in or to decide about one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

import cap
from dispatcher.api.openapi import words
from dispatcher.api.schemas.base import Body
from dispatcher.api.schemas.findings import FindingBody, finding_body
from dispatcher.model.approval.request import WHY_MAX
from dispatcher.model.templates.version import TemplateState, TemplateStep, live_version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cap import Finding
    from dispatcher.model.templates.version import TemplateVersion
    from dispatcher.templates.checking import Checked

Sha256 = Annotated[
    str,
    Field(pattern=r"^[0-9a-f]{64}$", description="Hash of all that the version says.", examples=["9f" * 32]),
]
TemplateRef = Annotated[str, Field(description="Id of the template.", examples=["hochwasser"])]
Title = Annotated[str, Field(description="What it is for.", examples=["Hochwasser an einem Fluss"])]
VersionNumber = Annotated[int, Field(description="Number of the version, from 1 on.", examples=[3])]
LiveVersion = Annotated[
    int | None,
    Field(description="The version with which people are warned; null: none is approved.", examples=[2]),
]
_STATE = "draft; approved: by a second person; rejected; retired: used no longer"


class TemplateVersionBody(Body):
    """A version: it never changes."""

    version: VersionNumber
    state: TemplateState = Field(description=_STATE)
    sha256: Sha256
    authors: list[str] = Field(
        description="persons who wrote it or may have: none of them can approve it", examples=[["m.keller"]]
    )
    saved_by: str = Field(description="who saved it, as the audit trail has it", examples=["person:m.keller"])
    saved_at: words.Moment = Field(description="When it was saved.")
    decision: TemplateStep | None = Field(description="What was decided; null while it is a draft.")
    decided_by: str | None = Field(
        description="who decided, as the audit trail has it", examples=["person:b.lang"]
    )
    decided_at: words.Moment | None = Field(description="When it was decided; null while it is a draft.")
    why: str | None = Field(description="why it was rejected", examples=["falscher Pegel"])
    retired_by: str | None = Field(
        description="who retired it, as the audit trail has it", examples=["person:b.lang"]
    )
    retired_at: words.Moment | None = Field(description="When it was retired; null: it was not.")
    retired_why: str | None = Field(description="why it was retired", examples=["Deich erhöht"])


class TemplateSummary(Body):
    """A template, by its newest version."""

    id: TemplateRef
    title: Title
    version: VersionNumber
    state: TemplateState = Field(description=_STATE)
    live_version: LiveVersion


class TemplateList(Body):
    """The templates of the service."""

    templates: list[TemplateSummary] = Field(description="The templates, by id.")


class TemplateBody(TemplateVersionBody):
    """A version with all that it says, and the other versions beside it."""

    id: TemplateRef
    title: Title
    live_version: LiveVersion
    template: dict[str, Any] = Field(
        description="what it says, as it can be saved again; the guide to templates has its members",
        examples=[{"id": "hochwasser"}],
    )
    versions: list[TemplateVersionBody] = Field(description="All versions, the oldest first.")


class TemplateLanguage(Body):
    """What one language comes to with the examples."""

    language: str = Field(description="Its tag.", examples=["de-simple"])
    headline: str = Field(description="The headline.", examples=["Hochwasser: Jülich"])
    headline_longest: int = Field(
        description="characters of the headline with the longest values; 160 are shown", examples=[86]
    )
    sms_parts: int = Field(description="How many parts an SMS has.", examples=[2])


class TemplateCheck(Body):
    """What a template comes to."""

    sha256: Sha256
    is_valid: bool = Field(description="whether it may be saved", examples=[True])
    languages: list[TemplateLanguage] = Field(description="Each language; none where it cannot be filled.")
    findings: list[FindingBody] = Field(description="What is to be known of it.")


class SavedTemplate(TemplateCheck):
    """A version that is on record."""

    id: TemplateRef
    version: VersionNumber
    state: TemplateState = Field(description=_STATE)


class TemplateApproval(Body):
    """The approval of what was shown."""

    sha256: Sha256


class TemplateWithdrawal(Body):
    """The end of a version, with its reason."""

    why: str = Field(
        min_length=1,
        max_length=WHY_MAX,
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="for the audit trail",
        examples=["falscher Pegel"],
    )


class TemplateFilling(Body):
    """What is filled in. What is not given is as the template has it."""

    values: dict[str, str] = Field(
        description="the values of the fields, by name, as text",
        max_length=20,
        examples=[{"ort": "Jülich", "pegel": "520"}],
    )
    sender: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="CAP `sender`; where it is not given the first one that the caller may use",
        examples=["leitstelle@kreis-dueren.example"],
    )
    sender_name: str = Field(
        "", max_length=100, description="the sender's name, as people know it", examples=["Kreis Düren"]
    )
    municipalities: list[Annotated[str, Field(pattern=r"^[0-9]{8}$")]] = Field(
        default=[],
        max_length=200,
        description="AGS of the municipalities that are warned",
        examples=[["05358024"]],
    )
    area: str = Field(
        "", max_length=200, description="the name of these, as people know it", examples=["Jülich"]
    )
    expires: words.Instant | None = Field(None, description="until when it holds")
    severity: cap.Severity | None = Field(None, description="one of those that the template allows")
    urgency: cap.Urgency | None = Field(None, description="one of those that the template allows")
    certainty: cap.Certainty | None = Field(None, description="one of those that the template allows")
    version: int | None = Field(
        None, ge=1, le=100_000, description="which version; a warning takes the live one alone", examples=[2]
    )


def version_body(one: TemplateVersion) -> TemplateVersionBody:
    """Return what is shown of a version beside what it says."""
    return TemplateVersionBody(
        version=one.version,
        state=one.state,
        sha256=one.sha256.hex(),
        authors=list(one.authors),
        saved_by=one.saved_by,
        saved_at=one.saved_at,
        decision=one.decision,
        decided_by=one.decided_by or None,
        decided_at=one.decided_at,
        why=one.why or None,
        retired_by=one.retired_by or None,
        retired_at=one.retired_at,
        retired_why=one.retired_why or None,
    )


def template_body(one: TemplateVersion, versions: Sequence[TemplateVersion]) -> TemplateBody:
    """Return a version with all that it says."""
    return TemplateBody(
        **version_body(one).model_dump(),
        id=one.template_id,
        title=one.title,
        live_version=_live(versions),
        template=json.loads(one.content),
        versions=[version_body(each) for each in versions],
    )


def summary(versions: Sequence[TemplateVersion]) -> TemplateSummary:
    """Return a template by its newest version. `versions` are all of it, the oldest first."""
    newest = versions[-1]
    return TemplateSummary(
        id=newest.template_id,
        title=newest.title,
        version=newest.version,
        state=newest.state,
        live_version=_live(versions),
    )


def check_body(sha256: str, checked: Checked) -> TemplateCheck:
    """Return what was found."""
    return TemplateCheck(
        sha256=sha256,
        is_valid=checked.is_valid,
        languages=[
            TemplateLanguage(
                language=one.language,
                headline=one.headline,
                headline_longest=one.headline_longest,
                sms_parts=one.sms_parts,
            )
            for one in checked.languages
        ],
        findings=findings_of(checked.findings),
    )


def findings_of(findings: Sequence[Finding]) -> list[FindingBody]:
    """Return findings as they are shown."""
    return [finding_body(one) for one in findings]


def _live(versions: Sequence[TemplateVersion]) -> int | None:
    live = live_version(versions)
    return live.version if live else None
