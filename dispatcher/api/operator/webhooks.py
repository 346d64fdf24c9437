"""Lets an operator away from the machine mind the webhooks of instances, as the commands do."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from dispatcher.api.instances import webhook_requests as requests
from dispatcher.api.instances.bodies import WebhookBody
from dispatcher.api.instances.webhook_requests import WebhookOwner
from dispatcher.api.openapi.refusals import refusals
from dispatcher.api.operator.instances import READER, InstanceId, Operator
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said

if TYPE_CHECKING:
    from dispatcher.access.principals import Principal
    from dispatcher.api.dependencies import ApiDependencies


def routes(dependencies: ApiDependencies) -> APIRouter:
    """Return the routes below `/v1/operator/instances/{instance_id}/webhook`."""
    router = APIRouter(prefix="/v1/operator/instances/{instance_id}/webhook", tags=["operator"])
    _registration(router, dependencies)
    _secrets(router, dependencies)
    return router


def _registration(router: APIRouter, dependencies: ApiDependencies) -> None:
    @router.put("", **requests.SETTING, operation_id="setInstanceWebhook")
    async def put(operator: Operator, instance_id: InstanceId, request: Request) -> WebhookBody:
        """Register an instance's webhook for it, or replace it, as `PUT /v1/instance/webhook` does with its own key. A
        secret that is made is shown this once: it goes to whoever runs the app's server.
        """
        return await requests.put(dependencies, await _owner(dependencies, instance_id, operator), request)

    @router.get(
        "",
        responses=refusals(ProblemType.NOT_FOUND),
        dependencies=[READER],
        operation_id="getInstanceWebhook",
    )
    async def show(instance_id: InstanceId) -> WebhookBody:
        """Show an instance's webhook, without its secret."""
        return await requests.shown(dependencies, instance_id)

    @router.delete(
        "",
        status_code=HTTPStatus.NO_CONTENT,
        responses=refusals(ProblemType.NOT_FOUND),
        operation_id="removeInstanceWebhook",
    )
    async def remove(operator: Operator, instance_id: InstanceId) -> None:
        """End an instance's webhook: nothing more is sent to it. Where there is none, nothing happens."""
        await requests.remove(dependencies, await _owner(dependencies, instance_id, operator))


def _secrets(router: APIRouter, dependencies: ApiDependencies) -> None:
    @router.post("/rotate", **requests.ROTATING, operation_id="rotateInstanceWebhookSecret")
    async def rotate(operator: Operator, instance_id: InstanceId, request: Request) -> WebhookBody:
        """Let a new secret sign what an instance's webhook gets, and for `overlap_hours` those so far beside it."""
        return await requests.rotate(dependencies, await _owner(dependencies, instance_id, operator), request)

    @router.post("/test", **requests.TRYING, operation_id="testInstanceWebhook")
    async def test(operator: Operator, instance_id: InstanceId) -> Response:
        """Send one test notice now to an instance's webhook and nobody else, and show how it was answered."""
        return await requests.tried(dependencies, await _owner(dependencies, instance_id, operator))


async def _owner(dependencies: ApiDependencies, instance_id: str, operator: Principal) -> WebhookOwner:
    """Return the instance. Raises `RequestRefused` where there is none."""
    instance = await dependencies.parties.instance(instance_id)
    if instance is None:
        raise RequestRefused(ProblemType.NOT_FOUND, said(Phrase.NO_SUCH_ID))
    return WebhookOwner(instance.id, instance.shown, operator.actor, operator.actor)
