"""People at a desk: read what is open and who has taken over before, and take over."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response

from dispatcher.access.permissions import Permission
from dispatcher.access.principals import Principal
from dispatcher.api.alerts import NAMES
from dispatcher.api.authentication import require
from dispatcher.api.body import read_body
from dispatcher.api.json_body import BODY_REFUSED, json_body, parsed
from dispatcher.api.openapi.refusals import refusals
from dispatcher.api.shedding import reading
from dispatcher.api.shifts.bodies import HandoverBody, ShiftWanted, handover_body
from dispatcher.api.shifts.taking_over import earlier_shifts, open_now, take_over
from dispatcher.model.problems import ProblemType
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.vocabulary import API_PREFIX

if TYPE_CHECKING:
    from dispatcher.api.alerts import OperationNames
    from dispatcher.api.dependencies import ApiDependencies

BODY_BYTES: Final = 4_096
Follower = Annotated[Principal, reading(Permission.READ_ALERTS)]
Successor = Annotated[Principal, Depends(require(Permission.TAKE_OVER))]
TAKEN: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "This form was written down before; nothing is written twice.",
        "model": HandoverBody,
    },
    201: {"description": "It is written down who took over."},
}


def routes(dependencies: ApiDependencies) -> APIRouter:
    """Return the routes `/v1/shifts`, and their twins for exercises."""
    both = APIRouter()
    for environment, prefix in API_PREFIX.items():
        names = NAMES[environment]
        router = APIRouter(prefix=f"{prefix}/shifts", tags=[names.tag])
        _shifts(router, dependencies, names)
        both.routes.extend(router.routes)
    return both


def _shifts(router: APIRouter, dependencies: ApiDependencies, names: OperationNames) -> None:
    async def shown(reader: Principal) -> HandoverBody:
        matters, begun = await open_now(dependencies, reader), await earlier_shifts(dependencies, reader)
        return handover_body(matters, begun)

    @router.get("", operation_id=f"get{names.one}Shifts")
    async def handover(reader: Follower) -> HandoverBody:
        """Show what is open, and who has taken over before: at the desk of the control centre, to a person who may read
        any alert of all.
        """
        return await shown(reader)

    @router.post(
        "",
        status_code=HTTPStatus.CREATED,
        responses=TAKEN | refusals(*BODY_REFUSED, ProblemType.INVALID_REQUEST),
        openapi_extra=json_body(ShiftWanted, required=True),
        operation_id=f"take{names.one}Shift",
    )
    async def take(successor: Successor, request: Request, response: Response) -> HandoverBody:
        """Write down that one takes over, and what is open. Nothing else changes by it: who is on duty says the
        roster.
        """
        body = await read_body(request, BODY_BYTES, successor.actor)
        wanted = parsed(ShiftWanted, body, ProblemType.INVALID_REQUEST, Phrase.PARAMETERS_WRONG)
        if not await take_over(dependencies, successor, wanted.note.strip(), wanted.form or ""):
            response.status_code = HTTPStatus.OK
        return await shown(successor)
