"""Say who may do what with a template, and which version a warning is made of. Pure; each says so by a
`RequestRefused`.
"""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from dispatcher.access.permissions import Permission
from dispatcher.api.approvals.territory import require_role
from dispatcher.intake.requirements import as_error, require_territory
from dispatcher.model.alerts import AffectedMunicipality
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.model.templates.version import (
    TemplateRefusal,
    TemplateStep,
    last_approved,
    live_version,
    refusal_of,
    rehearsed_version,
)
from dispatcher.model.vocabulary import Environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cap import Finding
    from dispatcher.access.principals import Principal
    from dispatcher.model.templates.version import TemplateVersion
    from dispatcher.templates.template import Template

_PHRASE_OF: Final[Mapping[TemplateRefusal, Phrase]] = MappingProxyType(
    {
        TemplateRefusal.NONE_THERE: Phrase.NO_SUCH_TEMPLATE,
        TemplateRefusal.DECIDED: Phrase.TEMPLATE_DECIDED,
        TemplateRefusal.OWN: Phrase.TEMPLATE_OWN,
        TemplateRefusal.NOT_SEEN: Phrase.TEMPLATE_NOT_SEEN,
        TemplateRefusal.FOREIGN: Phrase.TEMPLATE_OUTSIDE_TERRITORY,
    }
)


def not_there() -> RequestRefused:
    """Return the refusal of a template or version that there is none of."""
    return RequestRefused(ProblemType.NOT_FOUND, said(Phrase.NO_SUCH_TEMPLATE))


def refused(problem: ProblemType, phrase: Phrase, faults: Sequence[Finding]) -> RequestRefused:
    """Return a refusal that names every fault with its place."""
    return RequestRefused(problem, said(phrase), tuple(as_error(one) for one in faults))


def step_refused(refusal: TemplateRefusal) -> RequestRefused:
    """Return how somebody is told that a step is not taken."""
    if refusal is TemplateRefusal.NONE_THERE:
        return not_there()
    is_foreign = refusal is TemplateRefusal.FOREIGN
    problem = ProblemType.OUTSIDE_TERRITORY if is_foreign else ProblemType.CONFLICT
    return RequestRefused(problem, said(_PHRASE_OF[refusal]))


def require_own_places(principal: Principal, template: Template, names: Mapping[str, str]) -> None:
    """Require that whoever saves a template may warn the municipalities that it presets."""
    places = [(ags, names.get(ags, ags)) for ags in template.municipalities]
    require_territory(principal, places, Phrase.AREA_OUTSIDE_TERRITORY)


def places_outside_role(
    person: Principal, permission: Permission, members: Mapping[str, Any]
) -> RequestRefused | None:
    """Return the refusal of `require_places_of_role`; None where the role holds."""
    try:
        require_places_of_role(person, permission, members)
    except RequestRefused as refusal:
        return refusal
    return None


def require_places_of_role(person: Principal, permission: Permission, members: Mapping[str, Any]) -> None:
    """Require that a person's role holds where a template warns by itself; everywhere where it presets no area."""
    places = [AffectedMunicipality(ags, ags, "", 1.0) for ags in members["municipalities"]]
    require_role(person, permission, places, Phrase.TEMPLATE_OUTSIDE_TERRITORY)


def permission_of(step: TemplateStep) -> Permission:
    """Return what a person must be allowed to do who takes the step."""
    is_approval = step is TemplateStep.APPROVE
    return Permission.APPROVE_TEMPLATES if is_approval else Permission.WITHDRAW_TEMPLATES


def step_hindered(
    person: Principal, step: TemplateStep, one: TemplateVersion, versions: Sequence[TemplateVersion]
) -> RequestRefused | None:
    """Return how a person would be refused who takes a step about the version that is shown, as far as it is known
    before it is tried; None where the step would be taken. `versions` are all of the template.
    """
    if refusal := refusal_of(one, step, person.author, one.sha256):
        return step_refused(refusal)
    replaced = last_approved(versions) if step is TemplateStep.APPROVE else None
    for concerned in (one, replaced):
        if concerned is not None:
            members = json.loads(concerned.content)
            if outside := places_outside_role(person, permission_of(step), members):
                return outside
    return None


def version_to_fill(
    versions: Sequence[TemplateVersion], wanted: int | None, environment: Environment
) -> TemplateVersion:
    """Return the version that a message is made of: of a warning the approved one alone, of an exercise any that nobody
    has said is wrong.
    """
    if not versions:
        raise not_there()
    is_exercise = environment is Environment.EXERCISE
    usual = rehearsed_version(versions) if is_exercise else live_version(versions)
    if wanted is None:
        found = usual
    else:
        found = next((one for one in versions if one.version == wanted), None)
        if found is None:
            raise not_there()
        if not (found.may_be_rehearsed if is_exercise else found == usual):
            found = None
    if found is None:
        raise RequestRefused(ProblemType.CONFLICT, said(Phrase.TEMPLATE_NOT_APPROVED))
    return found
