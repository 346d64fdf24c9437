"""Show a person a version of a template, and carry out what it decides about it: for the routes of the API and for the
pages of the console, which differ in nothing but how they say it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from dispatcher.api.templates.deciding import not_there, permission_of, places_outside_role, step_refused
from dispatcher.model.templates.version import TemplateStep
from dispatcher.model.vocabulary import Environment

if TYPE_CHECKING:
    from dispatcher.access.principals import Principal
    from dispatcher.api.dependencies import ApiDependencies
    from dispatcher.model.problems import RequestRefused
    from dispatcher.model.templates.version import TemplateVersion


class ShownVersion(NamedTuple):
    """A version, and all that there are of its template, the oldest first."""

    version: TemplateVersion
    versions: list[TemplateVersion]


async def shown(dependencies: ApiDependencies, template_id: str, version: int | None) -> ShownVersion:
    """Return a version, the newest one unless another is named. Raises `RequestRefused` where there is none."""
    versions = await dependencies.templates.versions(template_id)
    found = [one for one in versions if version is None or one.version == version]
    if not found:
        raise not_there()
    return ShownVersion(found[-1], versions)


async def approve(
    dependencies: ApiDependencies, approver: Principal, template_id: str, version: int, seen: bytes
) -> None:
    """Let people be warned with the version of which this hash was seen. Raises `RequestRefused`, which says why."""
    await _take(dependencies, approver, TemplateStep.APPROVE, (template_id, version), seen=seen)


async def withdraw(
    dependencies: ApiDependencies,
    who: Principal,
    step: TemplateStep,
    at: tuple[str, int],
    why: str,
) -> None:
    """Reject or retire a version, by its template's id and its number. Raises `RequestRefused`."""
    await _take(dependencies, who, step, at, why=why)


async def _take(
    dependencies: ApiDependencies,
    who: Principal,
    step: TemplateStep,
    at: tuple[str, int],
    *,
    seen: bytes = b"",
    why: str = "",
) -> None:
    if who.environment is not Environment.LIVE:
        # Templates are the live service's; exercises read them and decide nothing.
        raise not_there()
    outside: list[RequestRefused] = []

    def may(one: TemplateVersion) -> bool:
        refusal = places_outside_role(who, permission_of(step), json.loads(one.content))
        outside.extend([refusal] if refusal else [])
        return refusal is None

    taken = await dependencies.templates.take(
        step, *at, who.actor, person=who.author, seen=seen, why=why, may=may
    )
    if taken.refusal is not None:
        raise outside[0] if outside else step_refused(taken.refusal)
