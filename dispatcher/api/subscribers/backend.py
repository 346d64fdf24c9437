"""Lets a municipality's backend enrol the people of its app, with the instance's key."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Request

from dispatcher.access.permissions import Permission
from dispatcher.access.principals import Principal
from dispatcher.api.authentication import require
from dispatcher.api.body import read_body
from dispatcher.api.json_body import json_body
from dispatcher.api.openapi.refusals import refusals
from dispatcher.api.shedding import reading
from dispatcher.api.subscribers import answers, requests
from dispatcher.api.subscribers.bodies import SubscriberBody, SubscriberWanted
from dispatcher.api.subscribers.exported import ExportBody, export_body
from dispatcher.api.subscribers.requests import (
    BODY_REFUSED,
    Asker,
    InstallationName,
)

if TYPE_CHECKING:
    from dispatcher.api.dependencies import ApiDependencies

PATH = "/v1/instance/subscribers/{installation}"
Backend = Annotated[Principal, Depends(require(Permission.MANAGE_SUBSCRIBERS, installation=InstallationName))]
Reader = Annotated[Principal, reading(Permission.MANAGE_SUBSCRIBERS, installation=InstallationName)]


def routes(dependencies: ApiDependencies) -> APIRouter:
    """Return the routes: the key says which instance."""
    router = APIRouter(prefix=PATH, tags=["subscribers"])
    _wishes(router, dependencies)
    _round_trips(router, dependencies)
    return router


def _wishes(router: APIRouter, dependencies: ApiDependencies) -> None:
    @router.put(
        "",
        responses=refusals(*BODY_REFUSED),
        openapi_extra=json_body(SubscriberWanted, required=True),
        operation_id="setSubscriber",
    )
    async def put(instance: Backend, installation: InstallationName, request: Request) -> SubscriberBody:
        """Replace all that an installation of the instance's app wants; send it at each start of the app. The same once
        more changes nothing. An endpoint that is new is told of nothing until the code that is sent to it came back.
        """
        own = dependencies.enrolment.installation(instance.id, installation)
        asker = Asker(own, instance.territory, instance.actor, trusted=True)
        body = await read_body(request, requests.BODY_BYTES, asker.client)
        async with requests.turn(request, asker.client):
            return await requests.put(dependencies, asker, body)

    @router.get("", operation_id="getSubscriber")
    async def show(instance: Reader, installation: InstallationName) -> SubscriberBody:
        """Show how an installation's endpoints stand: which are active, when one last took a warning and when it last
        confirmed.
        """
        return answers.body_of(await requests.shown(dependencies, instance.id, installation))

    @router.get("/export", operation_id="exportSubscriber")
    async def export(instance: Reader, installation: InstallationName) -> ExportBody:
        """Give all that is kept of an installation, as JSON. That it was read is on the audit trail."""
        found = await requests.shown(dependencies, instance.id, installation)
        return export_body(await dependencies.enrolment.export(found.subscriber.number, instance.actor))

    @router.delete("", status_code=HTTPStatus.NO_CONTENT, operation_id="removeSubscriber")
    async def leave(instance: Backend, installation: InstallationName) -> None:
        """Erase an installation: what it wants, and its endpoints. Where there is none, nothing happens."""
        found = await dependencies.enrolment.shown(
            dependencies.enrolment.installation(instance.id, installation)
        )
        if found is not None:
            await dependencies.enrolment.leave(found.subscriber.number)
            dependencies.metrics.subscribers_ended.labels("left").inc()


def _round_trips(router: APIRouter, dependencies: ApiDependencies) -> None:
    @router.post(
        "/proof",
        **requests.PROVING,
        operation_id="proveEndpoint",
    )
    async def prove(instance: Backend, installation: InstallationName, request: Request) -> None:
        """Bring back a code that came to one of the endpoints: of a new one, which is active then, or of a test."""
        found = await requests.shown(dependencies, instance.id, installation)
        await requests.prove(dependencies, found.subscriber.number, instance.actor, request)

    @router.post(
        "/code",
        **requests.ASKING,
        operation_id="askCode",
    )
    async def code(instance: Backend, installation: InstallationName, request: Request) -> SubscriberBody:
        """Send an SMS with six digits to a number that waits for its proof; they hold for 15 minutes, and those before
        hold no more. Ask when somebody presses the button for it: each SMS costs, and there are few in a day.
        """
        found = await requests.shown(dependencies, instance.id, installation)
        body = await read_body(request, requests.CODE_BYTES, instance.actor)
        return await requests.ask_code(dependencies, found, body, None)

    @router.post(
        "/test",
        **requests.TESTING,
        operation_id="testSubscriber",
    )
    async def test(instance: Backend, installation: InstallationName) -> SubscriberBody:
        """Send a test to all active endpoints; ask again to see what came back. One in 30 s."""
        found = await requests.shown(dependencies, instance.id, installation)
        return await requests.test(dependencies, found)
