"""Persons: read what waits for a second person, approve or reject it."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Depends, Request

from dispatcher.access.permissions import Permission
from dispatcher.access.principals import Principal
from dispatcher.api.alerts import AlertId
from dispatcher.api.approvals.bodies import (
    ApprovalList,
    ApprovalWanted,
    RejectionWanted,
    ShownBody,
    approval_body,
    shown_body,
)
from dispatcher.api.approvals.territory import require_role
from dispatcher.api.authentication import require
from dispatcher.api.body import read_body
from dispatcher.api.json_body import BODY_REFUSED, Wanted, json_body, parsed
from dispatcher.api.openapi.refusals import refusals
from dispatcher.api.shedding import reading
from dispatcher.intake.four_eyes.deciding import Decider, DecisionRefused
from dispatcher.intake.four_eyes.states import DecisionRefusal
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from dispatcher.api.dependencies import ApiDependencies
    from dispatcher.intake.four_eyes.deciding import ShownMessage

BODY_BYTES: Final = 4_096
Lister = Annotated[Principal, reading(Permission.READ_APPROVALS)]
Reader = Annotated[Principal, reading(Permission.READ_APPROVALS, alert_id=AlertId)]
Approver = Annotated[Principal, Depends(require(Permission.APPROVE_ALERTS, alert_id=AlertId))]
_REFUSED: Final = (*BODY_REFUSED, ProblemType.NOT_FOUND, ProblemType.INVALID_REQUEST, ProblemType.CONFLICT)
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


def routes(dependencies: ApiDependencies) -> APIRouter:
    """Return the routes below `/v1/approvals`."""
    router = APIRouter(prefix="/v1/approvals", tags=["approvals"])
    _reading(router, dependencies)
    _deciding(router, dependencies)
    return router


def _reading(router: APIRouter, dependencies: ApiDependencies) -> None:
    @router.get("", operation_id="listApprovals")
    async def listed(reader: Lister) -> ApprovalList:
        """List what waits for a second person, or for the policy's timers, the longest waiting first."""
        del reader
        waiting, now = await dependencies.approvals.waiting(), await dependencies.approvals.now()
        return ApprovalList(approvals=[approval_body(one, now) for one in waiting])

    @router.get("/{alert_id}", responses=refusals(ProblemType.NOT_FOUND), operation_id="getApproval")
    async def shown(reader: Reader, alert_id: AlertId) -> ShownBody:
        """Show all that is approved by whoever approves: texts, municipalities, number of people, and the hash over
        them.
        """
        del reader
        return shown_body(await _shown(dependencies, alert_id))


def _deciding(router: APIRouter, dependencies: ApiDependencies) -> None:
    @router.post(
        "/{alert_id}/approve",
        responses=refusals(*_REFUSED, ProblemType.OUTSIDE_TERRITORY),
        openapi_extra=json_body(ApprovalWanted, required=True),
        operation_id="approveAlert",
    )
    async def approve(approver: Approver, alert_id: AlertId, request: Request) -> ShownBody:
        """Send the message that was shown, to as many people as were shown and few more. Nobody approves what is their
        own. Whoever comes late hears what was decided.
        """
        wanted = await _wanted(ApprovalWanted, request, approver)
        decision = dependencies.four_eyes.approve(alert_id, _decider(approver), wanted.binding)
        return await _decided(dependencies, alert_id, decision)

    @router.post(
        "/{alert_id}/reject",
        responses=refusals(*_REFUSED, ProblemType.OUTSIDE_TERRITORY),
        openapi_extra=json_body(RejectionWanted, required=True),
        operation_id="rejectAlert",
    )
    async def reject(approver: Approver, alert_id: AlertId, request: Request) -> ShownBody:
        """Never send the message. Its author may reject it, too."""
        wanted = await _wanted(RejectionWanted, request, approver)
        decision = dependencies.four_eyes.reject(alert_id, _decider(approver), wanted.why)
        return await _decided(dependencies, alert_id, decision)


async def _wanted(model: type[Wanted], request: Request, approver: Principal) -> Wanted:
    body = await read_body(request, BODY_BYTES, approver.actor)
    return parsed(model, body, ProblemType.INVALID_REQUEST, Phrase.PARAMETERS_WRONG)


async def _decided(dependencies: ApiDependencies, alert_id: str, decision: Awaitable[object]) -> ShownBody:
    """Return what is shown once the decision has taken effect. Raises `RequestRefused`."""
    try:
        await decision
    except DecisionRefused as refused:
        raise _problem(refused) from refused
    return shown_body(await _shown(dependencies, alert_id))


def _decider(approver: Principal) -> Decider:
    """Return who decides: where a role allows it, also of what the message changes or ends."""
    require = partial(require_role, approver, Permission.APPROVE_ALERTS)
    return Decider(approver.author, approver.actor, require)


async def _shown(dependencies: ApiDependencies, alert_id: str) -> ShownMessage:
    found = await dependencies.four_eyes.shown(alert_id)
    if found is None:
        raise RequestRefused(ProblemType.NOT_FOUND, said(Phrase.NO_SUCH_APPROVAL))
    return found


def _problem(refused: DecisionRefused) -> RequestRefused:
    missing = refused.refusal is DecisionRefusal.NO_REQUEST
    type_ = ProblemType.NOT_FOUND if missing else ProblemType.CONFLICT
    return RequestRefused(type_, said(_PHRASE_OF[refused.refusal]))
