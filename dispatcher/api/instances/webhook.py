"""Lets municipalities' apps register their webhook, rotate its secret, try it and take it back."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Request, Response

from dispatcher.access.permissions import Permission
from dispatcher.access.principals import Principal
from dispatcher.api.authentication import require
from dispatcher.api.instances import webhook_requests as requests
from dispatcher.api.instances.bodies import WebhookBody
from dispatcher.api.instances.webhook_requests import WebhookOwner
from dispatcher.api.openapi.refusals import refusals
from dispatcher.api.shedding import reading
from dispatcher.model.problems import ProblemType

if TYPE_CHECKING:
    from dispatcher.api.dependencies import ApiDependencies

Instance = Annotated[Principal, Depends(require(Permission.MANAGE_WEBHOOK))]
Reader = Annotated[Principal, reading(Permission.MANAGE_WEBHOOK)]


def routes(dependencies: ApiDependencies) -> APIRouter:
    """Return the routes below `/v1/instance/webhook`: the key says which instance."""
    router = APIRouter(prefix="/v1/instance/webhook", tags=["instances"])
    _registration(router, dependencies)
    _secrets(router, dependencies)
    return router


def _registration(router: APIRouter, dependencies: ApiDependencies) -> None:
    @router.put("", **requests.SETTING, operation_id="setWebhook")
    async def put(instance: Instance, request: Request) -> WebhookBody:
        """Register the instance's webhook, or replace it: what is under way goes to the new URL, and after an end the
        instance is the recipient that it was. The same request once more changes nothing. A secret that is named
        replaces the one so far at once; to have both, rotate.
        """
        return await requests.put(dependencies, _owner(instance), request)

    @router.get("", responses=refusals(ProblemType.NOT_FOUND), operation_id="getWebhook")
    async def show(instance: Reader) -> WebhookBody:
        """Show the instance's webhook, without its secret."""
        return await requests.shown(dependencies, instance.id)

    @router.delete("", status_code=HTTPStatus.NO_CONTENT, operation_id="removeWebhook")
    async def remove(instance: Instance) -> None:
        """End the instance's webhook: nothing more is sent to it. Where there is none, nothing happens."""
        await requests.remove(dependencies, _owner(instance))


def _secrets(router: APIRouter, dependencies: ApiDependencies) -> None:
    @router.post("/rotate", **requests.ROTATING, operation_id="rotateWebhookSecret")
    async def rotate(instance: Instance, request: Request) -> WebhookBody:
        """Let a new secret sign, and for `overlap_hours` those so far beside it: a receiver that knows one of them
        goes on without a gap. At most three sign beside the newest.
        """
        return await requests.rotate(dependencies, _owner(instance), request)

    @router.post("/test", **requests.TRYING, operation_id="testWebhook")
    async def test(instance: Instance) -> Response:
        """Send one test notice now, signed, to the instance's own webhook and nobody else, and show how it was
        answered. It has `test: true` and says ÜBUNG/TEST; one every 10 s.
        """
        return await requests.tried(dependencies, _owner(instance))


def _owner(instance: Principal) -> WebhookOwner:
    return WebhookOwner(instance.id, instance.territory, instance.actor, instance.id)
