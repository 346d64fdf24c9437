"""Persons: read what waits for a second person, approve or reject it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Depends, Request

from dispatcher.access.permissions import Permission
from dispatcher.access.principals import Principal
from dispatcher.api.alerts import AlertId
from dispatcher.api.approvals import deciding
from dispatcher.api.approvals.bodies import (
    ApprovalList,
    ApprovalWanted,
    RejectionWanted,
    ShownBody,
    approval_body,
    shown_body,
)
from dispatcher.api.authentication import require
from dispatcher.api.body import read_body
from dispatcher.api.json_body import BODY_REFUSED, Wanted, json_body, parsed
from dispatcher.api.openapi.refusals import refusals
from dispatcher.api.shedding import reading
from dispatcher.model.problems import ProblemType
from dispatcher.model.sentences.phrases import Phrase

if TYPE_CHECKING:
    from dispatcher.api.dependencies import ApiDependencies

BODY_BYTES: Final = 4_096
Lister = Annotated[Principal, reading(Permission.READ_APPROVALS)]
Reader = Annotated[Principal, reading(Permission.READ_APPROVALS, alert_id=AlertId)]
Approver = Annotated[Principal, Depends(require(Permission.APPROVE_ALERTS, alert_id=AlertId))]
_REFUSED: Final = (*BODY_REFUSED, ProblemType.NOT_FOUND, ProblemType.INVALID_REQUEST, ProblemType.CONFLICT)


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
        return shown_body(await deciding.shown(dependencies, reader, alert_id))


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
        await deciding.approve(dependencies, approver, alert_id, wanted.binding)
        return shown_body(await deciding.shown(dependencies, approver, alert_id))

    @router.post(
        "/{alert_id}/reject",
        responses=refusals(*_REFUSED, ProblemType.OUTSIDE_TERRITORY),
        openapi_extra=json_body(RejectionWanted, required=True),
        operation_id="rejectAlert",
    )
    async def reject(approver: Approver, alert_id: AlertId, request: Request) -> ShownBody:
        """Never send the message. Its author may reject it, too."""
        wanted = await _wanted(RejectionWanted, request, approver)
        await deciding.reject(dependencies, approver, alert_id, wanted.why)
        return shown_body(await deciding.shown(dependencies, approver, alert_id))


async def _wanted(model: type[Wanted], request: Request, approver: Principal) -> Wanted:
    body = await read_body(request, BODY_BYTES, approver.actor)
    return parsed(model, body, ProblemType.INVALID_REQUEST, Phrase.PARAMETERS_WRONG)
