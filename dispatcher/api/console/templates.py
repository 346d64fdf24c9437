"""Answer the pages on which prepared warnings are read, and a second person approves or withdraws a version."""

from __future__ import annotations

import asyncio
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pydantic import ValidationError

from dispatcher.api.templates import steps
from dispatcher.api.templates.bodies import TemplateApproval, TemplateWithdrawal
from dispatcher.api.templates.deciding import not_there, permission_of, step_hindered
from dispatcher.console.prepared.shown import changes, examples, facts, rows
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.templates.version import TemplateState, TemplateStep, last_approved, live_version
from dispatcher.model.vocabulary import Environment
from dispatcher.templates.checking import check
from dispatcher.templates.reading import TemplateError, parse
from dispatcher.templates.template import ID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.responses import Response

    from cap import Finding
    from dispatcher.access.principals import Principal
    from dispatcher.api.console.visits import Visit
    from dispatcher.api.templates.steps import ShownVersion
    from dispatcher.console.prepared.shown import ExampleText, TemplateChange, TemplateFact, TemplateRow
    from dispatcher.model.templates.version import TemplateVersion
    from dispatcher.templates.template import Template

VERSION: Final = "/templates/{template_id}/versions/{version}"
_ID: Final = re.compile(ID)
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)


class _Said(NamedTuple):
    """What a version says, in the language of the page; nothing where this release cannot read it."""

    is_readable: bool
    texts: list[ExampleText]
    facts: list[TemplateFact]
    findings: list[Finding]
    changes: list[TemplateChange] | None
    """What is otherwise than in the version that was approved last; None where nothing can be compared."""


async def show_list(visit: Visit, reader: Principal) -> Response:
    """List the templates: first those whose newest version waits for a decision."""
    found = rows((await visit.dependencies.templates.all()).values())
    drafts = [one for one in found if one.is_open]
    return visit.page(
        "prepared_list",
        drafts=drafts,
        others=[one for one in found if not one.is_open],
        decidable=await _decidable(visit, reader, drafts),
    )


async def lead_to_newest(visit: Visit, reader: Principal) -> Response:
    """Lead to the newest version of a template."""
    del reader
    template_id, _ = _named(visit)
    shown = await steps.shown(visit.dependencies, template_id, None)
    return _to_page(visit, template_id, shown.version.version)


async def show(visit: Visit, reader: Principal) -> Response:
    """Show one version with all that is approved, and what was decided about it."""
    return await _shown(visit, reader)


async def lead_back(visit: Visit, reader: Principal) -> Response:
    """Lead to the version whoever loads the address of a decision, which takes a form."""
    del reader
    return _to_page(visit, *_named(visit))


async def approve(visit: Visit, approver: Principal) -> Response:
    """Let people be warned with exactly the version that was shown."""
    template_id, version = _named(visit)
    try:
        seen = bytes.fromhex(TemplateApproval(sha256=visit.fields.get("sha256", "")).sha256)
    except ValidationError:
        # What is no hash at all was not seen, either.
        seen = b""
    try:
        await steps.approve(visit.dependencies, approver, template_id, version, seen)
    except RequestRefused as refused:
        return await _refused(visit, approver, refused, TemplateStep.APPROVE)
    return _to_page(visit, template_id, version)


async def reject(visit: Visit, approver: Principal) -> Response:
    """Say that a draft is wrong, for the reason that the person gives."""
    return await _withdraw(visit, approver, TemplateStep.REJECT)


async def retire(visit: Visit, approver: Principal) -> Response:
    """Take a version out of use, for the reason that the person gives."""
    return await _withdraw(visit, approver, TemplateStep.RETIRE)


