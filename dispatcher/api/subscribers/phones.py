"""Lets a phone or browser subscribe, which has no secret but the token that it was shown once."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Path, Request

from dispatcher.access.permissions import Permission
from dispatcher.access.principals import Principal
from dispatcher.api.body import read_body
from dispatcher.api.credentials import bearer
from dispatcher.api.json_body import json_body
from dispatcher.api.openapi.refusals import refusals
from dispatcher.api.shedding import RequireInTurn, reading
from dispatcher.api.subscribers import answers, requests
from dispatcher.api.subscribers.bodies import SubscriberBody, SubscriberWanted
from dispatcher.api.subscribers.exported import ExportBody, export_body
from dispatcher.api.subscribers.requests import (
    BODY_REFUSED,
    Asker,
    InstallationName,
)
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.queue.sign_ups import line_of

if TYPE_CHECKING:
    from dispatcher.api.dependencies import ApiDependencies

PATH = "/v1/instances/{instance_id}/subscribers/{installation}"
InstanceName = Annotated[
    str,
    Path(
        description="the id of the app's instance, which is public",
        pattern=r"^[a-z0-9-]{1,40}$",
        examples=["dueren"],
    ),
]
OWNER = RequireInTurn(
    Permission.MANAGE_OWN_SUBSCRIPTION,
    {"instance_id": InstanceName, "installation": InstallationName},
    lambda places: places.enrolments,
)
Phone = Annotated[Principal, Depends(OWNER)]
READING_OWNER = reading(
    Permission.MANAGE_OWN_SUBSCRIPTION,
    waits_at=lambda places: places.enrolments,
    instance_id=InstanceName,
    installation=InstallationName,
)
ReadingPhone = Annotated[Principal, READING_OWNER]


def routes(dependencies: ApiDependencies) -> APIRouter:
    """Return the routes: the token says that it is the installation's owner who asks."""
    router = APIRouter(prefix=PATH, tags=["subscribers"])
    _subscribing(router, dependencies)
    _wishes(router, dependencies)
    _round_trips(router, dependencies)
    return router


def _subscribing(router: APIRouter, dependencies: ApiDependencies) -> None:
    @router.put(
        "",
        responses=refusals(
            *BODY_REFUSED,
            ProblemType.UNAUTHENTICATED,
            ProblemType.RATE_LIMITED,
            ProblemType.RECORD_UNAVAILABLE,
            ProblemType.SIGN_UPS_CLOSED,
        ),
        openapi_extra=json_body(SubscriberWanted, required=True),
        operation_id="subscribe",
    )
    async def put(
        instance_id: InstanceName, installation: InstallationName, request: Request
    ) -> SubscriberBody:
        """Subscribe, or replace all that this installation wants; send it at each start of the app. The first answer
        has the management token, with which all that follows is asked for: `Authorization: Bearer wt_…`. Until a first
        code came back, a request without it gets a new one.
        """
        enrolment = dependencies.enrolment
        token, client = bearer(request), requests.client_of(request)
        own = enrolment.installation(instance_id, installation)
        body = await read_body(request, requests.BODY_BYTES, client)
        async with requests.turn(request, client):
            instance = await enrolment.instance(instance_id)
            if instance is None or not (instance.is_open or (token and await enrolment.owner(own, token))):
                raise RequestRefused(ProblemType.NOT_FOUND, said(Phrase.NO_SUCH_INSTANCE))
            asker = Asker(own, instance.shown, client, token=token)
            await requests.require_few(dependencies, asker)
            # In the same turn: whoever was refused another had used up one of few sign-ups for nothing.
            return await requests.put(dependencies, asker, body)


def _wishes(router: APIRouter, dependencies: ApiDependencies) -> None:
    @router.get("", operation_id="getSubscription", dependencies=[READING_OWNER])
    async def show(instance_id: InstanceName, installation: InstallationName) -> SubscriberBody:
        """Show how the endpoints stand: which are active, when one last took a warning and when it last confirmed."""
        return answers.body_of(await requests.shown(dependencies, instance_id, installation))

    @router.get("/export", operation_id="exportSubscription")
    async def export(phone: ReadingPhone) -> ExportBody:
        """Give all that is kept, as JSON. That it was read is on the audit trail."""
        return export_body(await dependencies.enrolment.export(int(phone.id), phone.actor))

    @router.delete("", status_code=HTTPStatus.NO_CONTENT, operation_id="unsubscribe")
    async def leave(phone: Phone) -> None:
        """Erase what this installation wants, and its endpoints."""
        await dependencies.enrolment.leave(int(phone.id))
        dependencies.metrics.subscribers_ended.labels("left").inc()


def _round_trips(router: APIRouter, dependencies: ApiDependencies) -> None:
    @router.post(
        "/proof",
        **requests.PROVING,
        operation_id="proveOwnEndpoint",
    )
    async def prove(phone: Phone, request: Request) -> None:
        """Bring back a code that came to one of the endpoints: of a new one, which is active then, or of a test."""
        await requests.prove(dependencies, int(phone.id), phone.actor, request)

    @router.post(
        "/code",
        **requests.ASKING,
        operation_id="askOwnCode",
        dependencies=[Depends(OWNER)],
    )
    async def code(
        instance_id: InstanceName, installation: InstallationName, request: Request
    ) -> SubscriberBody:
        """Send an SMS with six digits to a number that waits for its proof; they hold for 15 minutes, and those before
        hold no more. Ask when somebody presses the button for it: each SMS costs, and there are few in a day.
        """
        found = await requests.shown(dependencies, instance_id, installation)
        client = requests.client_of(request)
        body = await read_body(request, requests.CODE_BYTES, client)
        return await requests.ask_code(dependencies, found, body, line_of(client))

    @router.post(
        "/test",
        **requests.TESTING,
        operation_id="testSubscription",
        dependencies=[Depends(OWNER)],
    )
    async def test(instance_id: InstanceName, installation: InstallationName) -> SubscriberBody:
        """Send a test to all active endpoints; ask again to see what came back. One in 30 s."""
        found = await requests.shown(dependencies, instance_id, installation)
        return await requests.test(dependencies, found)
