"""Define a version of a template on record, what may be decided about it, and which version is used."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

CODE: Final = "template:"
"""How the CAP `code` of a message begins that says by which version it was made: `template:hochwasser/3`."""


_STATED: Final = re.compile(
    rf"{CODE}(?P<template>[a-z][a-z0-9-]{{1,39}})/(?P<version>[0-9]{{1,6}})", re.ASCII
)


class TemplateLimit(StrEnum):
    """How many there are already of what is to be saved."""

    OWN_VERSIONS = "own_versions"
    """Whoever saves has saved as many versions of this template lately as one may."""
    OWN_TEMPLATES = "own_templates"
    """Whoever saves has begun as many templates lately as one may."""
    TEMPLATES = "templates"
    """There are as many templates as there may be. One of which every version is rejected or retired is none."""


class TooManyTemplatesError(Exception):
    """There are as many as there may be of what is to be saved."""

    def __init__(self, limit: TemplateLimit, most: int, days: int) -> None:
        """`most` is how many there may be, of the author's own within so many `days`."""
        super().__init__(limit)
        self.limit, self.most, self.days = limit, most, days


class TemplateState(StrEnum):
    """What a version is good for."""

    DRAFT = "draft"
    APPROVED = "approved"
    REJECTED = "rejected"
    RETIRED = "retired"


class TemplateStep(StrEnum):
    """What is decided about a version. Each is once for all."""

    APPROVE = "approve"
    REJECT = "reject"
    RETIRE = "retire"


class TemplateRefusal(StrEnum):
    """Why a step is not taken."""

    NONE_THERE = "none_there"
    DECIDED = "decided"
    """It has been approved, rejected or retired."""
    OWN = "own"
    """Whoever approves has written it, or may have."""
    NOT_SEEN = "not_seen"
    """What was seen is not what it says."""
    FOREIGN = "foreign"
    """It, or the version that it would replace, warns by itself where the person's role does not hold."""


@dataclass(frozen=True, slots=True)
class NewTemplateVersion:
    """What is saved. `content` is the template as it is written in one way, `sha256` its hash."""

    template_id: str
    title: str
    content: bytes
    sha256: bytes
    author: str = ""
    """The person, by id, who wrote it; empty where nobody is named."""
    source_id: str = ""
    """The control centre by whose key it came, where the key is nobody's: then all of its persons may have written
    it."""


@dataclass(frozen=True, slots=True)
class TemplateVersion:
    """A version on record. What it says never changes; what was decided about it is said beside it."""

    template_id: str
    version: int
    title: str
    content: bytes
    sha256: bytes
    authors: tuple[str, ...]
    """The persons, by id, who wrote it or may have."""
    saved_by: str
    """The actor, as the audit trail has it."""
    saved_at: datetime
    decision: TemplateStep | None = None
    decided_by: str = ""
    decided_at: datetime | None = None
    why: str = ""
    retired_by: str = ""
    retired_at: datetime | None = None
    retired_why: str = ""

    @property
    def state(self) -> TemplateState:
        """Return what it is good for."""
        if self.retired_at is not None:
            return TemplateState.RETIRED
        if self.decision is None:
            return TemplateState.DRAFT
        return TemplateState.APPROVED if self.decision is TemplateStep.APPROVE else TemplateState.REJECTED

    @property
    def may_be_rehearsed(self) -> bool:
        """Whether it may be used in an exercise: nobody has said that it is wrong."""
        return self.state in {TemplateState.DRAFT, TemplateState.APPROVED}


def stated_version(codes: Sequence[str]) -> tuple[str, int] | None:
    """Return the template and the version of which a message says, by its CAP codes, that it was made; None where it
    says nothing of it. Whoever sends a message can write what they like there.
    """
    found = next((match for one in codes if (match := _STATED.fullmatch(one))), None)
    return (found["template"], int(found["version"])) if found else None


def refusal_of(
    version: TemplateVersion | None, step: TemplateStep, person: str, seen: bytes = b""
) -> TemplateRefusal | None:
    """Return why a person may not take a step; None where it may. An approval says which hash was `seen`. Who rejects
    or retires may have written it.
    """
    if version is None:
        return TemplateRefusal.NONE_THERE
    if version.retired_at is not None or (step is not TemplateStep.RETIRE and version.decision is not None):
        return TemplateRefusal.DECIDED
    if step is not TemplateStep.APPROVE:
        return None
    if seen != version.sha256:
        return TemplateRefusal.NOT_SEEN
    return TemplateRefusal.OWN if not person or person in version.authors else None


def last_approved(versions: Sequence[TemplateVersion]) -> TemplateVersion | None:
    """Return the version that was saved last of those that were approved, also if it is retired: the one in whose place
    another one comes when it is approved.
    """
    approved = [one for one in versions if one.decision is TemplateStep.APPROVE]
    return max(approved, key=lambda one: one.version, default=None)


def live_version(versions: Sequence[TemplateVersion]) -> TemplateVersion | None:
    """Return the version with which people are warned: the one that was saved last of those that were approved; none
    where that one is retired, so that an older one does not come back unseen.
    """
    newest = last_approved(versions)
    return newest if newest is not None and newest.retired_at is None else None


def rehearsed_version(versions: Sequence[TemplateVersion]) -> TemplateVersion | None:
    """Return the version that an exercise uses unless it names another: the live one, else the newest draft."""
    drafts = [one for one in versions if one.state is TemplateState.DRAFT]
    return live_version(versions) or max(drafts, key=lambda one: one.version, default=None)