async def _withdraw(visit: Visit, approver: Principal, step: TemplateStep) -> Response:
    at = _named(visit)
    try:
        wanted = TemplateWithdrawal(why=visit.fields.get("why", "").strip())
    except ValidationError:
        missing = visit.word("template_reason_missing")
        return await _shown(visit, approver, missing, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        await steps.withdraw(visit.dependencies, approver, step, at, wanted.why)
    except RequestRefused as refused:
        return await _refused(visit, approver, refused, step)
    return _to_page(visit, *at)


async def _refused(visit: Visit, who: Principal, refused: RequestRefused, step: TemplateStep) -> Response:
    """Show the version as it stands now, and why nothing was done. Who presses twice is led to what became of it."""
    if refused.type is ProblemType.NOT_FOUND:
        return visit.refusal(refused)
    template_id, number = _named(visit)
    version = (await steps.shown(visit.dependencies, template_id, number)).version
    taken = (
        (TemplateStep.RETIRE, version.retired_by)
        if step is TemplateStep.RETIRE and version.retired_at is not None
        else (version.decision, version.decided_by)
    )
    if taken == (step, who.actor):
        return _to_page(visit, template_id, number)
    detail = visit.nothing_done(refused)
    return await _shown(visit, who, detail, HTTPStatus(refused.status))


async def _shown(
    visit: Visit, reader: Principal, refusal: str = "", status: HTTPStatus = HTTPStatus.OK
) -> Response:
    shown = await steps.shown(visit.dependencies, *_named(visit))
    version, versions = shown
    before, live = _compared(shown), live_version(versions)
    return visit.page(
        "prepared_version",
        status,
        refusal=refusal,
        shown=version,
        sha256=version.sha256.hex(),
        versions=[*reversed(versions)],
        live=live.version if live else None,
        before=before.version if before else None,
        replaces=live is not None and live.version < version.version,
        # In a thread: a text of some thousand characters takes seconds to be cut to the parts of an SMS.
        said=await asyncio.to_thread(_said, visit, version, before),
        **_decisions(visit, reader, shown),
    )


def _decisions(visit: Visit, reader: Principal, shown: ShownVersion) -> dict[str, Any]:
    """Return which steps are offered to the person, and why it cannot approve, if it may decide at all."""
    version, versions = shown
    if not _decides(visit, reader):
        return {"may": set(), "hindrance": "", "is_reader": True}
    approving = step_hindered(reader, TemplateStep.APPROVE, version, versions)
    return {
        "may": _open_steps(reader, shown),
        "hindrance": approving.detail.in_language(visit.language)
        if approving and version.state is TemplateState.DRAFT
        else "",
        "is_reader": False,
    }


async def _decidable(visit: Visit, reader: Principal, drafts: Sequence[TemplateRow]) -> set[str]:
    """Return the templates about whose newest version the person can decide now. A list has no contents: those of
    drafts, which are few, are read for whoever may decide at all.
    """
    if not _decides(visit, reader):
        return set()
    shown = [await steps.shown(visit.dependencies, one.newest.template_id, None) for one in drafts]
    return {one.version.template_id for one in shown if _open_steps(reader, one)}


def _open_steps(reader: Principal, shown: ShownVersion) -> set[str]:
    """Return which steps the person can take about a version, if it may decide at all."""
    version, versions = shown
    return {
        step.value
        for step in TemplateStep
        # A draft is rejected: to retire it would say the same in another word.
        if (step is not TemplateStep.RETIRE or version.state is TemplateState.APPROVED)
        and step_hindered(reader, step, version, versions) is None
    }


def _decides(visit: Visit, reader: Principal) -> bool:
    """Whether the person decides about templates, somewhere: in the live service alone."""
    is_live = visit.environment is Environment.LIVE
    return is_live and any(reader.may(permission_of(step)) for step in TemplateStep)


def _compared(shown: ShownVersion) -> TemplateVersion | None:
    """Return the version with which this one is compared: the last that was approved, unless it is this one."""
    approved = last_approved(shown.versions)
    return approved if approved is not None and approved.version != shown.version.version else None


def _said(visit: Visit, version: TemplateVersion, before: TemplateVersion | None) -> _Said:
    template, earlier = _read(version), before and _read(before)
    if template is None:
        return _Said(False, [], [], [], None)
    places = {*template.municipalities, *(earlier.municipalities if earlier else ())}
    names = visit.dependencies.boundaries.names_of(places)
    texts = examples(template, visit.parts.sms_parts)
    return _Said(
        bool(texts),
        texts,
        facts(template, names, visit.word),
        [*check(template).findings],
        changes(earlier, template, names, visit.word) if earlier else None,
    )


def _read(version: TemplateVersion) -> Template | None:
    """Return what a version says; None where this release reads no such template any more."""
    try:
        return parse(version.content)
    except TemplateError:
        return None


def _named(visit: Visit) -> tuple[str, int]:
    """Return the template and the version in the address, 0 where it names none. Raises `RequestRefused` for what no
    template can be called.
    """
    template_id, version = (visit.request.path_params.get(name, "") for name in ("template_id", "version"))
    if not _ID.fullmatch(template_id) or (version and not _NUMBER.fullmatch(version)):
        raise not_there()
    return template_id, int(version or 0)


def _to_page(visit: Visit, template_id: str, version: int) -> Response:
    return visit.to(f"/templates/{template_id}/versions/{version}")
