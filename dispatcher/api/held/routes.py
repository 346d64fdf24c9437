"""Operators: read what waits for a person, release or discard it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Depends, Request

from dispatcher.access.permissions import Permission
from dispatcher.access.principals import Principal
from dispatcher.api.alerts import AlertId
from dispatcher.api.authentication import require
from dispatcher.api.body import read_body
from dispatcher.api.held import deciding
from dispatcher.api.held.bodies import (
    DiscardWanted,
    HeldList,
    ReleaseWanted,
    ShownHeldBody,
    held_body,
    shown_held_body,
)
from dispatcher.api.json_body import BODY_REFUSED, Wanted, json_body, parsed
from dispatcher.api.openapi.refusals import refusals
from dispatcher.api.shedding import reading
from dispatcher.model.problems import ProblemType
from dispatcher.model.sentences.phrases import Phrase

if TYPE_CHECKING:
    from dispatcher.api.dependencies import ApiDependencies

BODY_BYTES: Final = 4_096
Lister = Annotated[Principal, reading(Permission.READ_HELD)]
Reader = Annotated[Principal, reading(Permission.READ_HELD, alert_id=AlertId)]
Decider = Annotated[Principal, Depends(require(Permission.DECIDE_HELD, alert_id=AlertId))]
_REFUSED: Final = (*BODY_REFUSED, ProblemType.NOT_FOUND, ProblemType.INVALID_REQUEST, ProblemType.CONFLICT)


def routes(dependencies: ApiDependencies) -> APIRouter:
    """Return the routes below `/v1/held`."""
    router = APIRouter(prefix="/v1/held", tags=["held"])

    @router.get("", operation_id="listHeld")
    async def listed(reader: Lister) -> HeldList:
        """List what waits for a person, the longest waiting first; also what waits for a second one."""
        found = await deciding.waiting(dependencies, reader)
        return HeldList(held=[held_body(one) for one in found.alerts])

    @router.get("/{alert_id}", responses=refusals(ProblemType.NOT_FOUND), operation_id="getHeld")
    async def shown(reader: Reader, alert_id: AlertId) -> ShownHeldBody:
        """Show why a message waits, what people would read, where, and how many they are."""
        return shown_held_body(await deciding.shown(dependencies, reader, alert_id))

    @router.post(
        "/{alert_id}/release",
        responses=refusals(*_REFUSED, ProblemType.OUTSIDE_TERRITORY),
        openapi_extra=json_body(ReleaseWanted, required=True),
        operation_id="releaseHeld",
    )
    async def release(decider: Decider, alert_id: AlertId, request: Request) -> ShownHeldBody:
        """Send the message, to the target that was shown and to few more people than were shown. 409 says why not."""
        wanted = await _wanted(ReleaseWanted, request, decider)
        seen = wanted.target_sha256, wanted.people
        await deciding.release(dependencies, decider, alert_id, wanted.why, seen)
        return shown_held_body(await deciding.shown(dependencies, decider, alert_id))

    @router.post(
        "/{alert_id}/discard",
        responses=refusals(*_REFUSED, ProblemType.OUTSIDE_TERRITORY),
        openapi_extra=json_body(DiscardWanted, required=True),
        operation_id="discardHeld",
    )
    async def discard(decider: Decider, alert_id: AlertId, request: Request) -> ShownHeldBody:
        """Never send the message."""
        wanted = await _wanted(DiscardWanted, request, decider)
        await deciding.discard(dependencies, decider, alert_id, wanted.why)
        return shown_held_body(await deciding.shown(dependencies, decider, alert_id))

    return router


async def _wanted(model: type[Wanted], request: Request, decider: Principal) -> Wanted:
    body = await read_body(request, BODY_BYTES, decider.actor)
    return parsed(model, body, ProblemType.INVALID_REQUEST, Phrase.PARAMETERS_WRONG)
