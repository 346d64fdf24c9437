"""Show a person what waits for a second one, and carry out what it decides: for the routes of the API and for the pages
of the console, which differ in nothing but how they say it.
"""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from dispatcher.access.permissions import Permission
from dispatcher.api.approvals.territory import holds_in, require_role
from dispatcher.intake.four_eyes.deciding import Decider, DecisionRefused
from dispatcher.intake.four_eyes.states import DecisionRefusal, refused_person, refused_rejection
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said

if TYPE_CHECKING:
    from collections.abc import Awaitable, Collection, Mapping
    from datetime import datetime

    from dispatcher.access.principals import Principal
    from dispatcher.api.dependencies import ApiDependencies
    from dispatcher.intake.four_eyes.deciding import ShownMessage
    from dispatcher.model.approval.request import ApprovalRequest

_PHRASE_OF: Final[Mapping[DecisionRefusal, Phrase]] = MappingProxyType(
    {
        DecisionRefusal.NO_REQUEST: Phrase.NO_SUCH_APPROVAL,
        DecisionRefusal.APPROVED: Phrase.APPROVED_BEFORE,
        DecisionRefusal.REJECTED: Phrase.REJECTED_BEFORE,
        DecisionRefusal.RELEASED: Phrase.RELEASED_BEFORE,
        DecisionRefusal.VOID: Phrase.APPROVAL_VOID,
        DecisionRefusal.EXPIRED: Phrase.APPROVAL_EXPIRED,
        DecisionRefusal.CHANGED: Phrase.APPROVAL_CHANGED,
        DecisionRefusal.NOT_SEEN: Phrase.APPROVAL_NOT_SEEN,
        DecisionRefusal.OWN: Phrase.APPROVAL_OWN,
        DecisionRefusal.NOT_SENDABLE: Phrase.APPROVAL_NOT_SENDABLE,
        # Which the policy alone can hear.
        DecisionRefusal.NOT_DUE: Phrase.APPROVAL_NOT_SENDABLE,
        DecisionRefusal.IN_DOUBT: Phrase.APPROVAL_NOT_SENDABLE,
    }
)


async def shown(dependencies: ApiDependencies, reader: Principal, alert_id: str) -> ShownMessage:
    """Return all that a person is shown of a message of its environment. Raises `RequestRefused` where nothing is asked
    about it.
    """
    await _require_own(dependencies, reader, alert_id)
    found = await dependencies.four_eyes.shown(alert_id)
    if found is None:
        raise RequestRefused(ProblemType.NOT_FOUND, said(Phrase.NO_SUCH_APPROVAL))
    return found


async def approve(dependencies: ApiDependencies, approver: Principal, alert_id: str, binding: str) -> None:
    """Send the message with this binding, of what was shown. Raises `RequestRefused`, which says why it is not sent."""
    await _require_own(dependencies, approver, alert_id)
    await _carried_out(dependencies.four_eyes.approve(alert_id, _decider(approver), binding))


async def reject(dependencies: ApiDependencies, approver: Principal, alert_id: str, why: str) -> None:
    """Never send the message. Raises `RequestRefused`, which says why nothing is changed."""
    await _require_own(dependencies, approver, alert_id)
    await _carried_out(dependencies.four_eyes.reject(alert_id, _decider(approver), why))


def may_approve(person: Principal, request: ApprovalRequest, codes: Collection[str], now: datetime) -> bool:
    """Whether a person's approval would take effect, as far as it is known before it is tried: for the message's
    municipalities (AGS), not yet for those of what it changes.
    """
    hindered = refused_person(request, person.author, now)
    return hindered is None and holds_in(person, Permission.APPROVE_ALERTS, codes)


def may_reject(person: Principal, request: ApprovalRequest, codes: Collection[str], now: datetime) -> bool:
    """Whether a person's rejection would take effect, as `may_approve`."""
    return refused_rejection(request, now) is None and holds_in(person, Permission.APPROVE_ALERTS, codes)


def refusal_phrase(refusal: DecisionRefusal) -> Phrase:
    """Return what is said of a decision that takes no effect."""
    return _PHRASE_OF[refusal]


async def _require_own(dependencies: ApiDependencies, person: Principal, alert_id: str) -> None:
    """Require that the message is of the person's environment. Raises `RequestRefused` as for one that is nowhere."""
    alert = await dependencies.alerts.get(alert_id)
    if alert is None or alert.environment is not person.environment:
        raise RequestRefused(ProblemType.NOT_FOUND, said(Phrase.NO_SUCH_APPROVAL))


def _decider(approver: Principal) -> Decider:
    """Return who decides: where a role allows it, also of what the message changes or ends."""
    require = partial(require_role, approver, Permission.APPROVE_ALERTS)
    return Decider(approver.author, approver.actor, require)


async def _carried_out(decision: Awaitable[object]) -> None:
    try:
        await decision
    except DecisionRefused as refused:
        missing = refused.refusal is DecisionRefusal.NO_REQUEST
        type_ = ProblemType.NOT_FOUND if missing else ProblemType.CONFLICT
        raise RequestRefused(type_, said(refusal_phrase(refused.refusal))) from refused
