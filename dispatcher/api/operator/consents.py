"""Lets an operator away from the machine record which neighbour lets its warnings be shown in which app."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Path, Request

from dispatcher.access.keys import KEY_ID_PATTERN
from dispatcher.access.permissions import Permission
from dispatcher.access.principals import Principal
from dispatcher.api.authentication import require
from dispatcher.api.body import read_body
from dispatcher.api.instances.bodies import ConsentBody, ConsentWanted
from dispatcher.api.instances.profile import CONSENT_BYTES
from dispatcher.api.json_body import BODY_REFUSED, json_body, parsed
from dispatcher.api.openapi.refusals import refusals
from dispatcher.api.operator.instances import InstanceId
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.store.keys import NoSuchBearer

if TYPE_CHECKING:
    from dispatcher.api.dependencies import ApiDependencies

OtherId = Annotated[
    str,
    Path(
        pattern=f"^{KEY_ID_PATTERN.pattern}$",
        description="Id of the instance that shows its warnings.",
        examples=["dueren"],
    ),
]
Operator = Annotated[
    Principal, Depends(require(Permission.MANAGE_INSTANCES, instance_id=InstanceId, other_id=OtherId))
]


def routes(dependencies: ApiDependencies) -> APIRouter:
    """Return the routes below `/v1/operator/instances/{instance_id}/consents`."""
    router = APIRouter(prefix="/v1/operator/instances/{instance_id}/consents", tags=["operator"])

    @router.put(
        "/{other_id}",
        responses=refusals(*BODY_REFUSED, ProblemType.NOT_FOUND, ProblemType.INVALID_REQUEST),
        openapi_extra=json_body(ConsentWanted, required=True),
        operation_id="recordConsent",
    )
    async def consent(
        operator: Operator, instance_id: InstanceId, other_id: OtherId, request: Request
    ) -> ConsentBody:
        """Record that somebody of the instance's lets another instance show its warnings: `given_by` says who. It may
        do so itself, with its own key. The same request once more changes nothing.
        """
        body = await read_body(request, CONSENT_BYTES, operator.actor)
        wanted = parsed(ConsentWanted, body, ProblemType.INVALID_REQUEST, Phrase.PARAMETERS_WRONG)
        try:
            found = await dependencies.neighbours.consent(
                instance_id, other_id, wanted.given_by, operator.actor
            )
        except NoSuchBearer:
            raise RequestRefused(ProblemType.NOT_FOUND, said(Phrase.NO_SUCH_ID)) from None
        return ConsentBody(instance=other_id, given_by=found.given_by, given_at=found.given_at)

    @router.delete("/{other_id}", status_code=HTTPStatus.NO_CONTENT, operation_id="withdrawRecordedConsent")
    async def withdraw(operator: Operator, instance_id: InstanceId, other_id: OtherId) -> None:
        """Record that the consent is withdrawn: from now on the other instance shows nothing more of this one's. Where
        there is none, nothing happens.
        """
        await dependencies.neighbours.withdraw(instance_id, other_id, operator.actor)

    return router
